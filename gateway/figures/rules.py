"""How right each rule was: what people closed its incidents as; the priorities' shares against their targets."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.figures.period import Period
from gateway.figures.sheet import Column, Sheet
from gateway.figures.spread import share, wilson
from gateway.figures.target import Target
from gateway.model.incident import SAYS_FALSE
from gateway.model.scope import Scope
from gateway.store import figures as figure_store

REAL = "real"
#: 80 % low, 15 % medium, 5 % high (EEMUA 191, ISA-18.2).
HIGH_AT_MOST, MEDIUM_AT_MOST, LOW_AT_LEAST = 0.05, 0.15, 0.80


class RuleFigures(msgspec.Struct, frozen=True):
    """One rule. `precision` is `real / n` of the `n` incidents closed as real or false, `interval` Wilson's, 95 %.

    `apart` counts what says nothing of the rule: `open`, `drill`, `duplicate`, `handed_over`, `merged`, `cancelled`.
    """

    rule: str
    alerts: int
    n: int
    real: int
    false: dict[str, int]
    precision: float | None
    interval: tuple[float, float] | None
    apart: dict[str, int]


class Rules(msgspec.Struct, frozen=True):
    """The statistic, of incidents opened and alerts raised in the period. The rules with the least precision first."""

    since: datetime
    until: datetime
    rules: list[RuleFigures]
    alerts: int
    by_priority: dict[str, int]
    shares: list[Target]
    suppressed: dict[str, int]
    suppressed_by_priority: dict[str, dict[str, int]]


def rules(connection: Connection[TupleRow], scope: Scope, period: Period) -> Rules:
    """Count a period's outcomes and alerts within a scope."""
    asked = (connection, scope, period.since, period.until)
    heard, quiet = figure_store.heard(*asked), figure_store.kept_quiet(*asked)
    priorities = _summed(heard, "priority")
    reasons: dict[str, dict[str, int]] = defaultdict(dict)
    for row in quiet:
        reasons[row["reason"]][row["priority"]] = row["alerts"]
    return Rules(
        since=period.since,
        until=period.until,
        rules=judged(figure_store.outcomes(*asked), _summed(heard, "rule")),
        alerts=priorities.total(),
        by_priority=dict(sorted(priorities.items())),
        shares=shares(priorities),
        suppressed=dict(_summed(quiet, "reason").most_common()),
        suppressed_by_priority=dict(reasons),
    )


def judged(outcomes: Iterable[Mapping[str, Any]], alerts: Mapping[str, int]) -> list[RuleFigures]:
    """Weigh outcomes (`rule`, `outcome`, `incidents`); `alerts` is how many each rule made people hear."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for row in outcomes:
        found[row["rule"]][row["outcome"]] += row["incidents"]
    for rule in alerts:
        found[rule].update()
    told = []
    for rule, counts in found.items():
        false = {outcome: counts[outcome] for outcome in sorted(SAYS_FALSE) if counts[outcome]}
        real = counts[REAL]
        n = real + sum(false.values())
        told.append(
            RuleFigures(
                rule=rule,
                alerts=alerts.get(rule, 0),
                n=n,
                real=real,
                false=false,
                precision=share(real, n),
                interval=wilson(real, n),
                apart={key: counts[key] for key in sorted(counts) if key != REAL and key not in SAYS_FALSE},
            )
        )
    return sorted(told, key=lambda one: (one.precision is None, one.precision or 0.0, -one.n, one.rule))


def shares(priorities: Mapping[str, int]) -> list[Target]:
    """Return the shares of high (P1), medium (P2) and low (P3, P4) among what was heard, against 5, 15 and 80 %."""
    whole = sum(priorities.values())
    high, medium = share(priorities.get("P1", 0), whole), share(priorities.get("P2", 0), whole)
    low = share(priorities.get("P3", 0) + priorities.get("P4", 0), whole)
    return [
        Target.at_most("high", {"zh": "高（P1）占比", "en": "share of high (P1)"}, high, HIGH_AT_MOST),
        Target.at_most("medium", {"zh": "中（P2）占比", "en": "share of medium (P2)"}, medium, MEDIUM_AT_MOST),
        Target.at_least("low", {"zh": "低（P3、P4）占比", "en": "share of low (P3, P4)"}, low, LOW_AT_LEAST),
    ]


def _summed(rows: Iterable[Mapping[str, Any]], column: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for row in rows:
        found[row[column]] += row["alerts"]
    return found


COLUMNS = (
    Column("rule", "规则", "rule"),
    Column("alerts", "告警数", "alerts"),
    Column("n", "已判定", "judged"),
    Column("real", "真警", "real"),
    Column("false_sensor", "设备误报", "false: sensor"),
    Column("false_human", "人为误报", "false: human"),
    Column("nuisance", "扰警", "nuisance"),
    Column("unfounded", "查无此事", "unfounded"),
    Column("precision", "准确率", "precision"),
    Column("from", "95%区间下限", "95 % from"),
    Column("to", "95%区间上限", "95 % to"),
    Column("duplicate", "重复", "duplicate"),
    Column("handed_over", "移交", "handed over"),
    Column("drill", "演练", "drill"),
    Column("open", "未办结", "open"),
)


def sheet(told: Rules) -> Sheet:
    """The rules."""
    return Sheet(
        COLUMNS,
        [
            {
                "rule": one.rule, "alerts": one.alerts, "n": one.n, "real": one.real, "precision": one.precision,
                "from": one.interval[0] if one.interval else None, "to": one.interval[1] if one.interval else None,
                **dict.fromkeys(("duplicate", "handed_over", "drill", "open"), 0), **dict.fromkeys(SAYS_FALSE, 0),
                **one.false, **one.apart,
            }
            for one in told.rules
        ],
    )  # fmt: skip


QUIET_COLUMNS = (
    Column("reason", "抑制原因", "kept quiet by"),
    *(Column(priority, priority, priority) for priority in ("P1", "P2", "P3", "P4")),
    Column("alerts", "合计", "alerts"),
)


def quiet_sheet(told: Rules) -> Sheet:
    """What was kept quiet, by why."""
    return Sheet(
        QUIET_COLUMNS,
        [
            {"reason": reason, "alerts": count, **told.suppressed_by_priority[reason]}
            for reason, count in told.suppressed.items()
        ],
    )
