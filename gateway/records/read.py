"""Who may look at which record, and what they then see; looking at a colleague's is audited."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway import trail
from gateway.figures.period import Period
from gateway.figures.period import month as month_of
from gateway.incidents.acts import Actor
from gateway.model.errors import Forbidden, NotFound
from gateway.model.scope import Scope
from gateway.records import month as months
from gateway.records.footprints import may_see
from gateway.records.month import Figures, Input
from gateway.store import figures as figure_store
from gateway.store.records import Asked, By

#: Beats are nobody in particular: whoever works on incidents may compare them.
BEAT_READERS = frozenset({"operator", "officer", "commander"})


class Everybody(msgspec.Struct, frozen=True):
    """A month (`2026-11`, of the station's time zone) of every officer or beat, and medians over the officers."""

    month: str
    since: datetime
    until: datetime
    by: By
    items: list[Figures]
    station_median: dict[str, float | None] | None
    counted: dict[str, dict[str, str]]


class Record(msgspec.Struct, frozen=True):
    """A month of one officer. `inputs` is all there is to a rating: no score, no weights."""

    month: str
    since: datetime
    until: datetime
    username: str
    name: str
    role: str | None
    auxiliary: bool
    inputs: list[Input]
    dispositions: dict[str, int]


def everybody(connection: Connection[TupleRow], actor: Actor, by: By, month: str | None) -> Everybody:
    """Return a month of all beats, or for a commander of all officers, within the actor's areas.

    Raises `Forbidden`, `BadInput`.
    """
    if by == "officer" and actor.role != "commander":
        raise Forbidden("officers one by one are the commander's to see; your own record is at /api/v1/records/{you}")
    if actor.role not in BEAT_READERS:
        raise Forbidden(f"the role {actor.role} sees no records")
    told, asked = _asked(connection, actor, month)
    items = months.figures(connection, Asked(actor.scope, asked.since, asked.until, by))
    if by == "officer":
        trail.note(connection, actor, "record.read", "station", {"month": told})
    return Everybody(
        month=told,
        since=asked.since,
        until=asked.until,
        by=by,
        items=items,
        station_median=months.medians(items) if by == "officer" else None,
        counted={code: counted for code, (_, counted) in months.INPUTS.items()},
    )


def one(connection: Connection[TupleRow], actor: Actor, username: str, month: str | None) -> Record:
    """Return a month of one officer: one's own whole, a colleague's for a commander within their areas.

    Raises `Forbidden`, `NotFound`, `BadInput`.
    """
    scope = may_see(actor, username)
    told, asked = _asked(connection, actor, month)
    found = months.figures(connection, Asked(scope, asked.since, asked.until, "officer", username))
    if not found:
        raise NotFound(f"there is no officer {username} at this station")
    # The median is of the whole station, and of nobody in particular.
    station = months.figures(connection, Asked(Scope(scope.station), asked.since, asked.until, "officer"))
    if username != actor.username:
        trail.note(connection, actor, "record.read", f"user/{username}", {"month": told})
    mine = found[0]
    return Record(
        month=told,
        since=asked.since,
        until=asked.until,
        username=mine.unit,
        name=mine.name,
        role=mine.role,
        auxiliary=mine.auxiliary,
        inputs=months.inputs(mine, months.medians(station)),
        dispositions=mine.dispositions,
    )


def _asked(connection: Connection[TupleRow], actor: Actor, month: str | None) -> tuple[str, Period]:
    """The month that was asked for, else the present one, by the station's clock."""
    zone = ZoneInfo(figure_store.ground(connection, actor.scope.station).time_zone)
    told = month or actor.at.astimezone(zone).strftime("%Y-%m")
    return told, month_of(told, zone)
