"""What is kept quiet and why: shelves, what was suppressed, floods."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from api.answers.documented import Answer


class Shelf(Answer):
    """Quiet that people asked for, as the stream shows it: without why. All times are UTC."""

    id: int
    station: str
    by: str
    begins_at: datetime
    ends_at: datetime
    rule: str | None
    subject: str | None
    place: str | None
    area: str | None
    until_clear: bool = Field(description="it ends as soon as the condition clears")
    agreed_by: str | None = Field(description="who let it hide P1 too, as the second person")
    agreed_at: datetime | None
    ended_at: datetime | None
    ended_by: str | None = Field(description="a user name, or `anxin`")
    standing: bool


class ShelfWithReason(Shelf):
    """A shelf with why: null for what this key cannot open."""

    reason: str | None


class ShelfShown(ShelfWithReason):
    """A shelf with why, and whether a second person has yet to agree before it hides P1."""

    p1_waits_for_second: bool


class ShelfList(Answer):
    """Shelves: those that stand first, then the latest."""

    items: list[ShelfShown]
    next: None


class HiddenCount(Answer):
    """How many alerts: open now, and heard in the last 24 hours."""

    open: int
    last_24h: int


class ShelfPreview(HiddenCount):
    """What a shelf would hide."""

    p1: HiddenCount
    p1_waits_for_second: bool


class QuietCount(Answer):
    """What was kept quiet of one rule at one place for one reason."""

    reason: str
    rule: str
    place: str | None
    area: str | None
    count: int
    last_at: datetime


class Suppressed(Answer):
    """What was kept quiet since a moment."""

    since: datetime
    by_reason: dict[str, int]
    total: int
    items: list[QuietCount] = Field(description="the most frequent first")
    next: None


class FloodShare(Answer):
    """What a flood had of one rule at one building, else area."""

    rule: str
    place: str = Field(description="a place, else an area, else empty for the whole station")
    count: int
    folded: int


class FloodLongest(Answer):
    """The alert of a flood whose condition stood the longest."""

    alert: int
    rule: str
    place: str | None
    stood_s: float


class FloodReport(Answer):
    """What a flood that is over consisted of."""

    count: int
    folded: int
    p1: int
    p2: int
    lasted_s: float
    by_rule_and_place: list[FloodShare]
    longest: FloodLongest | None


class Flood(Answer):
    """More alerts than people can read, from its beginning to its end. All times are UTC."""

    id: int
    since: datetime
    ended_at: datetime | None
    report: FloodReport | None = Field(description="of one that is over, for whoever sees the whole station")
    standing: bool


class FloodList(Answer):
    """Floods, newest first."""

    items: list[Flood]
    next: None
