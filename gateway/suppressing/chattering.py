"""chattering: count how identities come and go, in rows, and have a work item name the source while one chatters."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.model.judgement import Verdict
from gateway.model.policy import Chatter
from gateway.model.quiet import Flapping
from gateway.own_alerts import CHATTERING, chattering_verdict
from gateway.store import alerts as alert_store
from gateway.store import soundings
from gateway.suppressing.chatter import chatters, turned

if TYPE_CHECKING:
    from gateway.batch import Batch
    from gateway.road import Road

#: By (rule, subject).
Known = Mapping[tuple[str, str], Flapping]


def count(batch: Batch, road: Road) -> Known:
    """Take a batch's verdicts in and return how their identities come and go; also those of its ripe alerts."""
    said = [
        (verdict, batch.moments[position] if batch.moments else batch.now)
        for position, verdict in enumerate(batch.verdicts)
        if verdict.stream == "alert"
    ]
    keys = {(verdict.rule, verdict.subject) for verdict, _ in said}
    keys |= {(turn.alert.rule, turn.alert.subject) for turn in batch.turns if turn.alert.stream == "alert"}
    if not keys:
        return {}
    known = soundings.flapping_of(batch.connection, road.station, keys)
    changed: dict[tuple[str, str], Flapping] = {}
    for verdict, at in said:
        key = (verdict.rule, verdict.subject)
        before = known.get(key) or Flapping(*key)
        after = turned(before, at, road.registry.policy.chatter, active=verdict.action in {"raise", "extend"})
        if after is not before:
            known[key] = changed[key] = msgspec.structs.replace(
                after, place=verdict.place or before.place, device=verdict.device or before.device
            )
    soundings.keep_flapping(batch.connection, road.station, changed.values())
    return known


def items(connection: Connection[TupleRow], station: str, policy: Chatter, now: datetime) -> list[Verdict]:
    """Return what is to be said of chatter: items for those that chatter, ends for those that are calm.

    What has been calm is forgotten as a source. Asked again before it is said, the answer is the same.
    """
    known = soundings.chattering(connection, station)
    open_items = {
        alert.subject: alert for alert in alert_store.open_of_rules(connection, station, [CHATTERING]) if alert.active
    }
    if not known and not open_items:
        return []
    loud = {f"alert:{one.rule}/{one.subject}": one for one in known if chatters(one, now, policy)}
    said = [
        chattering_verdict("raise", subject, one, policy, now)
        for subject, one in loud.items()
        if subject not in open_items
    ]
    calm = [one for one in known if not chatters(one, now, policy)]
    soundings.keep_flapping(connection, station, [msgspec.structs.replace(one, since=None) for one in calm])
    for subject in open_items.keys() - loud.keys():
        rule, _, of = subject.removeprefix("alert:").partition("/")
        place = open_items[subject].place
        said.append(chattering_verdict("clear", subject, Flapping(rule, of, place), policy, now))
    return said
