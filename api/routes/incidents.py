"""Incidents: what people do about alerts. One route per act; `gateway.incidents.decide` knows which is allowed when."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic import AwareDatetime, BaseModel, Field

from api import shown
from api.answers.documented import answers
from api.answers.incidents import Incident, IncidentPage, IncidentWhole, Timeline
from api.deps import Have, Reader, Seals, Watcher, actor, scope_of
from gateway.incidents import acts, view
from gateway.incidents.acts import Asked
from gateway.model.errors import BadInput
from gateway.model.incident import Category
from gateway.store import incidents as incident_store

router = APIRouter(tags=["incidents"])

OLDEST_CLOCK = datetime(1970, 1, 1, tzinfo=UTC)
NEWEST_CLOCK = datetime(2200, 1, 1, tzinfo=UTC)

State = Literal[
    "all", "open", "new", "acknowledged", "dispatched", "signed", "departed", "on_scene", "handled", "closed",
    "reopened", "merged", "cancelled",
]  # fmt: skip
Words = Annotated[str, Field(max_length=4000)]
ClientId = Annotated[str, Field(min_length=1, max_length=100)]


class Step(BaseModel):
    """What may be said with an act: the version seen, the phone's own time, a reason."""

    version: int | None = None
    client_at: AwareDatetime | None = None
    reason: str | None = Field(default=None, max_length=2000)


class Closing(Step):
    """Closing needs a coded disposition. A P1 said to be nothing real is closed by two people."""

    disposition: str


class Dispatching(Step):
    """Who is sent: user names. They replace those who were."""

    assignees: list[str] = Field(max_length=50)


class Feedback(Step):
    """处置反馈: what was found and done."""

    text: Words


class Reasoned(Step):
    """An act that is to be explained."""

    reason: str = Field(max_length=2000)


class Merging(Step):
    """The incident that stays."""

    into: int


class Note(BaseModel):
    """A note. `client_id` is the phone's own id of it: said twice, it is kept once."""

    text: Words
    client_id: ClientId | None = None
    client_at: AwareDatetime | None = None


def seen(if_match: Annotated[str | None, Header()] = None) -> int | None:
    """The version somebody has seen, as `If-Match` says it. Raises `BadInput` for what is no version."""
    if if_match is None or if_match.strip() == "*":
        return None
    told = if_match.strip().removeprefix("W/").strip('"')
    if not told.isdecimal():
        raise BadInput(f"If-Match {if_match} is no version; send the ETag as it was given", reason="if_match")
    return int(told)


Seen = Annotated[int | None, Depends(seen)]


def believable(client_at: datetime | None) -> datetime | None:
    """A phone with a wild clock can sign all the same; what its clock said is then not worth keeping."""
    return client_at if client_at is not None and OLDEST_CLOCK < client_at < NEWEST_CLOCK else None


class Mover:
    """Does an act for whoever asks: a dependency of the routes below."""

    def __init__(self, session: Reader, have: Have, sealer: Seals, version: Seen) -> None:
        self._session, self._have, self._sealer, self._version = session, have, sealer, version

    def move(self, incident_id: int, asked: Asked, client_at: datetime | None) -> dict[str, Any]:
        """Do it in one transaction and return the incident."""
        have, by = self._have, actor(self._session, self._have)
        by = msgspec.structs.replace(by, client_at=believable(client_at))
        if asked.version is None:
            asked = msgspec.structs.replace(asked, version=self._version)
        with have.pool.transaction() as connection:
            moved = acts.move_incident(connection, have.announcer, self._sealer, by, incident_id, asked)
            return moved.public(incident_store.alerts_of(connection, incident_id))

    def step(self, incident_id: int, act: str, step: Step, **more: Any) -> dict[str, Any]:
        """Do an act about which little is said."""
        return self.move(incident_id, Asked(act, version=step.version, reason=step.reason, **more), step.client_at)


Moves = Annotated[Mover, Depends(Mover)]


@router.get("/incidents", responses=answers(IncidentPage))
def list_incidents(  # one parameter per filter
    session: Watcher,
    have: Have,
    state: State = "all",
    category: Category | None = None,
    priority: Literal["P1", "P2", "P3", "P4"] | None = None,
    area: str | None = None,
    place: str | None = None,
    assignee: str | None = None,
    overdue: bool | None = None,
    follow_up: Literal["due"] | None = None,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    before: int | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> dict[str, Any]:
    """Incidents, newest first. `assignee=me` are mine; `follow_up=due` are disputes somebody should look at again."""
    with have.pool.transaction() as connection:
        found = incident_store.list_incidents(
            connection, scope_of(session), state=state, before=before, limit=limit, category=category,
            priority=priority, area=area, place=place, assignee=session.username if assignee == "me" else assignee,
            overdue=overdue, follow_up_by=have.clock.now() if follow_up == "due" else None, since=since, until=until,
        )  # fmt: skip
        alerts = incident_store.alerts_of_each(connection, [incident.id for incident in found])
    items = [shown.to(session, "incident", incident.public(alerts[incident.id])) for incident in found]
    return {"items": items, "next": found[-1].id if len(found) == limit else None}


@router.get("/incidents/{incident_id}", responses=answers(IncidentWhole))
def get_incident(incident_id: int, session: Reader, have: Have, sealer: Seals, response: Response) -> dict[str, Any]:
    """One incident: alerts, what was said, timeline, attachments, who was told, and what you may do (`may`)."""
    with have.pool.transaction() as connection:
        found = view.whole(connection, sealer, actor(session, have), incident_id)
    response.headers["ETag"] = f'"{found["version"]}"'
    return found


@router.get("/incidents/{incident_id}/timeline", responses=answers(Timeline))
def timeline(incident_id: int, session: Reader, have: Have, sealer: Seals) -> dict[str, Any]:
    """Everything that happened to an incident, oldest first."""
    with have.pool.transaction() as connection:
        return {"items": view.whole(connection, sealer, actor(session, have), incident_id)["timeline"], "next": None}


@router.post("/incidents/{incident_id}/ack", responses=answers(Incident))
def acknowledge(incident_id: int, moves: Moves, step: Step | None = None) -> dict[str, Any]:
    """接警: the command room has it, and its alerts with it."""
    return moves.step(incident_id, "ack", step or Step())


@router.post("/incidents/{incident_id}/unack", responses=answers(Incident))
def unacknowledge_incident(incident_id: int, moves: Moves, step: Step | None = None) -> dict[str, Any]:
    """撤销接警: take one's acknowledgement back, within 30 s and while nothing has happened since."""
    return moves.step(incident_id, "unack", step or Step())


@router.post("/incidents/{incident_id}/dispatch", responses=answers(Incident))
def dispatch(incident_id: int, dispatching: Dispatching, moves: Moves) -> dict[str, Any]:
    """派警: these people are sent, and told on their phones."""
    return moves.step(incident_id, "dispatch", dispatching, assignees=tuple(dispatching.assignees))


@router.post("/incidents/{incident_id}/sign", responses=answers(Incident))
def sign(incident_id: int, moves: Moves, step: Step | None = None) -> dict[str, Any]:
    """签收: somebody is taking care of it; the phones' ladder stops."""
    return moves.step(incident_id, "sign", step or Step())


@router.post("/incidents/{incident_id}/assist", responses=answers(Incident))
def assist(incident_id: int, moves: Moves, step: Step | None = None) -> dict[str, Any]:
    """增援: somebody has signed already, and I come too; whoever was sent may `sign` instead."""
    return moves.step(incident_id, "assist", step or Step())


@router.post("/incidents/{incident_id}/decline", responses=answers(Incident))
def decline(incident_id: int, moves: Moves, step: Step | None = None) -> dict[str, Any]:
    """无法出警: whoever was called cannot come; the next rung of the ladder is called at once."""
    return moves.step(incident_id, "decline", step or Step())


@router.post("/incidents/{incident_id}/depart", responses=answers(Incident))
def depart(incident_id: int, moves: Moves, step: Step | None = None) -> dict[str, Any]:
    """出警: on the way."""
    return moves.step(incident_id, "depart", step or Step())


@router.post("/incidents/{incident_id}/arrive", responses=answers(Incident))
def arrive(incident_id: int, moves: Moves, step: Step | None = None) -> dict[str, Any]:
    """到场: somebody is there."""
    return moves.step(incident_id, "arrive", step or Step())


@router.post("/incidents/{incident_id}/handle", responses=answers(Incident))
def handle(incident_id: int, feedback: Feedback, moves: Moves) -> dict[str, Any]:
    """处置反馈: what was found and done, in words."""
    return moves.step(incident_id, "handle", feedback, text=feedback.text)


@router.post("/incidents/{incident_id}/close", responses=answers(Incident))
def close(incident_id: int, closing: Closing, moves: Moves) -> dict[str, Any]:
    """办结: with a coded disposition. A P1 said to be nothing real is `proposed`; a second person closes it."""
    return moves.step(incident_id, "close", closing, disposition=closing.disposition)


@router.post("/incidents/{incident_id}/withdraw", responses=answers(Incident))
def withdraw_proposal(incident_id: int, moves: Moves, step: Step | None = None) -> dict[str, Any]:
    """撤回: whoever proposed a closing, or the command room, takes it back."""
    return moves.step(incident_id, "withdraw", step or Step())


@router.post("/incidents/{incident_id}/reopen", responses=answers(Incident))
def reopen(incident_id: int, reasoned: Reasoned, moves: Moves) -> dict[str, Any]:
    """重开: it was not over; its ladder is climbed anew."""
    return moves.step(incident_id, "reopen", reasoned)


@router.post("/incidents/{incident_id}/merge", responses=answers(Incident))
def merge(incident_id: int, merging: Merging, moves: Moves) -> dict[str, Any]:
    """并案: it is part of another open incident, which takes over its alerts and people."""
    return moves.step(incident_id, "merge", merging, into=merging.into)


@router.post("/incidents/{incident_id}/cancel", responses=answers(Incident))
def cancel(incident_id: int, reasoned: Reasoned, moves: Moves) -> dict[str, Any]:
    """撤销: a drill that is over, or what was opened by mistake."""
    return moves.step(incident_id, "cancel", reasoned)


@router.post("/incidents/{incident_id}/notes", responses=answers(Incident))
def note(incident_id: int, note: Note, moves: Moves) -> dict[str, Any]:
    """Write something down, in any state; it is sealed at rest."""
    return moves.move(incident_id, Asked("note", text=note.text, client_id=note.client_id), note.client_at)
