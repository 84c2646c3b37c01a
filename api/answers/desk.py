"""The command room's desk: who sits there, and what one leaves to the next."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.answers.documented import Answer, Said
from api.answers.words import Category, IncidentState, Priority


class DeskOpen(Answer):
    """My place at the desk; `paused_at` null: I am there."""

    id: int
    username: str
    began_at: datetime
    paused_at: datetime | None


class AtDesk(Answer):
    """Somebody at the desk now."""

    username: str
    name: str
    began_at: datetime
    paused: bool


class LeftOpen(Answer):
    """An incident that is not over."""

    id: int
    state: IncidentState
    priority: Priority
    category: Category
    title: Said
    place: str | None
    area: str | None
    opened_at: datetime
    due_at: datetime | None
    overdue: Literal[0, 1, 2] = Field(description="0 in time, 1 urged (催办), 2 supervised (督办)")
    assignees: list[str]
    drill: bool
    late: bool


class LeftShelved(Answer):
    """What people keep quiet: a shelf, or a single alert (of which nobody has said why)."""

    what: Literal["shelf", "alert"]
    id: int
    rule: str | None
    subject: str | None
    place: str | None
    area: str | None
    by: str | None
    ends_at: datetime
    reason: str | None


class LeftOutOfOrder(Answer):
    """A device that says it is gone."""

    id: str
    kind: str
    name: str
    place: str
    area: str
    last_heard: datetime


class LeftUnreachable(Answer):
    """Somebody on the roster who can be told of nothing."""

    username: str
    name: str
    why: Literal["no_contact", "never_tested", "not_reached"]
    tested_at: datetime | None
    reached_at: datetime | None


class HandoverCounts(Answer):
    """How many there are of each; at most 500 are shown."""

    open: int
    shelved: int
    out_of_order: int
    unreachable: int
    overdue: int


class HandoverPage(Answer):
    """What the next has to know, as it is at a moment."""

    at: datetime
    at_desk: list[AtDesk]
    counts: HandoverCounts
    open: list[LeftOpen] = Field(description="the most urgent first")
    shelved: list[LeftShelved]
    out_of_order: list[LeftOutOfOrder]
    unreachable: list[LeftUnreachable]
    overdue: list[int] = Field(description="incidents, by id")


class HandoverLine(Answer):
    """A handover without its page; `taken_by` null: nobody has taken it over yet."""

    id: int
    made_at: datetime
    given_by: str
    given_at: datetime
    taken_by: str | None
    taken_at: datetime | None


class Handover(HandoverLine):
    """A handover: its page as it was then, and what the one who gave it had to say."""

    areas: list[str] | None = Field(description="null: the whole station")
    page: HandoverPage
    note: str | None


class HandoverList(Answer):
    """The latest handovers, newest first."""

    items: list[HandoverLine]
    next: None
