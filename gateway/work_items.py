"""Work items that people end: what a patrol found, with a sentence of what was done about it."""

from __future__ import annotations

from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway import trail, words
from gateway.incidents import effects
from gateway.incidents.actor import Actor
from gateway.model.alert import Alert
from gateway.model.errors import BadInput, Conflict, Forbidden, NotFound
from gateway.patrol.codes import RULES
from gateway.sealing import Sealer
from gateway.store import alerts as alert_store
from gateway.store import work_items as item_store
from gateway.telling.tell import Announcer

ROLES = frozenset({"operator", "officer", "commander", "grid_worker"})


def finish(
    connection: Connection[TupleRow], announcer: Announcer, sealer: Sealer, actor: Actor, item_id: int, text: str
) -> dict[str, Any]:
    """End a work item, `text` says what was done; returns it as `shown`. One that somebody has ended stays as it is.

    Raises `Forbidden`, `NotFound`, `BadInput` without a sentence, and `Conflict` for one that ends by itself.
    """
    if actor.role not in ROLES:
        raise Forbidden(f"the role {actor.role} ends no work items")
    if not text.strip() or "\0" in text:
        raise BadInput("say what was done about it", reason="text")
    item = _item(connection, actor, item_id, hold=True)
    if item.rule not in RULES:
        raise Conflict(f"work item {item_id} ({item.rule}) ends by itself when its cause is mended")
    if item.ended_at is None:
        item = alert_store.update(
            connection,
            msgspec.structs.replace(
                item, active=False, cleared_at=actor.at, ended_at=actor.at, reset_by=actor.username
            ),
        )
        sealed = sealer.seal(text, _about(actor.scope.station, item_id))
        item_store.finish(connection, actor.scope, item_id, actor.username, sealed, now=actor.at)
        trail.note(connection, actor, "work_item.done", f"alert/{item_id}")
        answer = shown(connection, sealer, actor, item_id)
        announcer.announce(connection, [effects.alert_change(item)], actor.at)
        return answer
    return shown(connection, sealer, actor, item_id)


def shown(connection: Connection[TupleRow], sealer: Sealer, actor: Actor, item_id: int) -> dict[str, Any]:
    """Return a work item, whether people end it (`by_hand`), and what was `done` about it. Raises `NotFound`."""
    item = _item(connection, actor, item_id)
    done = item_store.done(connection, actor.scope, item_id)
    if done is not None:
        done["text"] = words.opened(sealer, bytes(done.pop("text_sealed")), _about(actor.scope.station, item_id))
    return {**item.public(), "by_hand": item.rule in RULES, "done": done}


def _item(connection: Connection[TupleRow], actor: Actor, item_id: int, *, hold: bool = False) -> Alert:
    item = alert_store.get(connection, actor.scope, item_id, hold=hold)
    if item is None or item.stream != "work_item":
        raise NotFound(f"there is no work item {item_id} within your reach")
    return item


def _about(station: str, item_id: int) -> str:
    return f"work_item_done.text/{station}/{item_id}"
