"""Untrusted text on a terminal: whatever steers it becomes visible."""

from __future__ import annotations

import pytest

from devnet_runner.terminal import visible

CASES = {
    "plain": "plain",
    "Grüße ✅ 一": "Grüße ✅ 一",
    "a\tb": "a\tb",
    "a\x1b[31mb": "a\\x1b[31mb",
    "\x1b]52;c;cm0gLXJm\x07": "\\x1b]52;c;cm0gLXJm\\x07",
    "\x1b]8;;http://x\x1b\\link": "\\x1b]8;;http://x\\x1b\\link",
    "\x9b31m": "\\x9b31m",
    "passed\rFAILED": "passed\\rFAILED",
    "a\nb": "a\\nb",
    "\x00\x08\x7f": "\\x00\\x08\\x7f",
    "\u202eabc\u2066": "\\u202eabc\\u2066",
    "a\u200bb\ufeff": "a\\u200bb\\ufeff",
    "a\u2028b\u2029": "a\\u2028b\\u2029",
    "\U000e0041": "\\U000e0041",
    "\udcff": "\\udcff",
}


@pytest.mark.parametrize("text", CASES, ids=ascii)
def test_steering_characters_become_visible(text: str) -> None:
    assert visible(text) == CASES[text]


def test_what_is_visible_stays_so() -> None:
    assert all(visible(shown) == shown for shown in CASES.values())
