"""Online patrol: routes, rounds and looks; and the work items that findings become."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.answers.alerts import Alert
from api.answers.documented import Answer
from gateway.model.patrol import Code, Seen


class PatrolPoint(Answer):
    """A place to look at, by a device or on the spot, and what to look for by language."""

    place: str
    device: str | None
    look_for: dict[str, str]


class PatrolRoute(Answer):
    """A route as it is kept."""

    id: str
    area: str
    name: str
    points: list[PatrolPoint]
    at: list[str] = Field(description="times of day, `HH:MM`, at which it is due")
    within_min: int
    shift: str | None


class PatrolRound(Answer):
    """A round, with the points it began with."""

    id: int
    route: str
    area: str
    name: str
    points: list[PatrolPoint]
    username: str
    began_at: datetime
    ends_by: datetime
    ended_at: datetime | None
    ended_by: str | None
    looked: int = Field(description="at how many of its points somebody looked")
    state: Literal["under_way", "done", "partial", "expired"]


class PatrolLook(Answer):
    """What somebody saw at a point (from 1)."""

    id: int
    point: int
    username: str
    at: datetime
    client_at: datetime | None
    seen: Seen
    code: Code | None
    note: str | None = Field(description="null also when it was sealed with another key")
    work_item: int | None = Field(description="what a finding became")
    picture_at: datetime | None = Field(description="when the picture was taken that is kept with it")


class PatrolRoundWhole(PatrolRound):
    """A round and its looks, oldest first; the last one at a point counts."""

    looks: list[PatrolLook]


class PatrolWindow(Answer):
    """A round is to begin within `[begins, ends)`."""

    begins: datetime
    ends: datetime


class PatrolStanding(PatrolRoute):
    """A route, its newest round, what is due now, when it is due next, what was missed within a week, newest first."""

    last: PatrolRound | None
    due: PatrolWindow | None
    next: datetime | None
    missed: list[PatrolWindow]


class PatrolRoutes(Answer):
    """Routes within reach, by id."""

    items: list[PatrolStanding]
    next: None


class PatrolRounds(Answer):
    """Rounds, newest first; `next` is the `before` of the next page."""

    items: list[PatrolRound]
    next: int | None


class Mended(Answer):
    """What was done about a work item."""

    at: datetime
    username: str
    text: str | None = Field(description="null when it was sealed with another key")


class WorkItem(Alert):
    """A work item: an alert that never sounds."""

    by_hand: bool = Field(description="people end it, by saying what was done")
    done: Mended | None
