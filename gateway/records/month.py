"""A month of an officer's or a beat's work, from what really happened: and how each number is counted.

These are the inputs of a star rating, each beside the station's median. No score, no weights: what a
station makes of them it decides in the open.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import median as middle
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.figures.sheet import Column, Sheet
from gateway.figures.spread import median
from gateway.store import records as record_store
from gateway.store.records import Asked, Work

#: By code: what it is called and how it is counted, in both languages.
INPUTS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "signed": (
        {"zh": "签收警情", "en": "incidents signed"},
        {
            "zh": "本月签收的警情数（每起计一次；演练、合并、取消不计）",
            "en": "incidents signed in the month, each once; no drills, merged or cancelled ones",
        },
    ),
    "sign_median_s": (
        {"zh": "签收中位时长（秒）", "en": "median sign-in (s)"},
        {
            "zh": "自警情产生或签收前最后一次派警，至本人签收",
            "en": "from the opening, or the last dispatch before it, to the signature",
        },
    ),
    "arrive_median_s": (
        {"zh": "到场中位时长（秒）", "en": "median arrival (s)"},
        {"zh": "签收后首次出警至首次到场", "en": "after the signature, from the first departure to the first arrival"},
    ),
    "handled": (
        {"zh": "处置警情", "en": "incidents handled"},
        {"zh": "本月提交处置反馈的警情数", "en": "incidents with a handling reported in the month"},
    ),
    "closed": (
        {"zh": "办结警情", "en": "incidents closed"},
        {
            "zh": "签收过的警情中本月办结的（按处置结果分列）",
            "en": "of the incidents signed at any time those closed in the month, by disposition beside",
        },
    ),
    "real": (
        {"zh": "其中真警", "en": "of them real"},
        {"zh": "办结结果为真警", "en": "closed as real"},
    ),
    "urged": (
        {"zh": "被催办", "en": "urged"},
        {
            "zh": "本月签收的警情中曾超时催办的",
            "en": "of the incidents signed in the month those a deadline passed for",
        },
    ),
    "supervised": (
        {"zh": "被督办", "en": "supervised"},
        {"zh": "本月签收的警情中曾督办的", "en": "of the incidents signed in the month those put under supervision"},
    ),
    "visits": (
        {"zh": "走访", "en": "visits"},
        {"zh": "本月走访足迹数", "en": "footprints of kind visit in the month"},
    ),
    "patrols": (
        {"zh": "巡逻", "en": "patrols"},
        {"zh": "本月巡逻足迹数", "en": "footprints of kind patrol in the month"},
    ),
    "looks": (
        {"zh": "查看", "en": "looks"},
        {
            "zh": "本月查看足迹数，及网上巡查查看的点位数",
            "en": "footprints of kind look in the month, and points looked at in rounds of online patrol",
        },
    ),
    "places_visited": (
        {"zh": "走访场所", "en": "places visited"},
        {"zh": "本月走访过的不同场所数", "en": "different places visited in the month"},
    ),
    "care_visited": (
        {"zh": "走访独居关爱对象", "en": "persons under care visited"},
        {
            "zh": "所负责网格内独居关爱对象中本月走访过的（本人或其住处）",
            "en": "of the persons under care in the areas answered for, those visited, or whose home was",
        },
    ),
    "care_persons": (
        {"zh": "独居关爱对象", "en": "persons under care"},
        {
            "zh": "所负责网格（含副班）内登记为独居的对象数，现时",
            "en": "persons living alone in the areas answered for, as deputy too, as of now",
        },
    ),
}
#: The roles whose people make the station's median: a grid worker signs nothing, a commander seldom.
MEDIAN_ROLES = frozenset({"officer"})


class Figures(msgspec.Struct, frozen=True):
    """A unit's month: a user name or a beat, its name, values by code of `INPUTS`, what was closed as what."""

    unit: str
    name: str
    values: dict[str, float | None]
    dispositions: dict[str, int]
    role: str | None = None
    auxiliary: bool = False


class Input(msgspec.Struct, frozen=True):
    """One input of a rating. `station_median` is the median of the station's officers; None: nobody has it."""

    code: str
    name: dict[str, str]
    counted: dict[str, str]
    value: float | None
    station_median: float | None


def figures(connection: Connection[TupleRow], asked: Asked) -> list[Figures]:
    """Count a month of every unit, those without anything too."""
    work, handled = record_store.work(connection, asked), record_store.handled(connection, asked)
    visits, care = record_store.visits(connection, asked), record_store.care(connection, asked)
    closed: dict[str | None, dict[str, int]] = defaultdict(dict)
    for row in record_store.closed(connection, asked):
        closed[row["unit"]][row["disposition"]] = row["incidents"]
    return [
        Figures(
            unit=unit["unit"],
            name=unit["name"],
            values=_values(
                work.get(unit["unit"]),
                handled.get(unit["unit"], 0),
                closed.get(unit["unit"], {}),
                visits.get(unit["unit"], {}),
                care.get(unit["unit"], {}),
            ),
            dispositions=dict(sorted(closed.get(unit["unit"], {}).items())),
            role=unit.get("role"),
            auxiliary=unit.get("auxiliary", False),
        )
        for unit in record_store.units(connection, asked)
    ]


def _values(
    work: Work | None,
    handled: int,
    closed: Mapping[str, int],
    visits: Mapping[str, int],
    care: Mapping[str, int],
) -> dict[str, float | None]:
    told: dict[str, float | None] = {
        "signed": work.signed if work is not None else 0,
        "sign_median_s": median(work.sign) if work is not None else None,
        "arrive_median_s": median(work.arrive) if work is not None else None,
        "handled": handled,
        "closed": sum(closed.values()),
        "real": closed.get("real", 0),
        "urged": work.urged if work is not None else 0,
        "supervised": work.supervised if work is not None else 0,
        **{code: visits.get(code, 0) for code in ("visits", "patrols", "looks", "places_visited")},
        **{code: care.get(code, 0) for code in ("care_visited", "care_persons")},
    }
    return {code: told[code] for code in INPUTS}


def medians(everybody: Iterable[Figures]) -> dict[str, float | None]:
    """Return the median of each value over the station's officers; a time counts where there is one."""
    officers = [one for one in everybody if one.role in MEDIAN_ROLES]
    found: dict[str, float | None] = {}
    for code in INPUTS:
        values = [value for one in officers if (value := one.values[code]) is not None]
        found[code] = round(middle(values), 3) if values else None
    return found


def inputs(mine: Figures, station: Mapping[str, float | None]) -> list[Input]:
    """Return the inputs of one's rating: each value, how it is counted, and the station's median beside it."""
    return [Input(code, name, counted, mine.values[code], station[code]) for code, (name, counted) in INPUTS.items()]


INPUT_COLUMNS = (
    Column("code", "代码", "code"),
    Column("name", "指标", "input"),
    Column("value", "数值", "value"),
    Column("station_median", "全所中位", "station median"),
    Column("counted", "口径", "how it is counted"),
)


def inputs_sheet(told: Sequence[Input]) -> Sheet:
    """One's inputs."""
    return Sheet(INPUT_COLUMNS, [msgspec.structs.asdict(one) for one in told])


def sheet(everybody: Sequence[Figures]) -> Sheet:
    """A line for each unit."""
    dispositions = sorted({code for one in everybody for code in one.dispositions})
    columns = [
        Column("unit", "单位", "unit"),
        Column("name", "名称", "name"),
        *(Column(code, name["zh"], name["en"]) for code, (name, _) in INPUTS.items()),
        *(Column(f"as_{code}", f"办结：{code}", f"closed: {code}") for code in dispositions),
    ]
    return Sheet(
        columns,
        [
            {
                "unit": one.unit, "name": one.name, **one.values,
                **{f"as_{code}": one.dispositions.get(code, 0) for code in dispositions},
            }
            for one in everybody
        ],
    )  # fmt: skip


def public(one: Figures) -> dict[str, Any]:
    """A unit's figures as plain data."""
    told: dict[str, Any] = msgspec.to_builtins(one)
    return told
