"""Footprints, and a month of an officer's or a beat's work."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from api.answers.documented import Answer, Said, absent
from api.answers.words import Role
from gateway.records.footprints import Kind
from gateway.store.records import By


class FootprintTaken(Answer):
    """What became of one footprint."""

    client_id: str | None
    id: int = absent("when it was taken")
    new: bool = absent("true unless it was known already")
    refused: str = absent("why it was not taken")


class FootprintsTaken(Answer):
    """What became of a batch, in its order."""

    items: list[FootprintTaken]


class Footprint(Answer):
    """Where somebody was, or whom they looked in on."""

    id: int
    username: str
    at: datetime
    client_at: datetime | None = Field(description="by the phone's own clock")
    kind: Kind
    area: str | None
    place: str | None
    person: str | None
    incident: int | None
    lat: float | None = Field(description="degrees, WGS-84")
    lon: float | None = Field(description="degrees, WGS-84")
    client_id: str
    note: str | None


class FootprintPage(Answer):
    """A page of footprints, newest first."""

    items: list[Footprint]
    next: int | None = Field(description="`before` of the following page")


class RecordFigures(Answer):
    """A month of a beat or an officer."""

    unit: str = Field(description="a user name, or an area's id")
    name: str
    values: dict[str, float | None] = Field(description="by the codes of `counted`; names that end in `_s` are seconds")
    dispositions: dict[str, int] = Field(description="what was closed, by how")
    role: Role | None
    auxiliary: bool


class RecordList(Answer):
    """A month of every beat or officer."""

    month: str = Field(description="`2026-11`, of the station's time zone")
    since: datetime
    until: datetime
    by: By
    items: list[RecordFigures]
    station_median: dict[str, float | None] | None = Field(description="over the officers; null by beat")
    counted: dict[str, Said] = Field(description="how each value is counted, by its code")


class RecordInput(Answer):
    """One input of a rating."""

    code: str
    name: Said
    counted: Said = Field(description="how it is counted")
    value: float | None
    station_median: float | None


class Record(Answer):
    """A month of one officer: no score, no weights."""

    month: str = Field(description="`2026-11`, of the station's time zone")
    since: datetime
    until: datetime
    username: str
    name: str
    role: Role | None
    auxiliary: bool
    inputs: list[RecordInput]
    dispositions: dict[str, int] = Field(description="what was closed, by how")
