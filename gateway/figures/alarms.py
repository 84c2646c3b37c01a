"""How the alarm system itself is (ISA-18.2): what one operator is asked to hear, floods, chatter, what stands for ever.

Each time an alert sounds it is dealt, in turn, to those who were at the desk at that moment: nobody can have met less
than that. Floods are found as backtests find them (`rules.backtest.forecast`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.figures.period import Period
from gateway.figures.sheet import Column, Sheet
from gateway.figures.spread import share
from gateway.figures.target import COLUMNS as TARGET_COLUMNS
from gateway.figures.target import Target
from gateway.model.policy import Policy
from gateway.model.scope import Scope
from gateway.store import desk as desk_store
from gateway.store import figures as figure_store
from gateway.store.desk import Seat
from rules.backtest import forecast

TEN_MINUTES = timedelta(minutes=10)
TENS_A_DAY = 144
FLEETING = timedelta(seconds=10)
STALE = timedelta(hours=24)
TOP = 10
#: Less than that many days say little.
BASE_DAYS = 30.0
WEEK_DAYS = 7.0
#: One position for all of the period, where nobody said that they were at the desk.
ASSUMED = 0


class Position(msgspec.Struct, frozen=True):
    """One operator's stretch at the desk. `attended_s` is within the period and without pauses; `flood_share` of it.

    `desk` 0: nobody said that they were there, so one position is assumed all the time.
    """

    desk: int
    username: str | None
    name: str | None
    began_at: datetime
    ended_at: datetime
    attended_s: float
    alarms: int
    average_per_10_min: float | None
    peak_10_min: int
    peak_at: datetime | None
    floods: int
    flood_share: float | None


class Alarms(msgspec.Struct, frozen=True):
    """The statistic. `unattended` alerts were heard while nobody was at the desk (None: that is not known)."""

    since: datetime
    until: datetime
    days: float
    enough: bool
    alarms: int
    by_priority: dict[str, int]
    assumed: bool
    unattended: int | None
    indicators: list[Target]
    positions: list[Position]
    top: list[dict[str, Any]]
    chattering: list[dict[str, Any]]


class Read(msgspec.Struct, frozen=True):
    """What was read for it, so that no transaction waits while it is computed."""

    moments: list[tuple[datetime, str]]
    seats: list[Seat]
    sources: list[dict[str, Any]]
    chattering: list[dict[str, Any]]
    fleeting: int
    stale: int


def read(
    connection: Connection[TupleRow], scope: Scope, period: Period, policy: Policy, now: datetime, idle: timedelta
) -> Read:
    """Read what the figures of a period are computed from, within a scope; `idle` is how long a session may be."""
    asked = (connection, scope, period.since, period.until)
    return Read(
        moments=figure_store.moments(*asked),
        seats=desk_store.seats(connection, scope.station, period.since, period.until, now=now, idle=idle),
        sources=figure_store.sources(*asked, TOP),
        chattering=figure_store.chattering(
            *asked, turns=policy.chatter.turns, within=timedelta(seconds=policy.chatter.within_s)
        ),
        fleeting=figure_store.fleeting(*asked, FLEETING),
        stale=figure_store.stale(connection, scope, min(period.until, now), STALE),
    )


def alarms(known: Read, period: Period, now: datetime) -> Alarms:
    """Compute the figures of a period, which ends now if it has not ended."""
    until = max(period.since, min(period.until, now))
    days = (until - period.since) / timedelta(days=1)
    positions, unattended = positions_of(known.moments, known.seats, Period(period.since, until))
    count = len(known.moments)
    top = [{**source, "share": share(source["alerts"], count)} for source in known.sources]
    return Alarms(
        since=period.since,
        until=until,
        days=round(days, 3),
        enough=days >= BASE_DAYS,
        alarms=count,
        by_priority=dict(sorted(Counter(priority for _, priority in known.moments).items())),
        assumed=not known.seats,
        unattended=unattended if known.seats else None,
        indicators=_indicators(known, positions, days, unattended if known.seats else None),
        positions=positions,
        top=top,
        chattering=known.chattering,
    )


def positions_of(
    moments: Sequence[tuple[datetime, str]], seats: Sequence[Seat], period: Period
) -> tuple[list[Position], int]:
    """Deal alerts to whoever was at the desk; returns each stretch, and how many alerts met nobody."""
    if not seats:
        whole = Seat(ASSUMED, "", "", period.since, period.until)
        return [_position(whole, [(period.since, period.until)], list(moments))], 0
    at_desk = {seat.id: attended(seat, period) for seat in seats}
    dealt, unattended = deal(moments, at_desk)
    return [_position(seat, at_desk[seat.id], dealt[seat.id]) for seat in seats if at_desk[seat.id]], unattended


def attended(seat: Seat, period: Period) -> list[tuple[datetime, datetime]]:
    """Return when somebody was at the desk within a period: their stretch without its pauses."""
    begins, ends = max(seat.began_at, period.since), min(seat.ended_at, period.until)
    stretches: list[tuple[datetime, datetime]] = []
    for paused, back in seat.pauses:
        if paused > begins:
            stretches.append((begins, min(paused, ends)))
        begins = max(begins, back)
    stretches.append((begins, ends))
    return [(since, until) for since, until in stretches if since < until]


def deal(
    moments: Iterable[tuple[datetime, str]], at_desk: dict[int, list[tuple[datetime, datetime]]]
) -> tuple[dict[int, list[tuple[datetime, str]]], int]:
    """Deal alerts (in order) in turn to the desks that are taken at the moment; the second value met nobody."""
    changes = sorted(
        (moment, comes, desk)
        for desk, stretches in at_desk.items()
        for since, until in stretches
        for moment, comes in ((since, True), (until, False))
    )
    dealt: dict[int, list[tuple[datetime, str]]] = defaultdict(list)
    there: list[int] = []
    unattended = turn = following = 0
    for moment, priority in moments:
        while following < len(changes) and changes[following][0] <= moment:
            _, comes, desk = changes[following]
            if comes:
                there.append(desk)
            else:
                there.remove(desk)
            following += 1
        if there:
            turn = (turn + 1) % len(there)
            dealt[there[turn]].append((moment, priority))
        else:
            unattended += 1
    return dealt, unattended


def _position(seat: Seat, stretches: list[tuple[datetime, datetime]], heard: list[tuple[datetime, str]]) -> Position:
    met = forecast(heard)
    attended_s = sum((until - since).total_seconds() for since, until in stretches)
    over = max(until for _, until in stretches) if stretches else seat.ended_at
    flooded = sum(max(0.0, (min(flood.ends, over) - flood.begins).total_seconds()) for flood in met.floods)
    tens = attended_s / TEN_MINUTES.total_seconds()
    return Position(
        desk=seat.id,
        username=seat.username or None,
        name=seat.name or None,
        began_at=seat.began_at,
        ended_at=seat.ended_at,
        attended_s=attended_s,
        alarms=met.alerts,
        average_per_10_min=round(met.alerts / tens, 3) if tens else None,
        peak_10_min=met.worst,
        peak_at=met.worst_at,
        floods=len(met.floods),
        flood_share=share(min(flooded, attended_s), attended_s),
    )


def _indicators(known: Read, positions: list[Position], days: float, unattended: int | None) -> list[Target]:
    attended_s = sum(position.attended_s for position in positions)
    tens = attended_s / TEN_MINUTES.total_seconds()
    average = round(sum(position.alarms for position in positions) / tens, 3) if tens else None
    flooded = sum((position.flood_share or 0.0) * position.attended_s for position in positions)
    weeks = days / WEEK_DAYS

    def weekly(count: int) -> float | None:
        return round(count / weeks, 2) if weeks else None

    at_most = Target.at_most
    told = [
        at_most("average", _name("每岗每10分钟告警", "alarms per operator, 10 min"), average, 1, 2),
        at_most(
            "per_day", _name("每岗每日告警", "alarms per operator, day"),
            round(average * TENS_A_DAY, 1) if average is not None else None, 150, 300,
        ),
        at_most(
            "peak", _name("每岗10分钟峰值", "peak per operator, 10 min"),
            max((position.peak_10_min for position in positions), default=None), 10,
        ),
        at_most("flood_share", _name("洪峰时间占比", "share of time in flood"), share(flooded, attended_s), 0.01),
        at_most(
            "floods", _name("每周洪峰次数", "floods a week"),
            weekly(sum(position.floods for position in positions)), 0, 20,
        ),
        at_most(
            "top_ten", _name("前十来源占比", "share of the top ten sources"),
            share(sum(source["alerts"] for source in known.sources), len(known.moments)), 0.05,
        ),
        at_most("chattering", _name("每周抖动来源", "chattering sources a week"), weekly(len(known.chattering)), 0, 10),
        at_most("fleeting", _name("瞬时告警", "fleeting alarms"), known.fleeting, 0),
        at_most("stale", _name("滞留告警", "stale alarms"), known.stale, 4, 20),
    ]  # fmt: skip
    if unattended is not None:
        told.append(
            at_most("unattended", _name("无人值守时告警", "alarms while nobody was at the desk"), unattended, 0)
        )
    return told


def _name(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


def sheet(told: Alarms) -> Sheet:
    """The indicators."""
    return Sheet(TARGET_COLUMNS, [msgspec.structs.asdict(one) for one in told.indicators])


POSITION_COLUMNS = (
    Column("username", "用户", "user"),
    Column("name", "姓名", "name"),
    Column("began_at", "上岗", "from"),
    Column("ended_at", "离岗", "to"),
    Column("attended_s", "在岗秒数", "attended (s)"),
    Column("alarms", "告警数", "alarms"),
    Column("average_per_10_min", "每10分钟告警", "per 10 min"),
    Column("peak_10_min", "10分钟峰值", "peak 10 min"),
    Column("floods", "洪峰次数", "floods"),
    Column("flood_share", "洪峰时间占比", "share in flood"),
)


def positions_sheet(told: Alarms) -> Sheet:
    """Each stretch at the desk."""
    return Sheet(POSITION_COLUMNS, [msgspec.structs.asdict(one) for one in told.positions])


TOP_COLUMNS = (
    Column("rule", "规则", "rule"),
    Column("subject", "对象", "subject"),
    Column("place", "场所", "place"),
    Column("area", "网格", "area"),
    Column("alerts", "告警数", "alarms"),
    Column("share", "占比", "share"),
)


def top_sheet(told: Alarms) -> Sheet:
    """The ten sources heard most."""
    return Sheet(TOP_COLUMNS, told.top)
