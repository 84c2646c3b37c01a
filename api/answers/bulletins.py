"""Bulletins, how far they got, and the enterprises that take them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.answers.documented import Answer, Said, absent
from api.answers.words import MessageState
from gateway.model.bulletin import BulletinKind, BulletinState, Medium


class Bulletin(Answer):
    """A message for many."""

    id: int
    station: str
    kind: BulletinKind
    title: Said
    text: Said
    areas: list[str] | None = Field(description="null: the whole station")
    media: list[Medium]
    enterprises: list[int]
    starts_at: datetime
    ends_at: datetime
    incident: int | None
    urgent: bool
    made_by: str
    made_at: datetime
    withdrawn_by: str | None
    withdrawn_at: datetime | None
    spread_at: datetime | None = Field(description="when everybody it is for had been told; null: not yet")
    state: BulletinState


class BulletinPage(Answer):
    """A page of bulletins, newest first."""

    items: list[Bulletin]
    next: int | None = Field(description="`after` of the following page")


class Reach(Answer):
    """How many a bulletin would reach, of what it is for."""

    screens: int = absent()
    tvs: int = absent()
    phones: int = absent("residents who take texts")
    staff: int = absent()
    enterprises: int = absent()


class BulletinPreview(Answer):
    """Whom a bulletin would reach."""

    reach: Reach


class BulletinScreen(Answer):
    """How far a bulletin got with one screen."""

    device: str
    medium: Literal["screens", "tvs"]
    state: MessageState | Literal["unknown"] = Field(
        description="of the message to it; `unknown`: that is kept no longer"
    )
    shown_at: datetime | None = Field(description="when it said that it shows it")


class BulletinWhole(Bulletin):
    """A bulletin and how far it got."""

    delivered: dict[str, dict[str, int]] = Field(
        description="messages by medium (`enterprises` too) and state; of a screen that says so, `shown`"
    )
    screens: list[BulletinScreen]


class LastNotice(Answer):
    """What became of the last message to an enterprise."""

    state: MessageState
    at: datetime
    answer: str | None = Field(description="what the other side said last")


class Enterprise(Answer):
    """An enterprise that takes notices by machine."""

    id: int
    name: str
    area: str
    made_by: str
    made_at: datetime
    last: LastNotice | None


class EnterpriseList(Answer):
    """Enterprises that take notices."""

    items: list[Enterprise]
    next: None


class EnterpriseAdded(Answer):
    """An enterprise that was added."""

    id: int
    secret: str = Field(description="told this once")


class NoticeTried(Answer):
    """The notification an enterprise is tried with."""

    notification: int
