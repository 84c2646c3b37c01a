"""Areas, places, devices, responders, and the rules that run."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import Field

from api.answers.documented import Answer, Said, absent
from api.answers.words import Category, Priority, Role
from gateway.model.judgement import Stream


class Shape(Answer):
    """An outline as GeoJSON (RFC 7946), WGS-84, longitude first."""

    type: Literal["Polygon", "MultiPolygon"]
    coordinates: list[list[list[float]]] | list[list[list[list[float]]]]


class AreaShown(Answer):
    """A beat, a grid or a special grid; `parent` is the area above it."""

    id: str
    kind: Literal["beat", "grid", "special_grid"]
    name: str
    parent: str | None
    shape: Shape | None


class AreaList(Answer):
    """Areas, by id."""

    items: list[AreaShown]
    next: None


class Plan(Answer):
    """A picture laid over the map."""

    corners: list[list[float]] = Field(
        description="[lat, lon], WGS-84: top left and bottom right; or top left, top right and bottom left"
    )
    version: str = Field(description="another when the picture is")


class PlaceShown(Answer):
    """A building, flat, door, gate or venue; `parent` is the place it lies in."""

    id: str
    kind: str
    area: str
    name: str
    lat: float | None = Field(description="WGS-84 degrees")
    lon: float | None = Field(description="WGS-84 degrees")
    parent: str | None
    plan: Plan | None


class PlacePage(Answer):
    """Places, by id. `next` is the `after` of the next page."""

    items: list[PlaceShown]
    next: str | None


class DeviceShown(Answer):
    """A device and how it is; null for what it has never said."""

    id: str
    kind: str
    place: str
    area: str
    place_name: str
    name: str
    via: str | None = Field(description="the gateway that speaks for it")
    last_heard: datetime | None
    online: bool | None
    battery: int | None = Field(description="per cent")


class DevicePage(Answer):
    """Devices, by id. `next` is the `after` of the next page."""

    items: list[DeviceShown]
    next: str | None


class ResponderName(Answer):
    """Somebody who does something about incidents; `id` is the user name."""

    id: str
    name: str
    role: Role


class ResponderList(Answer):
    """The station's responders, by user name."""

    items: list[ResponderName]
    next: None


class RuleSelector(Answer):
    """Which events: their kinds, and matchers on their fields."""

    kinds: list[str]
    where: dict[str, Any] = absent()


class RuleRecord(Answer):
    """Why a rule is an alert, what it costs to ignore it, what to do first, and until when (ISA-18.2)."""

    why: Said
    causes: list[str]
    consequence: Said
    at_stake: Literal["life", "order", "service"]
    time_available_s: int
    first_action: Said
    answered_by: str
    clears_when: Said
    delay_on_s: int = absent()
    delay_off_s: int = absent()
    review_date: date


class RuleDefinition(Answer):
    """A rule as it is written down; what is left out is as it comes."""

    id: str
    kind: str
    title: Said
    stream: Stream = absent("left out: alert")
    priority: Priority
    category: Category = absent("left out: other")
    latch: bool = absent("left out: false")
    subject: str = absent("left out: device")
    when: RuleSelector
    clear: RuleSelector = absent()
    params: dict[str, Any] = absent("by the rule's kind")
    schedule: dict[str, Any] = absent("when it counts; left out: always")
    inhibited_by: list[str] = absent()
    explain: Said
    prevented_by: Said
    rationalisation: RuleRecord


class RuleRunning(Answer):
    """A rule and the version of it that runs; of one that rests, the newest."""

    id: str
    version: int
    definition: RuleDefinition


class RuleList(Answer):
    """The rules that run, or those that rest."""

    items: list[RuleRunning]
    next: None
