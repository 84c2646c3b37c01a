"""The routes within somebody's reach, and how each stands: last walked, due, missed."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.duty.acts import load
from gateway.incidents.actor import Actor
from gateway.patrol.due import MISSED_WITHIN, standing
from gateway.patrol.rounds import public
from gateway.store import patrols as patrol_store

#: More rounds than people walk within `MISSED_WITHIN`.
_MANY = 10_000


def routes(connection: Connection[TupleRow], actor: Actor, *, area: str | None = None) -> list[dict[str, Any]]:
    """Return routes as in a site file, each with its `last` round, what is `due`, when `next`, what was `missed`."""
    registry = load(connection, actor.scope.station, actor.at)
    last = patrol_store.last(connection, actor.scope, now=actor.at)
    walked: dict[str, list[datetime]] = defaultdict(list)
    for one in patrol_store.rounds(
        connection, actor.scope, now=actor.at, since=actor.at - 2 * MISSED_WITHIN, limit=_MANY
    ):
        if one.state == "done":
            walked[one.route].append(one.began_at)
    found: list[dict[str, Any]] = []
    for route, made_at in patrol_store.list_routes(connection, actor.scope, area=area):
        told = standing(registry, route, made_at, walked[route.id], actor.at)
        found.append(
            {
                **msgspec.to_builtins(route),
                "last": public(last[route.id]) if route.id in last else None,
                **msgspec.to_builtins(told),
            }
        )
    return found
