"""How much a channel may send and when it is asked at all: pure, so every moment is the test's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.telling.limits import FAILURES, MANY, PAUSES, PROBE_LOST, WINDOW, Breaker, Rate

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)

Ask = tuple[float, bool, int]
asks = st.lists(
    st.tuples(st.floats(0, 40), st.booleans(), st.integers(1, 20)), min_size=1, max_size=80
)  # seconds since the last, urgent, how many


def play(rate: Rate, asked: list[Ask]) -> list[tuple[datetime, bool]]:
    """Send as many as may be sent, and return when and how urgent each was."""
    now, sent = NOW, []
    for wait, urgent, wanted in asked:
        now += timedelta(seconds=wait)
        count = min(wanted, rate.room(now, urgent=urgent))
        rate.spend(now, count)
        sent.extend([(now, urgent)] * count)
    return sent


@given(st.integers(1, 40), asks)
def test_never_more_than_the_rate_within_any_minute(per_minute: int, asked: list[Ask]) -> None:
    sent = play(Rate(per_minute), asked)
    for start, _ in sent:
        assert sum(start <= moment < start + WINDOW for moment, _ in sent) <= per_minute


@given(st.integers(2, 40), asks)
def test_a_press_never_waits_for_what_lesser_messages_took(per_minute: int, asked: list[Ask]) -> None:
    """P1 is held back only when at least the share kept for it went out as P1 within the last minute."""
    rate, now, sent = Rate(per_minute), NOW, []
    for wait, urgent, wanted in asked:
        now += timedelta(seconds=wait)
        room = rate.room(now, urgent=urgent)
        if urgent and room == 0:
            assert sum(was and now - WINDOW < moment for moment, was in sent) >= rate.kept > 0
        count = min(wanted, room)
        rate.spend(now, count)
        sent.extend([(now, urgent)] * count)


def test_an_idle_channel_has_its_whole_rate_again() -> None:
    rate = Rate(20)
    rate.spend(NOW, rate.room(NOW, urgent=False))
    assert (rate.room(NOW, urgent=False), rate.room(NOW, urgent=True)) == (0, 5)
    rate.spend(NOW, 5)
    assert rate.room(NOW + WINDOW - timedelta(seconds=1), urgent=True) == 0
    assert rate.room(NOW + WINDOW, urgent=True) == 20


def test_what_went_out_before_the_start_counts() -> None:
    rate = Rate(10)
    rate.remember([NOW - timedelta(seconds=10)] * 9)
    assert rate.room(NOW, urgent=True) == 1
    assert rate.room(NOW, urgent=False) == 0


def test_no_rate_is_no_limit() -> None:
    rate = Rate(None)
    rate.spend(NOW, 10_000)
    assert rate.room(NOW, urgent=False) == MANY


def opened(now: datetime = NOW) -> Breaker:
    breaker = Breaker()
    for _ in range(FAILURES):
        breaker.failed(now)
    return breaker


def test_it_opens_after_so_many_failures_in_a_row() -> None:
    breaker = Breaker()
    for _ in range(FAILURES - 1):
        breaker.failed(NOW)
    assert breaker.room(NOW) == MANY
    breaker.answered(NOW)
    for _ in range(FAILURES - 1):
        breaker.failed(NOW)
    assert not breaker.is_open, "an answer in between, a refusal say, begins the count anew"
    breaker.failed(NOW)
    assert (breaker.state, breaker.since, breaker.room(NOW)) == ("open", NOW, 0)


def test_probes_come_one_at_a_time_and_ever_later() -> None:
    breaker, now = opened(), NOW
    for pause in [*PAUSES, PAUSES[-1]]:
        assert breaker.room(now + pause - timedelta(milliseconds=1)) == 0
        now += pause
        assert breaker.room(now) == 1
        breaker.trying(now)
        assert (breaker.state, breaker.room(now)) == ("half-open", 0)
        breaker.failed(now)
        assert breaker.state == "open"
    breaker.answered(now)
    assert (breaker.state, breaker.room(now)) == ("closed", MANY)
    for _ in range(FAILURES):
        breaker.failed(now)
    assert breaker.room(now + PAUSES[0]) == 1, "the pauses begin anew"


def test_what_was_under_way_when_it_opened_does_not_lengthen_the_pause() -> None:
    breaker = opened()
    for _ in range(10):
        breaker.failed(NOW + timedelta(seconds=1))
    assert breaker.room(NOW + PAUSES[0]) == 1


def test_a_new_press_may_try_a_provider_that_is_left_alone() -> None:
    breaker = opened()
    assert (breaker.room(NOW), breaker.room(NOW, fresh=True)) == (0, 1)
    breaker.trying(NOW)
    assert breaker.room(NOW, fresh=True) == 0, "one at a time"


def test_a_probe_that_is_lost_or_was_never_sent_keeps_no_other_back() -> None:
    breaker = opened()
    breaker.trying(NOW + PAUSES[0])
    assert breaker.room(NOW + PAUSES[0] + PROBE_LOST) == 1
    breaker.trying(NOW + PAUSES[0] + PROBE_LOST)
    breaker.not_tried(NOW + PAUSES[0] + PROBE_LOST)
    assert (breaker.state, breaker.room(NOW + PAUSES[0] + PROBE_LOST)) == ("open", 1)


@given(st.lists(st.tuples(st.sampled_from(["fail", "answer", "try", "wait"]), st.floats(0, 30)), max_size=60))
def test_a_breaker_that_is_open_always_tries_again_within_a_minute_and_a_half(steps: list[tuple[str, float]]) -> None:
    breaker, now = Breaker(), NOW
    for step, wait in steps:
        now += timedelta(seconds=wait)
        if step == "fail":
            breaker.failed(now)
        elif step == "answer":
            breaker.answered(now)
        elif step == "try" and breaker.room(now):
            breaker.trying(now)
    assert breaker.room(now + PAUSES[-1] + PROBE_LOST) >= 1


def test_a_clock_that_is_put_back_holds_up_no_channel() -> None:
    rate, day = Rate(20), timedelta(days=1)
    rate.spend(NOW + day, 20)
    assert rate.room(NOW, urgent=True) == 0, "they were sent just now, whatever the clock said"
    assert rate.room(NOW + WINDOW, urgent=True) == 20
    breaker = Breaker()
    for _ in range(FAILURES):
        breaker.failed(NOW + day)
    assert breaker.room(NOW) == 1, "a pause until tomorrow is none"
    breaker.trying(NOW + day)
    assert breaker.room(NOW) == 1, "nor is a probe of tomorrow under way"
