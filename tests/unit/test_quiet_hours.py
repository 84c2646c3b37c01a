"""Until when lesser messages wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.errors import BadInput
from gateway.telling.quiet import quiet_until

ZONE = "Asia/Shanghai"  # UTC+8, all year


def at(hour: int, minute: int = 0, day: int = 22) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "now", "until"),
    [
        ("22:00-06:30", at(13, 59), None),
        ("22:00-06:30", at(14), at(22, 30)),
        ("22:00-06:30", at(22, 29), at(22, 30)),
        ("22:00-06:30", at(22, 30), None),
        ("12:00-14:00", at(5), at(6)),
        ("12:00-14:00", at(6), None),
        ("", at(14), None),
        ("08:00-08:00", at(0), None),
    ],
)
def test_quiet_hours_are_the_stations_and_may_go_over_midnight(
    hours: str, now: datetime, until: datetime | None
) -> None:
    assert quiet_until(hours, ZONE, now) == until


@pytest.mark.parametrize("hours", ["22-6", "25:00-06:00", "22:00", "22:00-06:60", "always"])
def test_hours_that_cannot_be_read_are_refused(hours: str) -> None:
    with pytest.raises(BadInput, match="22:00-06:30"):
        quiet_until(hours, ZONE, at(0))


@given(
    st.integers(0, 1439), st.integers(0, 1439), st.integers(0, 1439), st.sampled_from([ZONE, "Europe/Berlin", "UTC"])
)
def test_what_waits_waits_less_than_a_day_and_is_free_afterwards(begin: int, end: int, minute: int, zone: str) -> None:
    hours = f"{begin // 60:02d}:{begin % 60:02d}-{end // 60:02d}:{end % 60:02d}"
    now = at(0) + timedelta(minutes=minute)
    until = quiet_until(hours, zone, now)
    if until is not None:
        assert now < until <= now + timedelta(days=1)
        assert quiet_until(hours, zone, until) is None
