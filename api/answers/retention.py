"""What is kept how long, and what would go now."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from api.answers.documented import Answer


class RetentionClass(Answer):
    """One class: its setting with its bounds, and how what there is stands to it."""

    name: str = Field(description="`events`, `incidents`, `incidents_lesser` (P4), `media`, …")
    setting: str
    days: float
    floor: int
    ceiling: int
    before: datetime = Field(description="what is from before goes")
    goes: int = Field(description="how many are due")
    at_once: int | None = Field(description="at most so many of them go each time the gateway looks; null: all")
    stays: dict[str, int] = Field(
        description="how many are past their time and stay, by the first reason that applies: `held`, `open`, `alert`, "
        "`merged`, `follow_up`, `case`, `fresh`, `record`"
    )
    young: int | None = Field(description="how many are within their time; null where nobody counts them")
    oldest: datetime | None = Field(description="from when the oldest counts that stays")


class RetentionLook(Answer):
    """All classes at a moment."""

    at: datetime
    classes: list[RetentionClass]
    last: datetime | None = Field(description="when the gateway looked last")
    next: datetime | None = Field(description="when it looks next if it runs on; null when that is not known")
