"""Incidents: what people do about alerts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, Field

from api.deps import Have, Parts, Reader, actor, scope_of
from gateway.incidents import acts
from gateway.model.errors import NotFound
from gateway.store import incidents as incident_store
from gateway.store.accounts import Session

router = APIRouter(tags=["incidents"])

OLDEST_CLOCK = datetime(1970, 1, 1, tzinfo=UTC)
NEWEST_CLOCK = datetime(2200, 1, 1, tzinfo=UTC)

State = Literal[
    "all", "open", "new", "acknowledged", "dispatched", "signed", "departed", "on_scene", "handled", "closed",
    "merged", "cancelled",
]  # fmt: skip


class Step(BaseModel):
    """What may be said with an act: the version seen, the phone's own time, a reason."""

    version: int | None = None
    client_at: AwareDatetime | None = None
    reason: str | None = Field(default=None, max_length=2000)


class Closing(Step):
    """Closing needs a coded disposition."""

    disposition: str


@router.get("/incidents")
def list_incidents(
    session: Reader,
    have: Have,
    state: State = "all",
    before: int | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> dict[str, Any]:
    """Incidents, newest first."""
    with have.pool.transaction() as connection:
        found = incident_store.list_incidents(connection, scope_of(session), state=state, before=before, limit=limit)
        items = [incident.public(incident_store.alerts_of(connection, incident.id)) for incident in found]
    return {"items": items, "next": found[-1].id if len(found) == limit else None}


@router.get("/incidents/{incident_id}")
def get_incident(incident_id: int, session: Reader, have: Have) -> dict[str, Any]:
    """One incident: its alerts, its timeline, and who was told."""
    with have.pool.transaction() as connection:
        incident = incident_store.get(connection, scope_of(session), incident_id)
        if incident is None:
            raise NotFound(f"there is no incident {incident_id} within your reach")
        return {
            **incident.public(incident_store.alerts_of(connection, incident_id)),
            "timeline": incident_store.timeline(connection, incident_id),
            "receipts": incident_store.receipts(connection, incident_id),
        }


@router.get("/incidents/{incident_id}/timeline")
def timeline(incident_id: int, session: Reader, have: Have) -> dict[str, Any]:
    """Everything that happened to an incident, oldest first."""
    return {"items": get_incident(incident_id, session, have)["timeline"], "next": None}


@router.post("/incidents/{incident_id}/ack")
def acknowledge(incident_id: int, session: Reader, have: Have, step: Step | None = None) -> dict[str, Any]:
    """接警: the command room has it, and its alerts with it."""
    return _move(incident_id, session, have, "ack", step or Step())


@router.post("/incidents/{incident_id}/sign")
def sign(incident_id: int, session: Reader, have: Have, step: Step | None = None) -> dict[str, Any]:
    """签收: somebody is taking care of it; the phones' ladder stops."""
    return _move(incident_id, session, have, "sign", step or Step())


@router.post("/incidents/{incident_id}/close")
def close(incident_id: int, closing: Closing, session: Reader, have: Have) -> dict[str, Any]:
    """办结: with a coded disposition."""
    return _move(incident_id, session, have, "close", closing, closing.disposition)


def _believable(client_at: datetime | None) -> datetime | None:
    """A phone with a wild clock can sign all the same; what its clock said is then not worth keeping."""
    return client_at if client_at is not None and OLDEST_CLOCK < client_at < NEWEST_CLOCK else None


def _move(
    incident_id: int, session: Session, have: Parts, act: str, step: Step, disposition: str | None = None
) -> dict[str, Any]:
    by = msgspec.structs.replace(actor(session, have), client_at=_believable(step.client_at))
    with have.pool.transaction() as connection:
        moved = acts.move_incident(
            connection, have.announcer, by, incident_id, act,
            version=step.version, disposition=disposition, reason=step.reason,
        )  # fmt: skip
        return moved.public(incident_store.alerts_of(connection, incident_id))
