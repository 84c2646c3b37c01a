"""shelving: people put alerts on the shelf for a while. Each act is one transaction and leaves its mark.

Every shelf ends by itself, within a shift. A P1 is never shelved by one person: until a second one has agreed a shelf
leaves P1 alone.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway import trail, words
from gateway.incidents.acts import Actor
from gateway.model.alert import SHELVED, Alert
from gateway.model.errors import BadInput, Conflict, Forbidden, NotFound
from gateway.model.incident import COMMAND_ROOM_ROLES
from gateway.model.quiet import Matcher, Shelf
from gateway.sealing import Sealer
from gateway.store import alerts as alert_store
from gateway.store import registry as registry_store
from gateway.store import rule_versions
from gateway.store import shelves as shelf_store
from gateway.store.changes import Change
from gateway.store.shelves import Hidden
from gateway.telling.tell import Announcer

#: How far back a preview looks.
LATELY = timedelta(hours=24)
#: Who ends what ends by itself.
SYSTEM = "anxin"


def preview(connection: Connection[TupleRow], actor: Actor, matcher: Matcher) -> Hidden:
    """Return what a shelf would hide: alerts open now, and those heard in the last 24 hours.

    Raises `Forbidden`, `BadInput`, `NotFound`.
    """
    _may_shelve(actor)
    _within_reach(connection, actor, matcher)
    return shelf_store.counts(connection, actor.scope, matcher, actor.at - LATELY)


def shelve(  # one argument per thing said
    connection: Connection[TupleRow],
    announcer: Announcer,
    sealer: Sealer,
    actor: Actor,
    matcher: Matcher,
    *,
    until: datetime,
    reason: str,
    until_clear: bool = False,
) -> Shelf:
    """Put what a matcher fits on the shelf until a moment (aware); P1 only once a second person agrees.

    Raises `Forbidden`, `BadInput` for a matcher or moment that cannot be, `NotFound` for an area or place out of reach,
    `Conflict` when it is to last until a condition clears that does not stand.
    """
    _may_shelve(actor)
    longest = timedelta(seconds=registry_store.policy(connection, actor.scope.station).shelving.longest_s)
    if not actor.at < until <= actor.at + longest:
        hours = longest.total_seconds() / 3600
        raise BadInput(
            f"a shelf ends within {hours:g} h, a shift, and not in the past; shelve it anew when that is over",
            reason="shelf",
        )
    if not reason.strip():
        raise BadInput("say why: whoever takes over the shift must understand it", reason="shelf")
    _within_reach(connection, actor, matcher)
    if until_clear:
        _must_stand(connection, actor, matcher)
    why, station = reason.strip(), actor.scope.station
    sealed = words.sealed(sealer, why, words.of_shelf(station, actor.username, actor.at))
    shelf = shelf_store.insert(
        connection,
        Shelf(
            station, actor.username, actor.at, until, until_clear=until_clear, reason_sealed=sealed,
            **msgspec.structs.asdict(matcher),
        ),
    )  # fmt: skip
    told = {"matcher": msgspec.to_builtins(matcher), "until": str(until), "code": SHELVED}
    trail.write(connection, sealer, actor, "shelf.made", f"shelf/{shelf.id}", told, reason=why)
    _show(connection, announcer, actor, shelf, _cover(connection, shelf))
    return shelf


def shelve_alert(  # one argument per thing said
    connection: Connection[TupleRow],
    announcer: Announcer,
    sealer: Sealer,
    actor: Actor,
    alert_id: int,
    *,
    length: timedelta,
    reason: str,
    until_clear: bool = False,
) -> Shelf:
    """Shelve one alert: its rule about its subject. Raises as `shelve`, and `Conflict` when the alert is over."""
    _may_shelve(actor)
    alert = alert_store.get(connection, actor.scope, alert_id)
    if alert is None or alert.stream != "alert":
        raise NotFound(f"there is no alert {alert_id} within your reach")
    if alert.ended_at is not None:
        raise Conflict(f"alert {alert_id} ended at {alert.ended_at.isoformat()}; there is nothing to shelve")
    area = alert.area if actor.scope.areas is not None else None
    return shelve(
        connection, announcer, sealer, actor, Matcher(alert.rule, alert.subject, area=area),
        until=actor.at + length, reason=reason, until_clear=until_clear,
    )  # fmt: skip


def shown(sealer: Sealer, shelf: Shelf, now: datetime) -> dict[str, Any]:
    """Return a shelf as whoever may see it sees it: with why; None for what this key cannot open."""
    about = words.of_shelf(shelf.station, shelf.by, shelf.begins_at)
    return {**shelf.public(now), "reason": words.opened(sealer, shelf.reason_sealed, about)}


def agree(connection: Connection[TupleRow], announcer: Announcer, actor: Actor, shelf_id: int) -> Shelf:
    """Let a shelf hide P1 too, as the second person.

    Raises `Forbidden` to whoever made it, `NotFound`, `Conflict` when it is over or can hide no P1.
    """
    _may_shelve(actor)
    shelf = _held(connection, actor, shelf_id)
    if shelf.agreed_by == actor.username:
        return shelf
    if shelf.by == actor.username:
        raise Forbidden("a P1 takes two people: somebody else has to agree")
    if shelf.agreed_by is not None:
        raise Conflict(f"{shelf.agreed_by} has agreed already")
    if not may_hide_p1(connection, shelf.matcher):
        raise Conflict(f"the rule {shelf.rule} raises no P1; this shelf needs no second person")
    shelf = msgspec.structs.replace(shelf, agreed_by=actor.username, agreed_at=actor.at)
    shelf_store.change(connection, shelf)
    trail.note(connection, actor, "shelf.agreed", f"shelf/{shelf.id}", {"by": shelf.by, "code": SHELVED})
    _show(connection, announcer, actor, shelf, _cover(connection, shelf))
    return shelf


def end(connection: Connection[TupleRow], announcer: Announcer, actor: Actor, shelf_id: int) -> Shelf:
    """Take a shelf down now; what still stands is heard within a second or two.

    Raises `Forbidden`, `NotFound`, `Conflict` when it is over.
    """
    _may_shelve(actor)
    shelf = msgspec.structs.replace(_held(connection, actor, shelf_id), ended_at=actor.at, ended_by=actor.username)
    trail.note(connection, actor, "shelf.ended", f"shelf/{shelf.id}", {"code": SHELVED})
    _show(connection, announcer, actor, shelf, _take_down(connection, shelf, actor.at))
    return shelf


def end_cleared(connection: Connection[TupleRow], station: str, now: datetime) -> list[Change]:
    """Take down the shelves that were to last until a condition clears, and it has; returns what the console sees."""
    news: list[Change] = []
    for shelf in shelf_store.cleared(connection, station, now):
        ended = msgspec.structs.replace(shelf, ended_at=now, ended_by=SYSTEM)
        news.extend(_changed(connection, ended, _take_down(connection, ended, now), now))
    return news


def may_hide_p1(connection: Connection[TupleRow], matcher: Matcher) -> bool:
    """Say whether a matcher could fit a P1: unless it names a rule that raises none."""
    if matcher.rule is None:
        return True
    running = rule_versions.running(connection).get(matcher.rule)
    return running is None or running[1].get("priority") == "P1"


def _cover(connection: Connection[TupleRow], shelf: Shelf) -> list[int]:
    agreed = shelf.agreed_by is not None
    return shelf_store.cover(connection, shelf.station, shelf.matcher, shelf.ends_at, with_p1=agreed)


def _take_down(connection: Connection[TupleRow], shelf: Shelf, now: datetime) -> list[int]:
    """End a shelf; what other shelves cover stays covered."""
    shelf_store.change(connection, shelf)
    changed = shelf_store.cover(connection, shelf.station, shelf.matcher, None, with_p1=True)
    if changed:
        for other in shelf_store.standing(connection, shelf.station, now):
            _cover(connection, other)
    return changed


def _show(
    connection: Connection[TupleRow], announcer: Announcer, actor: Actor, shelf: Shelf, alerts: list[int]
) -> None:
    changes = _changed(connection, shelf, alerts, actor.at)
    announcer.announce(connection, [(change, False) for change in changes], actor.at)


def _changed(connection: Connection[TupleRow], shelf: Shelf, alerts: list[int], now: datetime) -> list[Change]:
    shown = [
        Change(alert.stream, alert.area, alert.public())
        for alert in (alert_store.held(connection, shelf.station, alerts) if alerts else [])
    ]
    return [*shown, Change("shelf", shelf.area, shelf.public(now))]


def _held(connection: Connection[TupleRow], actor: Actor, shelf_id: int) -> Shelf:
    shelf = shelf_store.get_held(connection, actor.scope, shelf_id)
    if shelf is None:
        raise NotFound(f"there is no shelf {shelf_id} that you may change")
    if not shelf.standing(actor.at):
        ended = shelf.ended_at or shelf.ends_at
        raise Conflict(f"shelf {shelf_id} ended at {ended.isoformat()}")
    return shelf


def _must_stand(connection: Connection[TupleRow], actor: Actor, matcher: Matcher) -> None:
    if matcher.rule is None or matcher.subject is None:
        raise BadInput("until it clears: name the rule and the subject whose condition that is", reason="shelf")
    found: Alert | None = alert_store.open_one(connection, actor.scope.station, matcher.rule, matcher.subject)
    if found is None or not found.active:
        raise Conflict("nothing of that rule stands about that subject; there is nothing to wait for")


def _may_shelve(actor: Actor) -> None:
    if actor.role not in COMMAND_ROOM_ROLES:
        raise Forbidden(f"the role {actor.role} may not put alerts on the shelf")


def _within_reach(connection: Connection[TupleRow], actor: Actor, matcher: Matcher) -> None:
    """Whoever has areas shelves within them only; an area or place must be known."""
    if matcher.empty:
        raise BadInput("name a rule, a subject, a place or an area; not everything can be shelved", reason="shelf")
    areas, places = shelf_store.reach(connection, actor.scope.station, matcher)
    mine = actor.scope.areas
    unknown = (matcher.area is not None and not areas) or (matcher.place is not None and not places)
    if unknown or (mine is not None and not {*areas, *places} <= {*mine}):
        raise NotFound("there is no such area or place within your reach")
    if mine is not None and matcher.area is None and matcher.place is None:
        raise BadInput("name a place or an area within your reach", reason="shelf")
