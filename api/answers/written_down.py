"""Places and devices as they are after somebody changed them, and what came of a sheet of many."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from api.answers.documented import Answer, Said, absent
from gateway.registering.sheet_columns import Kind


class PlaceWritten(Answer):
    """A place as it is now."""

    id: str
    kind: str
    area: str
    name: str
    lat: float | None = Field(description="degrees, WGS-84")
    lon: float | None = Field(description="degrees, WGS-84")
    parent: str | None = Field(description="the place it lies in")
    attributes: dict[str, Any] = Field(description="what rules go by")


class DeviceWritten(Answer):
    """A device as it is now."""

    id: str
    kind: str
    place: str
    name: str
    via: str | None = Field(description="the gateway that speaks for it")
    attributes: dict[str, Any] = Field(description="go over those of its place")


class DeviceAdded(DeviceWritten):
    """A device that was added."""

    secret: str = absent("of one that connects itself, told this once")


class SheetProblem(Answer):
    """What is wrong with a row of a sheet."""

    row: int
    column: str = Field(description="'': the row as a whole")
    wrong: Said
    instead: Said = Field(description="what to write")


class SheetRead(Answer):
    """What came of a sheet."""

    kind: Kind
    rows: int
    good: int
    added: int
    changed: int
    written: bool
    ignored: list[str] = Field(description="columns nothing is made of")
    problems: list[SheetProblem]
