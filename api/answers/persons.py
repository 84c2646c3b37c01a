"""Persons, masked and revealed, and their consent."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from api.answers.documented import Answer
from gateway.persons.consent import Purpose, Speaker, State


class Relative(Answer):
    """Somebody to be told about a person."""

    name: str
    relation: str
    phone: str


class Person(Answer):
    """A person as lists show them: 王**, 138****1234."""

    id: str
    place: str
    area: str
    care: dict[str, Any] = Field(description="what rules go by: `lives_alone`, `silence_limit_s`, `away_until`, …")
    monitored: bool = Field(description="rules watch over them now")
    consent: State | None = Field(description="to being watched over; null: nothing was said")
    erased: bool
    name: str = Field(description="masked, like all that follows")
    phone: str
    id_number: str
    contacts: list[Relative]
    has_note: bool


class PersonPage(Answer):
    """A page of persons, by id."""

    items: list[Person]
    next: str | None = Field(description="`after` of the following page")


class RevealedPerson(Answer):
    """A person's data as it is."""

    id: str
    place: str
    area: str
    name: str
    phone: str
    id_number: str
    contacts: list[Relative]
    note: str


class ConsentLine(Answer):
    """What was said of somebody's consent."""

    id: int
    purpose: Purpose
    state: State
    said_by: Speaker | Literal["site_file"] = Field(description="`site_file`: the station's file took it as given")
    since: datetime = Field(description="from when it holds")
    at: datetime = Field(description="when it was written down")
    recorded_by: str
    note: str | None


class ConsentList(Answer):
    """What was said of somebody's consent, newest first."""

    items: list[ConsentLine]
    next: None


class Away(Answer):
    """Until when somebody is away."""

    person: str
    away_until: datetime | None = Field(description="null: they are back")
