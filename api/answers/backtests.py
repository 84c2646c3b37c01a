"""Backtests, and what they report."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.answers.alerts import Explanation
from api.answers.documented import Answer, Said
from api.answers.words import Priority
from gateway.model.judgement import Stream


class BacktestBegun(Answer):
    """A backtest that was begun."""

    id: int
    rule: str


class BacktestState(Answer):
    """What was asked of a backtest, and how far it is."""

    id: int
    rule: str
    version: int = Field(description="a definition not written down yet has the number it would get")
    against: int | None = Field(description="the version it is compared with")
    digest: str = Field(description="what the definition is known by: the same words are the same version")
    since: datetime
    until: datetime
    asked_by: str
    asked_at: datetime
    state: Literal["running", "done", "failed"]
    progress: float = Field(description="0 to 1")
    detail: str | None = Field(description="why it failed")


class ListedBacktest(BacktestState):
    """A backtest without its report."""

    raised: int | None = Field(description="how many alerts it would have raised; null until it is done")


class BacktestList(Answer):
    """A rule's backtests, the latest first."""

    items: list[ListedBacktest]
    next: None


class BacktestSpan(Answer):
    """One alert that would have stood; times are those of its events."""

    rule: str
    version: int
    subject: str
    stream: Stream
    priority: Priority
    heard_at: datetime = Field(description="when people would have heard of it")
    raised_at: datetime
    last_event_at: datetime
    explanation: Explanation
    cleared_at: datetime | None = Field(description="null: it stands at the end")
    retracted: bool
    seen: int
    place: str | None
    area: str | None
    device: str | None
    person: str | None
    before: bool = Field(description="it stood already when the stretch began")


class BacktestTally(Answer):
    """How many alerts would have been raised, and where and when."""

    raised: int
    retracted: int
    standing: int = Field(description="at the end of the stretch")
    standing_before: int = Field(description="at its beginning")
    subjects: int
    per_day: float
    by_area: dict[str, int] = Field(description="by id; '': nowhere")
    by_hour: dict[str, int] = Field(description="0 to 23, the station's clock")
    by_day: dict[str, int] = Field(description="by date, the station's calendar")


class ForecastFlood(Answer):
    """A stretch with more alerts than one operator can work off."""

    begins: datetime
    ends: datetime
    alerts: int


class Forecast(Answer):
    """What one operator would have met."""

    alerts: int
    by_priority: dict[str, int]
    floods: list[ForecastFlood]
    worst_at: datetime | None
    worst: int = Field(description="alerts within the worst ten minutes")


class ForecastFloods(Answer):
    """What an operator would have met by this rule alone, and with what the other rules did raise."""

    alone: Forecast
    with_others: Forecast


class ComparedVersion(Answer):
    """What becomes different from the version it is compared with."""

    version: int
    running: BacktestTally
    both: int
    only_candidate: int
    only_running: int
    first_only_candidate: list[BacktestSpan]
    first_only_running: list[BacktestSpan]


class Precision(Answer):
    """How right the rule would have been, by what people closed its alerts as."""

    value: float | None = Field(description="0 to 1; null: nothing to weigh")
    real: int
    false: int
    rests_on: int
    missed_real: int
    spared_false: int
    dispositions: dict[str, int]


class BacktestReport(Answer):
    """What came of a backtest."""

    rule: str
    version: int
    title: Said
    since: datetime
    until: datetime
    time_zone: str
    warm_up_from: datetime = Field(description="where the replay began")
    events: int
    seconds: float = Field(description="how long it took")
    tally: BacktestTally
    areas: dict[str, str] = Field(description="names of those in `tally`")
    spans: list[BacktestSpan] = Field(description="the first of them")
    floods: ForecastFloods | None = Field(description="null: the rule never sounds")
    compared: ComparedVersion | None
    precision: Precision | None


class Backtest(BacktestState):
    """One backtest with its report."""

    report: BacktestReport | None = Field(description="null until it is done")
