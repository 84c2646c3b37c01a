"""The three clocks of the closed loop and the way there, per unit: how fast people sign, leave, arrive and report back.

As the published 110 bulletins have it: cases by bucket, the slowest unit by name, what is not closed counts as open.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.figures.period import Period
from gateway.figures.sheet import Column, Sheet
from gateway.figures.spread import Spread, share, spread
from gateway.model.scope import Scope
from gateway.store import figures as figure_store
from gateway.store.figures import Gathered

By = Literal["area", "beat", "officer"]
CLOCKS = ("sign", "depart", "arrive", "feedback")
#: Arrival has no buckets of its own in the policy's defaults: a city's 110 rules say 5 minutes in town, 10 outside.
ARRIVAL_BUCKETS = [300.0, 600.0, 900.0, 1800.0]
NAMES: dict[str, dict[str, str]] = {
    "sign": {"zh": "签收", "en": "sign-in"},
    "depart": {"zh": "出警", "en": "departure"},
    "arrive": {"zh": "到场", "en": "arrival"},
    "feedback": {"zh": "反馈", "en": "feedback"},
}
COUNTED = {
    "sign": {
        "zh": "自警情产生（或签收前最后一次派警）至首次签收",
        "en": "from the opening, or the last dispatch before the signature, to the first signature",
    },
    "depart": {"zh": "首次签收至首次出警", "en": "from the first signature to the first departure"},
    "arrive": {"zh": "首次出警至首次到场", "en": "from the first departure to the first arrival"},
    "feedback": {"zh": "到场（未到场的自签收）至处置反馈", "en": "from arrival (without one: signature) to handled"},
}
NOBODY: dict[str, dict[str, str]] = {
    "area": {"zh": "无网格", "en": "no area"},
    "beat": {"zh": "无警务区", "en": "no beat"},
    "officer": {"zh": "无人签收", "en": "nobody signed"},
}


class Slowest(msgspec.Struct, frozen=True):
    """The unit with the longest median (then p90) among those with enough cases."""

    unit: str
    name: str
    n: int
    median_s: float
    p90_s: float


class Unit(msgspec.Struct, frozen=True):
    """An area, beat or officer: incidents of the period, how many of them nobody has signed, and each clock.

    `unit` None: nowhere, or nobody.
    """

    unit: str | None
    name: str | None
    incidents: int
    clocks: dict[str, Spread]


class Clocks(msgspec.Struct, frozen=True):
    """The statistic. `open` counts by state what is not closed, `open_items` are the oldest of them."""

    since: datetime
    until: datetime
    by: By
    at_least: int
    counted: dict[str, dict[str, str]]
    total: Unit
    units: list[Unit]
    slowest: dict[str, Slowest | None]
    finished: int
    finished_share: float | None
    open: dict[str, int]
    open_from_before: int
    open_items: list[dict[str, Any]]
    left_out: dict[str, int]


class Read(msgspec.Struct, frozen=True):
    """What was read for it, so that no transaction waits while it is computed."""

    gathered: list[Gathered]
    names: dict[str, str]
    open: dict[str, int]
    open_from_before: int
    open_items: list[dict[str, Any]]
    left_out: dict[str, int]


def read(connection: Connection[TupleRow], scope: Scope, period: Period, by: By) -> Read:
    """Read what the clocks of a period are computed from, within a scope."""
    return Read(
        figure_store.clocks(connection, scope, period.since, period.until, by),
        figure_store.names(connection, scope, by),
        *figure_store.open_of(connection, scope, period.since, period.until),
        figure_store.left_out(connection, scope, period.since, period.until),
    )


def clocks(known: Read, period: Period, by: By, buckets: dict[str, list[float]], at_least: int) -> Clocks:
    """Compute the clocks. `buckets` are upper edges in seconds by clock, `at_least` the cases a slowest unit has."""
    edges = {clock: sorted(buckets.get(clock, ARRIVAL_BUCKETS)) for clock in CLOCKS}
    units = [
        Unit(
            one.unit,
            known.names.get(one.unit, one.unit) if one.unit is not None else None,
            one.incidents,
            {clock: spread(getattr(one, clock), edges[clock]) for clock in CLOCKS},
        )
        for one in known.gathered
    ]
    incidents = sum(unit.incidents for unit in units)
    total = {
        clock: spread([case for one in known.gathered for case in getattr(one, clock)], edges[clock])
        for clock in CLOCKS
    }
    open_now = sum(known.open.values())
    return Clocks(
        since=period.since,
        until=period.until,
        by=by,
        at_least=at_least,
        counted=COUNTED,
        total=Unit(None, None, incidents, total),
        units=sorted(units, key=lambda unit: (unit.unit is None, -unit.incidents, unit.unit or "")),
        slowest={clock: _slowest(units, clock, at_least) for clock in CLOCKS},
        finished=incidents - open_now,
        finished_share=share(incidents - open_now, incidents),
        open=known.open,
        open_from_before=known.open_from_before,
        open_items=known.open_items,
        left_out=known.left_out,
    )


def _slowest(units: list[Unit], clock: str, at_least: int) -> Slowest | None:
    enough = [
        Slowest(unit.unit, unit.name or unit.unit, told.n, told.median_s, told.p90_s)
        for unit in units
        if unit.unit is not None
        and (told := unit.clocks[clock]).n >= at_least
        and told.median_s is not None
        and told.p90_s is not None
    ]
    return max(enough, key=lambda one: (one.median_s, one.p90_s, one.unit), default=None)


def sheet(told: Clocks) -> Sheet:
    """The units, a line for each unit and clock, the whole first."""
    most = max(len(spread_.buckets) for spread_ in told.total.clocks.values())
    columns = [
        Column("unit", "单位", "unit"),
        Column("name", "名称", "name"),
        Column("incidents", "警情数", "incidents"),
        Column("clock", "环节", "clock"),
        Column("n", "计时数", "timed"),
        Column("median_s", "中位数（秒）", "median (s)"),
        Column("p90_s", "九成不超过（秒）", "90th percentile (s)"),
    ]
    for number in range(1, most + 1):
        columns += [
            Column(f"bucket_{number}", f"区间{number}", f"bucket {number}"),
            Column(f"count_{number}", f"区间{number}件数", f"cases {number}"),
            Column(f"share_{number}", f"区间{number}占比", f"share {number}"),
        ]
    named = [
        (told.total, {"zh": "合计", "en": "total"}),
        *((unit, unit.name or NOBODY[told.by]) for unit in told.units),
    ]
    return Sheet(columns, [_line(unit, name, clock) for unit, name in named for clock in CLOCKS])


def _line(unit: Unit, name: str | dict[str, str], clock: str) -> dict[str, Any]:
    told = unit.clocks[clock]
    line: dict[str, Any] = {
        "unit": unit.unit, "name": name, "incidents": unit.incidents, "clock": NAMES[clock],
        "n": told.n, "median_s": told.median_s, "p90_s": told.p90_s,
    }  # fmt: skip
    for number, bucket in enumerate(told.buckets, 1):
        line[f"bucket_{number}"] = _called(bucket.above_s, bucket.to_s)
        line[f"count_{number}"], line[f"share_{number}"] = bucket.count, bucket.share
    return line


def _called(above: float, to: float | None) -> str:
    """`30–60 s`: an en dash, so that no spreadsheet makes a date of it."""
    return f"{above:g}–{to:g} s" if to is not None else f"> {above:g} s"


OPEN_COLUMNS = (
    Column("id", "警情编号", "incident"),
    Column("state", "状态", "state"),
    Column("priority", "级别", "priority"),
    Column("category", "类别", "category"),
    Column("area", "网格", "area"),
    Column("opened_at", "产生时间", "opened"),
    Column("overdue", "催办督办", "overdue"),
)


def open_sheet(told: Clocks) -> Sheet:
    """What is not closed."""
    return Sheet(OPEN_COLUMNS, told.open_items)
