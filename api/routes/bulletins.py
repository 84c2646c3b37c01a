"""Bulletins: messages for many, whom they reach, how far they got; and the enterprises that take notices."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.answers.bulletins import (
    Bulletin,
    BulletinPage,
    BulletinPreview,
    BulletinWhole,
    EnterpriseAdded,
    EnterpriseList,
    NoticeTried,
)
from api.answers.documented import answers
from api.deps import Have, Parts, Reader, Seals, actor, allow_to, scope_of
from gateway.bulletins import acts, enterprises
from gateway.model.bulletin import BulletinKind, Draft, Medium
from gateway.model.errors import BadInput
from gateway.store import bulletins as store
from gateway.store import enterprises as enterprise_store
from gateway.store.accounts import Session

router = APIRouter(tags=["bulletins"])

Issuer = Annotated[Session, Depends(allow_to("bulletins.issue"))]
Lister = Annotated[Session, Depends(allow_to("enterprises.read"))]
Chief = Annotated[Session, Depends(allow_to("enterprises.change"))]
Limit = Annotated[int, Query(ge=1, le=500)]
Area = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class TitleIn(BaseModel):
    """In Chinese, and in English where somebody reads it."""

    model_config = ConfigDict(extra="forbid")

    zh: str = Field(min_length=1, max_length=60)
    en: str = Field(default="", max_length=120)


class TextIn(BaseModel):
    """In Chinese, and in English where somebody reads it."""

    model_config = ConfigDict(extra="forbid")

    zh: str = Field(min_length=1, max_length=1000)
    en: str = Field(default="", max_length=2000)


class BulletinIn(BaseModel):
    """What a bulletin says, to whom and when; `areas` null is the whole station, `starts_at` null is now."""

    model_config = ConfigDict(extra="forbid")

    kind: BulletinKind
    title: TitleIn
    text: TextIn
    areas: list[Area] | None = Field(max_length=200)
    media: list[Medium] = Field(default=[], max_length=4)
    enterprises: list[int] = Field(default=[], max_length=500)
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime
    incident: int | None = None
    urgent: bool = False
    client_id: str | None = Field(default=None, min_length=1, max_length=64)

    def draft(self, now: datetime, have: Parts) -> Draft:
        """The same for the gateway. Raises `BadInput` when texts are asked for that nobody can send."""
        if "phones" in self.media and not have.settings.aliyun_sms_bulletin_template:
            raise BadInput(
                "phones: this station sends no texts with bulletins; set ANXIN_ALIYUN_SMS_BULLETIN_TEMPLATE",
                reason="media",
            )
        told = self.model_dump(exclude={"client_id"})
        told["media"] = list(dict.fromkeys(self.media))
        return msgspec.convert({**told, "starts_at": self.starts_at or now}, Draft)


class EnterpriseIn(BaseModel):
    """Who takes notices by machine, where it is, and the https address they are posted to."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=100)
    area: Area
    url: str = Field(min_length=1, max_length=500)


@router.get("/bulletins", responses=answers(BulletinPage))
def list_bulletins(
    session: Reader, have: Have, after: int | None = None, limit: Limit = 100, show: Literal["open", "all"] = "open"
) -> dict[str, Any]:
    """Bulletins for one's areas and those above, newest first; those that are over only with `show=all`."""
    now = have.clock.now()
    with have.pool.transaction() as connection:
        found = store.list_bulletins(
            connection, scope_of(session), now=now, over=show == "all", after=after, limit=limit
        )
    return {"items": [one.public(now) for one in found], "next": found[-1].id if len(found) == limit else None}


@router.post("/bulletins/preview", responses=answers(BulletinPreview))
def preview_bulletin(told: BulletinIn, session: Issuer, have: Have) -> dict[str, Any]:
    """How many screens, tvs, phones, colleagues and enterprises this would reach."""
    by = actor(session, have)
    with have.pool.transaction() as connection:
        return {"reach": acts.preview(connection, by, told.draft(by.at, have))}


@router.post("/bulletins", status_code=201, responses=answers(Bulletin, status=201))
def issue_bulletin(told: BulletinIn, session: Issuer, have: Have, seals: Seals) -> dict[str, Any]:
    """Make a bulletin; it goes out by itself when it begins, and ends by itself."""
    by = actor(session, have)
    with have.pool.transaction() as connection:
        made = acts.issue(connection, seals, by, told.draft(by.at, have), told.client_id)
    return made.public(by.at)


@router.get("/bulletins/{bulletin_id}", responses=answers(BulletinWhole))
def get_bulletin(bulletin_id: int, session: Reader, have: Have) -> dict[str, Any]:
    """One bulletin and how far it got: `delivered` per medium by state, and its screens in one's areas."""
    with have.pool.transaction() as connection:
        return acts.standing(connection, actor(session, have), bulletin_id)


@router.post("/bulletins/{bulletin_id}/withdraw", responses=answers(Bulletin))
def withdraw_bulletin(bulletin_id: int, session: Issuer, have: Have) -> dict[str, Any]:
    """Take a bulletin off the screens and stop what has not gone out."""
    by = actor(session, have)
    with have.pool.transaction() as connection:
        return acts.withdraw(connection, by, bulletin_id).public(by.at)


@router.get("/enterprises", responses=answers(EnterpriseList))
def list_enterprises(session: Lister, have: Have, limit: Limit = 500) -> dict[str, Any]:
    """Enterprises in one's areas that take notices, with the last; where and with which secret nobody is shown."""
    with have.pool.transaction() as connection:
        found = enterprise_store.list_enterprises(connection, scope_of(session), limit)
    return {"items": [msgspec.structs.asdict(one) for one in found], "next": None}


@router.post("/enterprises", status_code=201, responses=answers(EnterpriseAdded, status=201))
def add_enterprise(told: EnterpriseIn, session: Chief, have: Have, seals: Seals) -> dict[str, Any]:
    """Add an enterprise; `secret` is told this once."""
    with have.pool.transaction() as connection:
        number, secret = enterprises.add(
            connection, seals, actor(session, have), name=told.name, area=told.area, url=told.url,
            private_endpoints=have.settings.private_endpoints,
        )  # fmt: skip
    return {"id": number, "secret": secret}


@router.delete("/enterprises/{enterprise_id}", status_code=204)
def end_enterprise(enterprise_id: int, session: Chief, have: Have) -> None:
    """Let an enterprise take no notices any more."""
    with have.pool.transaction() as connection:
        enterprises.end(connection, actor(session, have), enterprise_id)


@router.post("/enterprises/{enterprise_id}/test", status_code=202, responses=answers(NoticeTried, status=202))
def try_enterprise(enterprise_id: int, session: Chief, have: Have) -> dict[str, Any]:
    """Send an enterprise a notice that says it is a test; what became of it stands in the list as `last`."""
    with have.pool.transaction() as connection:
        return {"notification": enterprises.try_now(connection, actor(session, have), enterprise_id)}
