"""A screen goes by its own clock as well: what it was told ends even when nobody tells it so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from simulators.receivers.screens import Screen
from simulators.site_file import DeviceEntry, Place

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)


def told(begins_h: float, ends_h: float) -> dict[str, object]:
    return {
        "id": 1,
        "starts_at": (NOW + timedelta(hours=begins_h)).isoformat(),
        "ends_at": (NOW + timedelta(hours=ends_h)).isoformat(),
    }


@pytest.mark.parametrize(
    ("bulletin", "shows"),
    [
        (told(-1, 1), True),
        (told(-2, -1), False),
        (told(1, 2), False),
        (told(0, 1), True),
        (told(-1, 0), False),
        ({"id": 1}, True),
        ({"id": 1, "starts_at": "soon", "ends_at": None}, True),
    ],
)
def test_what_it_shows_by_its_own_clock(bulletin: dict[str, object], shows: bool) -> None:
    place = Place("street", "street", 33.1, 109.1)
    screen = Screen(DeviceEntry("screen", "screen", place), bulletins=[bulletin])
    assert bool(screen.shown(NOW)) is shows
