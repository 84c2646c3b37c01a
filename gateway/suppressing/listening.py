"""listening: once a second, what of the quiet is over. An alert whose reason is over while it stands is heard then.

What a flood folded is told by its digest instead, and history by whoever hands it over.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.model.judgement import Verdict
from gateway.store import alerts as alert_store
from gateway.store import soundings
from gateway.store.changes import Change
from gateway.suppressing import chattering, tide
from gateway.suppressing.reasons import Reasons
from gateway.suppressing.shelving import end_cleared

if TYPE_CHECKING:
    from gateway.road import Road

#: How many quiet alerts are looked at in one go; the next go looks at the next.
AT_ONCE = 500


class Found(NamedTuple):
    """What listening found: alerts whose reason is over, what is to be said of chatter, what the console must know.

    `looked_until` is the last alert that was looked at; 0: the next look begins anew.
    """

    ripe: list[int]
    verdicts: list[Verdict]
    news: list[Change]
    looked_until: int


def listen(connection: Connection[TupleRow], road: Road, now: datetime, after: int) -> Found:
    """Look at what is quiet, from one alert on. Ends a flood that is over, and shelves whose condition has cleared."""
    policy = road.registry.policy
    flood = tide.ebb(connection, road.station, policy.flood, now)
    verdicts = chattering.items(connection, road.station, policy.chatter, now)
    quiet = alert_store.kept_quiet(connection, road.station, after=after, limit=AT_ONCE)
    ripe: list[int] = []
    if quiet:
        flapping = soundings.flapping_of(connection, road.station, {(alert.rule, alert.subject) for alert in quiet})
        reasons = Reasons(connection, road, quiet, flapping, now)
        ripe = [alert.id for alert in quiet if reasons.why(alert, now) is None]
    news = end_cleared(connection, road.station, now)
    if flood is not None:
        news.append(tide.flood_change(flood))
    return Found(ripe, verdicts, news, quiet[-1].id if len(quiet) == AT_ONCE else 0)
