"""Screens on the wall, and their own access."""

from __future__ import annotations

from datetime import datetime

from api.answers.documented import Answer


class WallShown(Answer):
    """A screen on the wall. `areas` null means the whole station; `used_at` is when it last looked."""

    id: int
    label: str
    areas: list[str] | None
    made_by: str
    made_at: datetime
    used_at: datetime | None


class WallList(Answer):
    """The station's screens."""

    items: list[WallShown]
    next: None


class WallMade(Answer):
    """A screen; its token is told this once."""

    id: int
    token: str


class WallNamed(Answer):
    """Which screen it is."""

    id: int
    label: str
    areas: list[str] | None


class WallEntered(Answer):
    """A screen's session."""

    token: str
    token_type: str
    ends_at: datetime
    wall: WallNamed
