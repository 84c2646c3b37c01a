"""Incidents opened by hand, disputes, whom to send, and the trail of a person somebody worries about."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec
from fastapi import APIRouter, Response
from pydantic import AwareDatetime, BaseModel, Field, field_validator

from api.answers.documented import answers
from api.answers.incidents import CandidateList, Incident, PersonTrail, Presence
from api.deps import Have, Reader, Seals, actor
from api.routes.incidents import ClientId, Seen, Words, believable
from gateway.incidents import candidates, dispute, opening, presence, trail
from gateway.incidents.dispute import Dispute
from gateway.incidents.opening import Report
from gateway.model.incident import Category
from gateway.store import incidents as incident_store

router = APIRouter(tags=["incidents"])

#: How a video may be looked at.
VIDEO_SCHEMES = ("http", "https", "rtsp", "rtsps")


class Mediation(BaseModel):
    """A dispute: `police` (民警) or `joint` (三方联调), places and number of parties, outcome, when to look again."""

    route: Literal["police", "joint"] | None = None
    places: list[str] | None = Field(default=None, max_length=50)
    parties: int | None = Field(default=None, ge=1, le=1000)
    outcome: Literal["mediating", "agreed", "not_agreed", "withdrawn", "referred"] | None = None
    outcome_text: Words | None = None
    follow_up_on: date | None = None

    def said(self, *, followed_up: bool = False) -> Dispute:
        """Return it as the gateway takes it."""
        told = self.model_dump(include=set(Mediation.model_fields))
        return Dispute(**{**told, "places": tuple(self.places) if self.places is not None else None},
                       followed_up=followed_up)  # fmt: skip


class MediationChange(Mediation):
    """What has become of a dispute. `followed_up`: somebody has looked, none is due any more."""

    followed_up: bool = False
    version: int | None = None
    client_at: AwareDatetime | None = None


class Opening(BaseModel):
    """What somebody reports: what sort of thing, in words, where. `priority` is the category's unless it is said."""

    category: Category
    title: str | None = Field(default=None, max_length=200)
    text: Words | None = None
    place: str | None = None
    area: str | None = None
    person: str | None = None
    priority: Literal["P1", "P2", "P3", "P4"] | None = None
    reporter: str | None = Field(default=None, max_length=500)
    video_url: str | None = Field(default=None, max_length=1000)
    dispute: Mediation | None = None
    client_id: ClientId | None = None
    client_at: AwareDatetime | None = None

    @field_validator("video_url")
    @classmethod
    def _must_be_showable(cls, told: str | None) -> str | None:
        """An address goes into the incident and its changes: without a password in it."""
        if told is None:
            return None
        parts = urlsplit(told)
        if parts.scheme not in VIDEO_SCHEMES or not parts.hostname:
            raise ValueError(f"an address begins with {', '.join(VIDEO_SCHEMES)}://")
        if parts.username is not None or parts.password is not None:
            raise ValueError("leave user and password out of the address")
        return told


class Wanting(BaseModel):
    """Why somebody's trail is needed, and how many hours back it is to go."""

    reason: str = Field(max_length=2000)
    hours: float = Field(default=24, gt=0, le=72)


class Looking(BaseModel):
    """A heartbeat of whoever has an incident open; `leaving` closes it."""

    leaving: bool = False


@router.post("/incidents", status_code=201, responses=answers(Incident, status=(201, 200)))
def open_incident(told: Opening, session: Reader, have: Have, sealer: Seals, response: Response) -> dict[str, Any]:
    """Open an incident by hand: its ladder is called. 200 when this `client_id` had opened it already."""
    by = msgspec.structs.replace(actor(session, have), client_at=believable(told.client_at))
    fields = told.model_dump(exclude={"dispute", "client_at"})
    report = Report(**fields, dispute=told.dispute.said() if told.dispute is not None else None)
    with have.pool.transaction() as connection:
        incident, fresh = opening.open_by_hand(connection, have.announcer, sealer, by, report)
        body = incident.public(incident_store.alerts_of(connection, incident.id))
    response.status_code = 201 if fresh else 200
    response.headers["Location"] = f"/api/v1/incidents/{incident.id}"
    return body


@router.patch("/incidents/{incident_id}/dispute", responses=answers(Incident))
def change_dispute(
    incident_id: int, told: MediationChange, session: Reader, have: Have, sealer: Seals, version: Seen
) -> dict[str, Any]:
    """Set route, parties, outcome and follow-up day of a dispute; what is left out stays."""
    by = msgspec.structs.replace(actor(session, have), client_at=believable(told.client_at))
    with have.pool.transaction() as connection:
        moved = dispute.change(
            connection, have.announcer, sealer, by, incident_id, told.said(followed_up=told.followed_up),
            version=told.version if told.version is not None else version,
        )  # fmt: skip
        return moved.public(incident_store.alerts_of(connection, incident_id))


@router.get("/incidents/{incident_id}/candidates", responses=answers(CandidateList))
def list_candidates(incident_id: int, session: Reader, have: Have) -> dict[str, Any]:
    """Whom to send: those on duty for the place first, and how busy each is."""
    with have.pool.transaction() as connection:
        return {"items": candidates.candidates(connection, actor(session, have), incident_id), "next": None}


@router.post("/incidents/{incident_id}/presence", responses=answers(Presence))
def look_at_presence(incident_id: int, session: Reader, have: Have, told: Looking | None = None) -> dict[str, Any]:
    """I have it open (say so every 10 s), or close it; answers who else has. Nobody writes it down."""
    leaving = told is not None and told.leaving
    with have.pool.transaction() as connection:
        return {"present": presence.look(connection, actor(session, have), incident_id, leaving=leaving)}


@router.post("/incidents/{incident_id}/trail", responses=answers(PersonTrail))
def look_at_trail(incident_id: int, told: Wanting, session: Reader, have: Have, sealer: Seals) -> dict[str, Any]:
    """What the devices of a person somebody worries about have said of late: with a reason, audited."""
    with have.pool.transaction() as connection:
        return trail.trail(
            connection, have.announcer, sealer, actor(session, have), incident_id, reason=told.reason,
            back=timedelta(hours=told.hours),
        )  # fmt: skip
