"""Figures of a period: clocks, the mix, rules, the alarm system."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from api.answers.documented import Answer, Said
from api.answers.words import Category, IncidentState, Priority
from gateway.figures.clocks import By


class Bucket(Answer):
    """How many cases took between so many seconds."""

    above_s: float
    to_s: float | None = Field(description="null: no end")
    count: int
    share: float | None = Field(description="of all cases, 0 to 1; null: there are none")


class Spread(Answer):
    """How long something took over many cases; null without a case."""

    n: int
    median_s: float | None
    p90_s: float | None
    buckets: list[Bucket]


class ClocksSpread(Answer):
    """The clocks of the closed loop."""

    sign: Spread
    depart: Spread
    arrive: Spread
    feedback: Spread


class ClocksUnit(Answer):
    """The clocks of an area, beat or officer."""

    unit: str | None = Field(description="null: nowhere, nobody, or all of them together")
    name: str | None
    incidents: int
    clocks: ClocksSpread


class Slowest(Answer):
    """The slowest unit of those with enough cases."""

    unit: str
    name: str
    n: int
    median_s: float
    p90_s: float


class SlowestByClock(Answer):
    """The slowest unit of each clock; null: none has enough cases."""

    sign: Slowest | None
    depart: Slowest | None
    arrive: Slowest | None
    feedback: Slowest | None


class ClocksCounted(Answer):
    """How each clock is counted."""

    sign: Said
    depart: Said
    arrive: Said
    feedback: Said


class OpenIncident(Answer):
    """An incident that is not closed."""

    id: int
    state: IncidentState
    priority: Priority
    category: Category
    area: str | None
    opened_at: datetime
    overdue: int = Field(description="0: in time, 1: urged, 2: supervised")


class ClocksFigures(Answer):
    """How fast people sign, leave, arrive and report back."""

    since: datetime
    until: datetime
    by: By
    at_least: int = Field(description="the cases a slowest unit has")
    counted: ClocksCounted
    total: ClocksUnit
    units: list[ClocksUnit]
    slowest: SlowestByClock
    finished: int
    finished_share: float | None = Field(description="0 to 1")
    open: dict[str, int] = Field(description="by state")
    open_from_before: int
    open_items: list[OpenIncident] = Field(description="the oldest")
    left_out: dict[str, int] = Field(description="what no figure counts: `drill`, `merged`, `cancelled`")


class ComparedPeriod(Answer):
    """A stretch of time, its end not in it."""

    since: datetime
    until: datetime


class Compared(Answer):
    """A count beside earlier ones; null: there is nothing to compare with."""

    key: str
    incidents: int
    share: float | None = Field(description="0 to 1")
    before: int | None
    change: float | None = Field(description="relative: 0.25 is a quarter more")
    year_before: int | None
    year_change: float | None = Field(description="relative: 0.25 is a quarter more")


class HeatCell(Answer):
    """Incidents of an area in an hour of a day of the week, by the station's clock."""

    area: str | None
    weekday: int = Field(description="1 Monday to 7")
    hour: int = Field(description="0 to 23")
    incidents: int


class RepeatPlace(Answer):
    """A place that needed somebody several times."""

    place: str
    kind: str
    area: str
    incidents: int
    categories: list[Category]
    last_at: datetime
    name: str | None = Field(description="of a home its building's; null: it has none")


class MixFigures(Answer):
    """What happened, where and when."""

    since: datetime
    until: datetime
    time_zone: str
    before: ComparedPeriod | None = Field(description="null: the station has no incidents from all of that time")
    year_before: ComparedPeriod | None = Field(description="null: the station has no incidents from all of that time")
    total: Compared
    categories: list[Compared]
    priorities: list[Compared]
    heat: list[HeatCell]
    repeat_since: datetime
    repeat_places: list[RepeatPlace]
    left_out: dict[str, int] = Field(description="what no figure counts: `drill`, `merged`, `cancelled`")


class Target(Answer):
    """A measured value beside its target and limit; null: there is nothing to measure."""

    code: str
    name: Said
    value: float | None
    target: float
    limit: float
    ok: bool | None = Field(description="within the limit")
    on_target: bool | None


class RuleFigures(Answer):
    """How right one rule was."""

    rule: str
    alerts: int
    n: int = Field(description="incidents closed as real or false")
    real: int
    false: dict[str, int] = Field(description="by disposition")
    precision: float | None = Field(description="`real` of `n`, 0 to 1")
    interval: tuple[float, float] | None = Field(description="Wilson's, 95 %")
    apart: dict[str, int] = Field(description="what says nothing of the rule, by why")


class RulesFigures(Answer):
    """How right the rules were, the least first."""

    since: datetime
    until: datetime
    rules: list[RuleFigures]
    alerts: int
    by_priority: dict[str, int]
    shares: list[Target]
    suppressed: dict[str, int] = Field(description="by reason")
    suppressed_by_priority: dict[str, dict[str, int]] = Field(description="by reason and priority")


class DeskStretch(Answer):
    """One operator's stretch at the desk."""

    desk: int = Field(description="0: nobody said that they were there, so one is assumed all the time")
    username: str | None
    name: str | None
    began_at: datetime
    ended_at: datetime
    attended_s: float = Field(description="within the period and without pauses")
    alarms: int
    average_per_10_min: float | None
    peak_10_min: int
    peak_at: datetime | None
    floods: int
    flood_share: float | None = Field(description="of the time attended, 0 to 1")


class AlarmSource(Answer):
    """What was heard most often."""

    rule: str
    subject: str
    place: str | None
    area: str | None
    alerts: int
    share: float | None = Field(description="0 to 1")


class ChatteringSource(Answer):
    """What came and went too often."""

    rule: str
    subject: str
    times: int


class AlarmsFigures(Answer):
    """How the alarm system is."""

    since: datetime
    until: datetime
    days: float
    enough: bool = Field(description="there are days enough to judge by")
    alarms: int
    by_priority: dict[str, int]
    assumed: bool = Field(description="nobody said that they were at the desk")
    unattended: int | None = Field(description="heard while nobody was at the desk; null: that is not known")
    indicators: list[Target]
    positions: list[DeskStretch]
    top: list[AlarmSource]
    chattering: list[ChatteringSource]
