"""Drills."""

from __future__ import annotations

from datetime import datetime

from api.answers.documented import Answer


class DrillAnnounced(Answer):
    """A drill that has just begun."""

    device: str
    starts_at: datetime
    ends_at: datetime
    note: str
    announced_by: str


class DrillShown(DrillAnnounced):
    """A drill of one device, where that hangs."""

    id: int
    device_name: str
    place: str
    area: str


class DrillList(Answer):
    """Drills: those under way and to come first, then the latest that are over."""

    items: list[DrillShown]
    next: None
