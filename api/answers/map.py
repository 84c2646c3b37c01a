"""What a map is drawn on, and who on duty is where."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.answers.documented import Answer
from api.answers.words import DutyAs, Role


class MapBounds(Answer):
    """A rectangle in WGS-84 degrees."""

    south: float
    west: float
    north: float
    east: float


class MapCentre(Answer):
    """WGS-84 degrees."""

    lat: float
    lon: float


class MapGround(Answer):
    """What to draw on; `bounds` and `centre` are null when nothing has coordinates."""

    tiles: str | None = Field(description="where the customer's base map is read, in ranges; null when there is none")
    attribution: str | None
    bounds: MapBounds | None
    centre: MapCentre | None


class DutyHeld(Answer):
    """What somebody answers for now; `area` null means the whole station."""

    area: str | None
    duty_as: DutyAs


class Whereabouts(Answer):
    """Somebody on duty; coordinates are WGS-84 degrees, null when nobody knows."""

    user: str
    name: str
    role: Role
    duties: list[DutyHeld]
    where: Literal["footprint", "shift"] | None
    lat: float | None
    lon: float | None
    seen_at: datetime | None
    age_s: int | None = Field(description="how old the footprint is")


class Positions(Answer):
    """Who is on duty within reach."""

    items: list[Whereabouts]
    next: None
