"""Online patrol (网上巡查): what is to be looked at from afar, in which order and when."""

from __future__ import annotations

from typing import Literal

import msgspec

#: What somebody saw at a point: nothing wrong, something, or the picture shows nothing.
Seen = Literal["ok", "finding", "not_visible"]
#: What was found: a fire exit that is blocked (消防通道堵塞), a hazard (隐患), a camera that was moved or sees nothing,
#: a crowd, anything else.
Code = Literal["fire_exit_blocked", "hazard", "camera_blind", "crowd", "other"]


class PatrolPoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A place to look at, by a device or on the spot, and what to look for: `{"zh": …, "en": …}`."""

    place: str
    device: str | None = None
    look_for: dict[str, str] = {}


class PatrolRoute(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Points to look at, in order, of an area.

    It is due at each time of day of `at` (`08:30`, the station's), for `within_min` minutes; and in each turn of
    `shift`. With neither it is walked when somebody has time.
    """

    id: str
    area: str
    name: str
    points: list[PatrolPoint] = []
    at: list[str] = []
    within_min: int = 60
    shift: str | None = None
