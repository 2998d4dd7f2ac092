"""The reader of documents on hostile ones: no error but ours, the same answer by both ways, linear time."""

from __future__ import annotations

import pytest

from benchmarks.fuzz import LONG, fresh, fuzz, one


@pytest.mark.parametrize("seed", range(5))
def test_short_hostile_documents_are_read_or_refused(tmp_path, seed):
    fuzzed = fuzz(tmp_path, 2_000, seed)
    assert min(fuzzed.verified, fuzzed.others, fuzzed.refused) > 10


@pytest.mark.parametrize("kind", LONG)
def test_long_hostile_documents_come_to_an_end(tmp_path, kind):
    assert one(fresh(tmp_path), LONG[kind](50_000)) == []


def test_too_many_lines_are_refused_by_both_ways(tmp_path):
    assert one(fresh(tmp_path), b"\n" * 500_001) is None
