"""What is kept quiet and why: shelves, what was suppressed, floods."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query
from psycopg import Connection
from psycopg.rows import TupleRow
from pydantic import AwareDatetime, BaseModel, Field

from api.answers.documented import answers
from api.answers.quiet import FloodList, ShelfList, ShelfPreview, ShelfShown, ShelfWithReason, Suppressed
from api.deps import Have, Reader, Seals, Watcher, actor, scope_of
from gateway.model.quiet import Matcher, Shelf
from gateway.store import shelves as shelf_store
from gateway.store import soundings
from gateway.suppressing import shelving

router = APIRouter(tags=["quiet"])

Limit = Annotated[int, Query(ge=1, le=500)]
_Id = Annotated[str | None, Field(max_length=200)]


class Meant(BaseModel):
    """Which alerts: each field that is given must fit. A place covers what lies in it, an area what is below it."""

    rule: _Id = None
    subject: _Id = None
    place: _Id = None
    area: _Id = None

    def matcher(self) -> Matcher:
        """The same for the gateway."""
        return Matcher(self.rule, self.subject, self.place, self.area)


class Shelving(Meant):
    """Until when and why; `until_clear` ends it as soon as the condition clears."""

    until: AwareDatetime
    reason: str = Field(min_length=1, max_length=2000)
    until_clear: bool = False


class ShelvingAlert(BaseModel):
    """For how long and why."""

    minutes: float = Field(gt=0, le=1440)
    reason: str = Field(min_length=1, max_length=2000)
    until_clear: bool = False


@router.get("/shelves", responses=answers(ShelfList))
def list_shelves(session: Reader, have: Have, sealer: Seals, limit: Limit = 100) -> dict[str, Any]:
    """Shelves: those that stand first, then the latest."""
    now = have.clock.now()
    with have.pool.transaction() as connection:
        found = shelf_store.list_shelves(connection, scope_of(session), now=now, limit=limit)
        waits = {shelf.id for shelf in found if _waits(connection, shelf)}
    return {
        "items": [{**shelving.shown(sealer, shelf, now), "p1_waits_for_second": shelf.id in waits} for shelf in found],
        "next": None,
    }


@router.post("/shelves/preview", responses=answers(ShelfPreview))
def preview_shelf(meant: Meant, session: Reader, have: Have) -> dict[str, Any]:
    """What a shelf would hide: alerts open now, those heard in the last 24 h; P1 apart: they take two people."""
    with have.pool.transaction() as connection:
        hidden = shelving.preview(connection, actor(session, have), meant.matcher())
        waits = shelving.may_hide_p1(connection, meant.matcher())
    return {
        "open": hidden.open,
        "last_24h": hidden.recent,
        "p1": {"open": hidden.open_p1, "last_24h": hidden.recent_p1},
        "p1_waits_for_second": waits,
    }


@router.post("/shelves", status_code=201, responses=answers(ShelfShown, status=201))
def shelve(told: Shelving, session: Reader, have: Have, sealer: Seals) -> dict[str, Any]:
    """Put alerts on the shelf until a moment, a shift away at most; P1 only once a second person agrees."""
    by = actor(session, have)
    with have.pool.transaction() as connection:
        shelf = shelving.shelve(
            connection, have.announcer, sealer, by, told.matcher(),
            until=told.until, reason=told.reason, until_clear=told.until_clear,
        )  # fmt: skip
        return {**shelving.shown(sealer, shelf, by.at), "p1_waits_for_second": _waits(connection, shelf)}


@router.post("/shelves/{shelf_id}/agree", responses=answers(ShelfWithReason))
def agree_to_shelf(shelf_id: int, session: Reader, have: Have, sealer: Seals) -> dict[str, Any]:
    """Let a shelf hide P1 too, as the second person."""
    by = actor(session, have)
    with have.pool.transaction() as connection:
        return shelving.shown(sealer, shelving.agree(connection, have.announcer, by, shelf_id), by.at)


@router.post("/shelves/{shelf_id}/end", responses=answers(ShelfWithReason))
def end_shelf(shelf_id: int, session: Reader, have: Have, sealer: Seals) -> dict[str, Any]:
    """Take a shelf down now; what still stands is heard."""
    by = actor(session, have)
    with have.pool.transaction() as connection:
        return shelving.shown(sealer, shelving.end(connection, have.announcer, by, shelf_id), by.at)


@router.post("/alerts/{alert_id}/shelve", status_code=201, responses=answers(ShelfShown, status=201))
def shelve_alert(alert_id: int, told: ShelvingAlert, session: Reader, have: Have, sealer: Seals) -> dict[str, Any]:
    """Shelve one alert: its rule about its subject."""
    by = actor(session, have)
    with have.pool.transaction() as connection:
        shelf = shelving.shelve_alert(
            connection, have.announcer, sealer, by, alert_id,
            length=timedelta(minutes=told.minutes), reason=told.reason, until_clear=told.until_clear,
        )  # fmt: skip
        return {**shelving.shown(sealer, shelf, by.at), "p1_waits_for_second": _waits(connection, shelf)}


@router.get("/suppressed", responses=answers(Suppressed))
def suppressed(session: Reader, have: Have, since: AwareDatetime | None = None, limit: Limit = 500) -> dict[str, Any]:
    """What was kept quiet since a moment (24 h ago when none is given): by reason, and by reason, rule and place."""
    start = since or have.clock.now() - timedelta(hours=24)
    with have.pool.transaction() as connection:
        by_reason, items = soundings.quiet_counts(connection, scope_of(session), start, limit)
    return {"since": start, "by_reason": by_reason, "total": sum(by_reason.values()), "items": items, "next": None}


@router.get("/floods", responses=answers(FloodList))
def floods(session: Watcher, have: Have, limit: Limit = 20) -> dict[str, Any]:
    """Floods, newest first: the one that stands, and the reports of those that are over."""
    with have.pool.transaction() as connection:
        found = soundings.floods(connection, session.station, limit)
    whole = scope_of(session).areas is None
    shown = [flood if whole else msgspec.structs.replace(flood, report=None) for flood in found]
    return {"items": [flood.public() for flood in shown], "next": None}


def _waits(connection: Connection[TupleRow], shelf: Shelf) -> bool:
    return shelf.agreed_by is None and shelving.may_hide_p1(connection, shelf.matcher)
