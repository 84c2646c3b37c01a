"""A stream's time on the machine's clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors.camera.stream_clock import StreamClock

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


def came(clock: StreamClock, s: float, monotonic: float, *, set_by: float = 0) -> bool:
    return clock.lay(s, monotonic, NOON + timedelta(seconds=monotonic + set_by))


def test_a_slow_network_does_not_move_what_was_seen() -> None:
    clock = StreamClock(drifts=True)
    clock.begin(100, after_silence=False)
    for tenth in range(100):
        s = tenth / 10
        came(clock, s, 100 + s + (2.0 if 30 <= tenth < 60 else 0.1))
    seen = clock.at(9.0)
    assert seen is not None
    assert abs((seen - NOON).total_seconds() - 109.1) < 0.01


def test_a_camera_whose_clock_drifts_is_followed() -> None:
    clock = StreamClock(drifts=True)
    clock.begin(0, after_silence=False)
    for second in range(0, 86_400, 10):
        came(clock, second, second * 1.0001)  # it loses nine seconds a day
        clock.shown(second)
    seen = clock.at(86_390)
    assert seen is not None
    assert abs((seen - NOON).total_seconds() - 86_390 * 1.0001) < 0.5


def test_a_clock_that_is_set_is_said_and_believed() -> None:
    clock = StreamClock(drifts=True)
    clock.begin(0, after_silence=False)
    assert not came(clock, 0, 0)
    assert not came(clock, 1, 1)
    assert came(clock, 2, 2, set_by=3600)
    assert not came(clock, 3, 3, set_by=3600)
    seen = clock.at(3)
    assert seen == NOON + timedelta(seconds=3603)


def test_a_take_begins_where_the_last_ended_or_as_much_later_as_it_was_silent() -> None:
    clock = StreamClock(drifts=True)
    clock.begin(10, after_silence=False)
    came(clock, clock.s(0), 10)
    clock.shown(clock.s(4))
    clock.begin(20, after_silence=True)
    assert clock.s(0) == pytest.approx(10)
    clock.shown(clock.s(0))
    clock.begin(20, after_silence=False)
    assert 10 < clock.s(0) < 10.01, "a film that begins again"


def test_seconds_never_run_backwards() -> None:
    clock = StreamClock(drifts=False)
    clock.begin(0, after_silence=False)
    shown = [clock.shown(s) for s in (0, 1, 0.5, 0.5, 2, -3)]
    assert shown == sorted(set(shown))


def test_late_and_early() -> None:
    clock = StreamClock(drifts=False)
    assert clock.ahead_s(5, 100) == 0
    assert clock.at(5) is None
    clock.begin(100, after_silence=False)
    came(clock, 0, 100)
    assert clock.ahead_s(5, 102) == pytest.approx(3)
    assert clock.ahead_s(1, 103) == pytest.approx(-2)


def test_what_connecting_took_is_no_delay() -> None:
    clock = StreamClock(drifts=True)
    clock.begin(10, after_silence=False)
    came(clock, clock.s(0), 10)
    clock.shown(clock.s(4))
    clock.begin(23, after_silence=True)  # when the first packet of the new connection is there
    came(clock, clock.s(0), 23)
    assert clock.ahead_s(clock.s(0), 23) == pytest.approx(0)
