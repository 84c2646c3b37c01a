"""The fast clock: all who are told the same three agree."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from gateway.clock import FastClock, SystemClock, clock_of


def test_without_words_it_is_the_machines_clock() -> None:
    assert isinstance(clock_of(None), SystemClock)
    assert abs(clock_of("").now() - datetime.now(UTC)) < timedelta(seconds=1)


def test_a_fast_clock_left_its_moment_when_it_says_and_runs_as_fast_as_it_says() -> None:
    clock = clock_of(f"2026-11-22T08:00:00+08:00@{time.time() - 60:.3f}x10")
    assert isinstance(clock, FastClock)
    assert clock.speed == 10
    passed = clock.now() - datetime(2026, 11, 22, tzinfo=UTC)
    assert timedelta(seconds=599) <= passed < timedelta(seconds=620)


@pytest.mark.parametrize("told", ["now", "2026-11-22T08:00:00@1x2", "2026-11-22T08:00:00Z@1x0", "x@1x1", "@1x1"])
def test_anything_else_is_refused(told: str) -> None:
    with pytest.raises(ValueError, match=r"offset|VIRTUAL|isoformat"):
        clock_of(told)
