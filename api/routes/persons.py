"""Persons: masked as they come, shown as they are for a reason. Never a list of who lives where."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.answers.documented import answers
from api.answers.persons import Away, ConsentList, Person, PersonPage, RevealedPerson
from api.deps import Have, Reader, actor, allow_to
from api.routes.incidents import believable
from gateway import register
from gateway.model.errors import BadInput
from gateway.persons import acts, consent
from gateway.persons.personal import Personal
from gateway.store.accounts import Session

router = APIRouter(tags=["persons"])

Worker = Annotated[Session, Depends(allow_to("persons.see"))]
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Word = Annotated[str, Field(max_length=200)]
Reason = Annotated[str, Field(min_length=acts.SHORTEST_REASON, max_length=500)]


class Absence(BaseModel):
    """Until when somebody is away (RFC 3339 with an offset); null: they are back. `client_at`: when that was said."""

    until: AwareDatetime | None
    client_at: AwareDatetime | None = None
    reason: str | None = Field(default=None, max_length=2000)


class RelativeIn(BaseModel):
    """Somebody to be told about a person."""

    model_config = ConfigDict(extra="forbid")

    name: Word
    relation: Word = ""
    phone: Word = ""


class PersonalIn(BaseModel):
    """What is personal. It is sealed before it is stored."""

    model_config = ConfigDict(extra="forbid")

    name: Word = ""
    phone: Word = ""
    id_number: Word = ""
    contacts: list[RelativeIn] = Field(default=[], max_length=20)
    note: str = Field(default="", max_length=4000)


class ConsentSaid(BaseModel):
    """Consent that was given or withdrawn, by whom, and since when (now unless told)."""

    model_config = ConfigDict(extra="forbid")

    state: consent.State
    purpose: consent.Purpose = "care_monitoring"
    by: consent.Speaker = "self"
    since: AwareDatetime | None = None
    note: str | None = Field(default=None, max_length=2000)


class PersonIn(BaseModel):
    """A person to look after. Without consent nobody watches over them."""

    model_config = ConfigDict(extra="forbid")

    id: Id | None = None
    place: str = Field(max_length=64)
    care: dict[str, Any] = {}
    personal: PersonalIn
    consent: ConsentSaid | None = None


class PersonChange(BaseModel):
    """What is to be another; what is not said stays. A null in `care` takes a word out."""

    model_config = ConfigDict(extra="forbid")

    place: str | None = Field(default=None, max_length=64)
    care: dict[str, Any] = {}
    personal: PersonalIn | None = None


class Reveal(BaseModel):
    """Why somebody's data is looked at (not who they are), and for which incident."""

    reason: Reason
    incident: int | None = None


class Erasure(BaseModel):
    """Why a person's data is erased."""

    reason: str | None = Field(default=None, max_length=500)


@router.get("/persons", responses=answers(PersonPage))
def list_persons(  # one parameter per filter
    session: Worker,
    have: Have,
    area: str | None = None,
    place: str | None = None,
    care: Annotated[str | None, Query(description="Those whose profile says so: lives_alone, …")] = None,
    name: Annotated[str | None, Query(max_length=200, description="The exact name; the search is audited.")] = None,
    phone: Annotated[str | None, Query(max_length=40, description="The exact number; the search is audited.")] = None,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> dict[str, Any]:
    """Persons within one's areas, masked, by id."""
    with have.pool.transaction() as connection:
        found = acts.look(
            connection, have.sealer, actor(session, have), area=area, place=place, care=care, name=name, phone=phone,
            after=after, limit=limit,
        )  # fmt: skip
    return {"items": found, "next": found[-1]["id"] if len(found) == limit else None}


@router.post("/persons", status_code=201, responses=answers(Person, status=201))
def write_person(written: PersonIn, session: Worker, have: Have) -> dict[str, Any]:
    """Write a person down, with their consent if they gave it. Answers masked."""
    by = actor(session, have)
    personal = msgspec.convert(written.personal.model_dump(), Personal)
    with have.pool.transaction() as connection:
        person = acts.write(
            connection, have.sealer, by, person=written.id, place=written.place, care=written.care, personal=personal
        )
        if written.consent is not None:
            consent.record(connection, have.sealer, by, person, **_words(written.consent))
        return acts.see(connection, have.sealer, by, person)


@router.get("/persons/{person_id}", responses=answers(Person))
def get_person(person_id: str, session: Worker, have: Have) -> dict[str, Any]:
    """One person, masked."""
    with have.pool.transaction() as connection:
        return acts.see(connection, have.sealer, actor(session, have), person_id)


@router.patch("/persons/{person_id}", responses=answers(Person))
def change_person(person_id: str, change: PersonChange, session: Worker, have: Have) -> dict[str, Any]:
    """Change a person's place, profile or data. Answers masked."""
    by = actor(session, have)
    personal = change.personal.model_dump(exclude_unset=True) if change.personal is not None else {}
    if not (personal or change.care or change.place):
        raise BadInput("nothing is to be another: say place, care or personal", reason="change")
    with have.pool.transaction() as connection:
        acts.change(connection, have.sealer, by, person_id, place=change.place, care=change.care, personal=personal)
        return acts.see(connection, have.sealer, by, person_id)


@router.delete("/persons/{person_id}", status_code=204)
def erase_person(person_id: str, session: Worker, have: Have, erasure: Erasure | None = None) -> None:
    """Erase what is personal of somebody, and watch over them no more. Their id stays for history."""
    with have.pool.transaction() as connection:
        acts.erase(
            connection, have.sealer, actor(session, have), person_id, erasure.reason if erasure is not None else None
        )


@router.post("/persons/{person_id}/reveal", responses=answers(RevealedPerson))
def reveal_person(person_id: str, reveal: Reveal, session: Worker, have: Have) -> dict[str, Any]:
    """A person's data as it is, once. Who looked, at what and why stands in the audit trail."""
    with have.pool.transaction() as connection:
        return acts.reveal(connection, have.sealer, actor(session, have), person_id, reveal.reason, reveal.incident)


@router.get("/persons/{person_id}/consent", responses=answers(ConsentList))
def read_consent(person_id: str, session: Worker, have: Have) -> dict[str, Any]:
    """What was said of somebody's consent, newest first."""
    with have.pool.transaction() as connection:
        return {"items": consent.register(connection, have.sealer, actor(session, have), person_id), "next": None}


@router.post("/persons/{person_id}/consent", status_code=201, responses=answers(Person, status=201))
def say_consent(person_id: str, said: ConsentSaid, session: Worker, have: Have) -> dict[str, Any]:
    """Write down that consent was given or withdrawn: without it nobody is watched over, within seconds."""
    by = actor(session, have)
    with have.pool.transaction() as connection:
        consent.record(connection, have.sealer, by, person_id, **_words(said))
        return acts.see(connection, have.sealer, by, person_id)


@router.post("/persons/{person_id}/away", responses=answers(Away))
def mark_away(person_id: str, absence: Absence, session: Reader, have: Have) -> dict[str, Any]:
    """Register somebody as away, or as back: until then their silence alarms nobody, a standing alert of it clears."""
    by = msgspec.structs.replace(actor(session, have), client_at=believable(absence.client_at))
    with have.pool.transaction() as connection:
        register.mark_away(connection, have.sealer, by, person_id, absence.until, absence.reason)
    return {"person": person_id, "away_until": absence.until}


def _words(said: ConsentSaid) -> dict[str, Any]:
    """What the register writes down, by its own names."""
    return {
        "purpose": said.purpose, "state": said.state, "said_by": said.by, "since": said.since, "note": said.note,
    }  # fmt: skip
