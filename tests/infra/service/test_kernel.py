"""Step 1: the pure rules: circuit breaker and cursors."""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings, strategies
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from infra_adapters.errors import CircuitOpen, InvalidCursor, InvalidRequest
from infra_adapters.kernel.breaker import Breaker, State
from infra_adapters.kernel.cursor import LONGEST, read_cursor, write_cursor

pytestmark = pytest.mark.blocking

KEYS = (b"a new key of thirty-two characters", b"an old key of thirty-two characters")


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class BreakerMachine(RuleBasedStateMachine):
    """Any order of calls, ends and waits: what the breaker does is what a naive reading of its rule says."""

    permits = Bundle("permits")

    def __init__(self):
        super().__init__()
        self.clock = Clock()
        self.breaker = Breaker(self.clock, failures=3, seconds=10.0, probes=2)
        self.probing = set()

    @rule(target=permits)
    def call(self):
        before = self.breaker.state
        try:
            permit = self.breaker.admit()
        except CircuitOpen as error:
            refused = error
            permit = None
        if permit is None:
            assert before is State.OPEN or len(self.probing) >= 2
            assert refused.retry_after >= 0
            return None
        if self.breaker.state is State.HALF_OPEN:
            self.probing = {one for one in self.probing if one.era == permit.era} | {permit}
        return permit

    @rule(permit=permits, how=strategies.sampled_from(["succeeded", "failed", "given_up"]))
    def end(self, permit, how):
        if permit is None:
            return
        before = self.breaker.state
        late = permit.told or permit.era != self.breaker._era
        getattr(permit, how)()
        self.probing = {one for one in self.probing if one is not permit and one.era == self.breaker._era}
        if late or how == "given_up":
            assert self.breaker.state is before
        if not late and before is State.HALF_OPEN and how == "failed":
            assert self.breaker.state is State.OPEN

    @rule(seconds=strategies.floats(0.1, 20))
    def wait(self, seconds):
        self.clock.now += seconds

    @invariant()
    def never_more_probes_than_allowed(self):
        if self.breaker.state is State.HALF_OPEN:
            assert 0 <= self.breaker._probing <= 2

    @invariant()
    def it_always_comes_back(self):
        if self.breaker.state is State.OPEN:
            assert self.breaker._until <= self.clock.now + 10


BreakerMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestBreaker = BreakerMachine.TestCase


def test_a_breaker_opens_probes_and_closes():
    clock = Clock()
    breaker = Breaker(clock, failures=2, seconds=5, probes=2)
    for _ in range(2):
        breaker.admit().failed()
    assert breaker.state is State.OPEN
    with pytest.raises(CircuitOpen) as caught:
        breaker.admit()
    assert caught.value.retry_after == 5
    clock.now = 5
    probes = [breaker.admit(), breaker.admit()]
    with pytest.raises(CircuitOpen):
        breaker.admit()
    for probe in probes:
        probe.succeeded()
    assert breaker.state is State.CLOSED


def test_a_success_starts_the_count_again():
    breaker = Breaker(Clock(), failures=2)
    for how in ("failed", "succeeded", "failed"):
        getattr(breaker.admit(), how)()
    assert breaker.state is State.CLOSED


def test_a_probe_that_is_given_up_frees_its_place_and_says_nothing():
    clock = Clock()
    breaker = Breaker(clock, failures=1, seconds=1, probes=1)
    breaker.admit().failed()
    clock.now = 2
    breaker.admit().given_up()
    assert breaker.state is State.HALF_OPEN
    breaker.admit().failed()
    assert breaker.state is State.OPEN


VALUES = strategies.one_of(
    strategies.text(),
    strategies.booleans(),
    strategies.integers(),
    strategies.uuids(),
    strategies.decimals(allow_nan=False, allow_infinity=False),
    strategies.datetimes(timezones=strategies.sampled_from([UTC, timezone(timedelta(hours=-7))])),
)


@given(strategies.text(), strategies.lists(VALUES, max_size=5))
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_a_cursor_gives_its_values_back(scope, values):
    assert read_cursor(scope, write_cursor(scope, values, KEYS[0]), KEYS) == tuple(values)


@given(strategies.text(alphabet=string.ascii_letters + string.digits + "-_=\n é", max_size=200))
def test_no_text_that_was_made_up_is_a_cursor(text):
    with pytest.raises(InvalidCursor):
        read_cursor("list", text, KEYS)


def test_a_cursor_of_an_old_key_is_good_and_of_a_strange_one_is_not():
    values = (UUID(int=1), Decimal("1.50"), datetime(2026, 1, 1, tzinfo=UTC))
    assert read_cursor("l", write_cursor("l", values, KEYS[1]), KEYS) == values
    with pytest.raises(InvalidCursor):
        read_cursor("l", write_cursor("l", values, b"a strange key"), KEYS)
    with pytest.raises(InvalidCursor):
        read_cursor("l", "A" * (LONGEST + 1), KEYS)


def test_every_changed_character_is_noticed():
    cursor = write_cursor("l", ("abc", 7), KEYS[0])
    for at, letter in enumerate(cursor[:-1]):
        with pytest.raises(InvalidCursor):
            read_cursor("l", cursor[:at] + ("A" if letter != "A" else "B") + cursor[at + 1 :], KEYS)


def test_a_value_that_a_cursor_cannot_hold_is_refused():
    with pytest.raises(InvalidRequest, match="float"):
        write_cursor("l", (1.5,), KEYS[0])
    with pytest.raises(InvalidRequest, match="order it by something shorter"):
        write_cursor("l", ("x" * LONGEST,), KEYS[0])
