"""A rule's definition as it is written in YAML, checked field by field.

No rule runs without its rationalisation record (ISA-18.2): why it is an alert, what to do first, how long there
is, and the priority that follows from consequence and time.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gateway.model.incident import Category
from gateway.model.judgement import Priority, Stream
from rules.calendar import Schedule

#: Priority from what is at stake (rows) and the time there is to act: under 3 min, 3–30 min, longer.
PRIORITY_MATRIX: dict[str, tuple[Priority, Priority, Priority]] = {
    "life": ("P1", "P1", "P2"),
    "order": ("P2", "P2", "P3"),
    "service": ("P3", "P4", "P4"),
}
SHORT_S, MEDIUM_S = 180, 1800


class Strict(BaseModel):
    """A model that refuses unknown fields: a misspelt key must not be silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Bilingual(Strict):
    """One sentence in the languages of the console."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class Selector(Strict):
    """Which events: their kinds, and matchers on their fields (see `rules.match`)."""

    kinds: tuple[str, ...] = Field(min_length=1)
    where: dict[str, Any] = {}


class Rationalisation(Strict):
    """The record every rule carries: why, what it costs to ignore it, what to do first, and until when."""

    why: Bilingual
    causes: tuple[str, ...] = Field(min_length=1)
    consequence: Bilingual
    at_stake: Literal["life", "order", "service"]
    time_available_s: int = Field(gt=0)
    first_action: Bilingual
    answered_by: str
    clears_when: Bilingual
    delay_on_s: int = Field(default=0, ge=0)
    delay_off_s: int = Field(default=0, ge=0)
    review_date: date

    @property
    def priority(self) -> Priority:
        """The priority the matrix gives."""
        row = PRIORITY_MATRIX[self.at_stake]
        return row[0 if self.time_available_s < SHORT_S else 1 if self.time_available_s <= MEDIUM_S else 2]


class Definition(Strict):
    """One rule."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]{2,63}$")
    kind: str
    title: Bilingual
    stream: Stream = "alert"
    priority: Priority
    #: What sort of thing it is: incidents are counted by it, and what is of one sort at one place is one incident.
    category: Category = "other"
    latch: bool = False
    subject: str = Field(default="device", pattern=r"^(device|place|building|area|person|data\.[a-z_]+)$")
    when: Selector
    clear: Selector | None = None
    params: dict[str, Any] = {}
    #: When it counts; absent: always. See `rules.calendar`.
    schedule: Schedule | None = None
    #: Rules whose open alert explains this one, which is then kept quiet with that rule as the reason: a work item by
    #: one of its area, an alert by one about the same subject that is at least as urgent.
    inhibited_by: tuple[str, ...] = ()
    explain: Bilingual
    prevented_by: Bilingual
    rationalisation: Rationalisation

    @model_validator(mode="after")
    def _priority_follows_from_the_matrix(self) -> Definition:
        expected = self.rationalisation.priority
        if self.priority != expected:
            message = (
                f"priority is {self.priority}, but {self.rationalisation.at_stake} at stake with "
                f"{self.rationalisation.time_available_s} s to act makes {expected}"
            )
            raise ValueError(message)
        return self
