"""What happened, where and when: by category and priority against earlier periods, a heat map, repeat places."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.figures.period import Period, before, year_before
from gateway.figures.sheet import Column, Sheet
from gateway.figures.spread import share
from gateway.model.scope import Scope
from gateway.store import figures as figure_store
from gateway.store.figures import Ground

#: A place that needs somebody so often within so long is a repeat place (重点场所).
REPEATS, REPEATS_WITHIN = 2, timedelta(days=30)
CATEGORIES: dict[str, dict[str, str]] = {
    "school": {"zh": "涉校", "en": "school"},
    "distress": {"zh": "求助", "en": "distress"},
    "care": {"zh": "关爱", "en": "care"},
    "entry": {"zh": "门禁", "en": "entry"},
    "order": {"zh": "秩序", "en": "order"},
    "fire": {"zh": "消防", "en": "fire"},
    "traffic": {"zh": "交通", "en": "traffic"},
    "dispute": {"zh": "纠纷", "en": "dispute"},
    "premises": {"zh": "场所", "en": "premises"},
    "system": {"zh": "系统", "en": "system"},
    "other": {"zh": "其他", "en": "other"},
}


class Compared(msgspec.Struct, frozen=True):
    """A count beside earlier ones. `change` is relative, 0.25 a quarter more; None where nothing is to be compared."""

    key: str
    incidents: int
    share: float | None
    before: int | None
    change: float | None
    year_before: int | None
    year_change: float | None


class Mix(msgspec.Struct, frozen=True):
    """The statistic. `before` and `year_before` None: the station has no incidents from all of that time.

    `heat`: incidents by area, day of the week (1 Monday) and hour, by the station's clock. `repeat_places`: within the
    thirty days that end with the period.
    """

    since: datetime
    until: datetime
    time_zone: str
    before: Period | None
    year_before: Period | None
    total: Compared
    categories: list[Compared]
    priorities: list[Compared]
    heat: list[dict[str, Any]]
    repeat_since: datetime
    repeat_places: list[dict[str, Any]]
    left_out: dict[str, int]


def mix(connection: Connection[TupleRow], scope: Scope, ground: Ground, period: Period) -> Mix:
    """Count the incidents opened in a period within a scope; drills, merged and cancelled ones are counted apart."""
    zone = ZoneInfo(ground.time_zone)
    earlier = _if_there(before(period, zone), ground)
    last_year = _if_there(year_before(period, zone), ground)

    def counted(of: Period | None) -> list[dict[str, Any]] | None:
        return figure_store.mix(connection, scope, of.since, of.until) if of is not None else None

    now, then, year = counted(period) or [], counted(earlier), counted(last_year)
    repeat_since = period.until - REPEATS_WITHIN
    return Mix(
        since=period.since,
        until=period.until,
        time_zone=ground.time_zone,
        before=earlier,
        year_before=last_year,
        total=compare(now, then, year, None)[0],
        categories=compare(now, then, year, "category"),
        priorities=compare(now, then, year, "priority"),
        heat=figure_store.heat(connection, scope, period.since, period.until, ground.time_zone),
        repeat_since=repeat_since,
        repeat_places=figure_store.repeat_places(connection, scope, repeat_since, period.until, REPEATS),
        left_out=figure_store.left_out(connection, scope, period.since, period.until),
    )


def _if_there(earlier: Period, ground: Ground) -> Period | None:
    """A period the station was there for from its beginning on: half a month is no month to compare with."""
    first = ground.first_opened_at
    return earlier if first is not None and first <= earlier.since else None


def compare(
    now: list[dict[str, Any]],
    then: list[dict[str, Any]] | None,
    year: list[dict[str, Any]] | None,
    column: str | None,
) -> list[Compared]:
    """Compare counts by a column (None: all of them together, as `total`), most first."""

    def by_key(rows: list[dict[str, Any]] | None) -> Counter[str] | None:
        if rows is None:
            return None
        found: Counter[str] = Counter()
        for row in rows:
            found[row[column] if column is not None else "total"] += row["incidents"]
        return found

    current, earlier, last_year = by_key(now) or Counter(), by_key(then), by_key(year)
    whole = current.total()
    keys = {*current, *(earlier or ()), *(last_year or ()), *(() if column is not None else ("total",))}
    return [
        Compared(
            key=key,
            incidents=current[key],
            share=share(current[key], whole),
            before=earlier[key] if earlier is not None else None,
            change=change(current[key], earlier[key]) if earlier is not None else None,
            year_before=last_year[key] if last_year is not None else None,
            year_change=change(current[key], last_year[key]) if last_year is not None else None,
        )
        for key in sorted(keys, key=lambda key: (-current[key], key))
    ]


def change(now: int, then: int) -> float | None:
    """Return the relative change; None when there was nothing before."""
    return round((now - then) / then, 4) if then else None


COLUMNS = (
    Column("what", "项目", "what"),
    Column("key", "代码", "code"),
    Column("name", "名称", "name"),
    Column("incidents", "本期", "this period"),
    Column("share", "占比", "share"),
    Column("before", "上期", "period before"),
    Column("change", "环比", "change"),
    Column("year_before", "去年同期", "a year ago"),
    Column("year_change", "同比", "change in a year"),
)
WHAT = {
    "total": {"zh": "合计", "en": "total"},
    "category": {"zh": "类别", "en": "category"},
    "priority": {"zh": "级别", "en": "priority"},
}


def sheet(told: Mix) -> Sheet:
    """Totals, categories, priorities."""
    lines = [
        {
            **msgspec.structs.asdict(one),
            "what": WHAT[what],
            "name": CATEGORIES.get(one.key, one.key) if what == "category" else one.key,
        }
        for what, compared in (("total", [told.total]), ("category", told.categories), ("priority", told.priorities))
        for one in compared
    ]
    return Sheet(COLUMNS, lines)


HEAT_COLUMNS = (
    Column("area", "网格", "area"),
    Column("weekday", "星期", "weekday"),
    Column("hour", "时", "hour"),
    Column("incidents", "警情数", "incidents"),
)


def heat_sheet(told: Mix) -> Sheet:
    """The heat map."""
    return Sheet(HEAT_COLUMNS, told.heat)


PLACE_COLUMNS = (
    Column("place", "场所编号", "place"),
    Column("name", "名称（住宅为楼栋）", "name (a home: its building)"),
    Column("kind", "类型", "kind"),
    Column("area", "网格", "area"),
    Column("incidents", "警情数", "incidents"),
    Column("categories", "类别", "categories"),
    Column("last_at", "最近一次", "last"),
)


def places_sheet(told: Mix) -> Sheet:
    """The repeat places."""
    return Sheet(
        PLACE_COLUMNS, [{**place, "categories": " ".join(place["categories"])} for place in told.repeat_places]
    )
