"""Incidents: as lists and the stream show them, and whole."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import Field

from api.answers.documented import Answer, Said, absent
from api.answers.words import Category, Disposition, DutyAs, IncidentState, Line, May, MessageState, Priority
from gateway.incidents.dispute import Outcome, Route
from gateway.model.policy import By


class WhyCalled(Answer):
    """Why the roster names somebody: a standing duty, a shift, a swap, … of which area."""

    code: Literal["standing", "shift", "swap", "guard", "last_resort", "station"]
    area: str | None = absent()
    shift: str | None = absent()
    instead_of: str | None = absent()
    place: str = absent()
    acting: str = absent("`deputy`: in the officer's place")


class Recipient(Answer):
    """Somebody whom a rung calls."""

    user: str
    role: DutyAs
    why: WhyCalled = absent()


class LadderRung(Answer):
    """So many seconds after it sounded these are called by these ways; the last may be where the ladder expires."""

    after_s: float
    by: list[By]
    recipients: list[Recipient]
    expiry: Literal[True] = absent()


class Proposal(Answer):
    """A first person wants a P1 closed as nothing real; a second has to agree."""

    disposition: Disposition
    by: str
    at: datetime = absent()


class DisputeState(Answer):
    """What is known of a dispute, in codes, places and numbers."""

    route: Route = absent()
    places: list[str] = absent()
    parties: int = absent("how many")
    outcome: Outcome = absent()


class IncidentDetail(Answer):
    """What else is known of an incident."""

    video_url: str = absent()
    dispute: DisputeState = absent()


class Incident(Answer):
    """What people do about alerts. All times are UTC."""

    id: int
    station: str
    state: IncidentState
    priority: Priority
    category: Category
    origin: Literal["alert", "person"]
    opened_by: str | None
    title: Said
    place: str | None
    area: str | None
    person: str | None
    opened_at: datetime
    changed_at: datetime
    ladder: list[LadderRung] = Field(description="who answers, frozen when it opened")
    assignees: list[str] = Field(description="user names")
    due_at: datetime | None = Field(description="by when it is to leave its state")
    overdue: Literal[0, 1, 2] = Field(description="0 in time, 1 urged (催办), 2 supervised (督办)")
    proposed: Proposal | None
    merged_into: int | None
    detail: IncidentDetail
    follow_up_on: date | None = Field(description="a day by the station's calendar")
    disposition: Disposition | None
    closed_at: datetime | None
    drill: bool
    version: int = Field(description="what `If-Match` and `version` of an act refer to")
    alerts: list[int]


class Told(Answer):
    """What whoever opened it by hand reported; absent where rules opened it, null where nothing was said."""

    headline: str | None = absent()
    text: str | None = absent()
    reporter: str | None = absent()


class TimelineLine(Answer):
    """One line of what happened; free texts of people are null when this key cannot open them."""

    id: int
    at: datetime
    client_at: datetime | None = Field(description="by the clock of the phone that did it")
    actor: str = Field(description="a user name, or `anxin`")
    act: Line
    from_state: IncidentState | None
    to_state: IncidentState | None
    reason: str | None
    detail: dict[str, Any] = Field(description="codes, ids and numbers by the act")
    version: int | None = Field(description="the incident's when it was written")
    client_id: str | None
    headline: str | None = absent()
    text: str | None = absent()
    reporter: str | None = absent()
    note: str | None = absent()
    feedback: str | None = absent()
    outcome: str | None = absent()


class Attachment(Answer):
    """A picture or voice note that hangs on an incident."""

    id: int
    at: datetime
    user: str
    content_type: str
    sha256: str
    size: int = Field(description="bytes")


class Attached(Answer):
    """What was attached just now; `fresh` is false when the very same hung there already."""

    id: int
    sha256: str
    content_type: str
    size: int = Field(description="bytes")
    fresh: bool


class MessageCame(Answer):
    """Who was told of an incident on which way, and how far that came."""

    channel: str
    user: str | None
    purpose: str
    state: MessageState
    created_at: datetime
    accepted_at: datetime | None
    delivered_at: datetime | None
    seen_at: datetime | None
    acknowledged_at: datetime | None
    attempts: int
    instead_of: int | None = Field(description="the message this one makes good for")
    last_answer: str | None


class IncidentWhole(Incident):
    """One incident with everything about it that whoever asks may see, and what they may do."""

    said: Told
    timeline: list[TimelineLine] = Field(description="oldest first")
    attachments: list[Attachment]
    receipts: list[MessageCame]
    may: list[May] = Field(description="what whoever asks may do now")


class IncidentPage(Answer):
    """Incidents, newest first. `next` is the `before` of the next page."""

    items: list[Incident]
    next: int | None


class Timeline(Answer):
    """Everything that happened to an incident, oldest first."""

    items: list[TimelineLine]
    next: None


class IncidentCandidate(Answer):
    """Somebody who could be sent."""

    user: str
    name: str
    role: Literal["officer", "commander", "operator", "grid_worker", "auditor", "admin"]
    duty_as: list[DutyAs]
    why: WhyCalled | None = Field(description="why the roster names them; null when it does not")
    reachable: bool
    assigned: bool
    busy: int = Field(description="on how many open incidents they are")


class CandidateList(Answer):
    """Whom to send, the first to send first."""

    items: list[IncidentCandidate]
    next: None


class TrailEvent(Answer):
    """What a device known to tell of a person said."""

    device: str
    id: str
    kind: str
    ts: datetime
    received_at: datetime
    place: str
    area: str
    data: dict[str, Any] = Field(description="by its kind")


class PersonTrail(Answer):
    """What devices have said of somebody who may need help, newest first."""

    persons: list[str]
    devices: list[str] = Field(description="their own, all of which was looked through")
    doors: list[str] = Field(description="of which only what names them or their cards was looked through")
    since: datetime
    until: datetime
    items: list[TrailEvent]
    more: bool = Field(description="there is more than is shown")


class Onlooker(Answer):
    """A colleague who has an incident open."""

    username: str
    name: str
    role: Literal["officer", "commander", "operator", "grid_worker", "auditor", "admin"]
    since: datetime


class Presence(Answer):
    """Who else has it open: heard of within half a minute."""

    present: list[Onlooker]
