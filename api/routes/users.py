"""Accounts, for the admin: who has one, with which role and where."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from api.answers.accounts import AccountPage, AccountShown
from api.answers.documented import answers
from api.deps import Have, actor, allow_to
from gateway.accounts import acts
from gateway.model.errors import BadInput
from gateway.store import users
from gateway.store.accounts import Session

router = APIRouter(tags=["accounts"])


Admin = Annotated[Session, Depends(allow_to("accounts.change"))]
UserName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Name = Annotated[str, Field(min_length=1, max_length=100)]


class NewUser(BaseModel):
    """An account. `areas` null means the whole station."""

    model_config = ConfigDict(extra="forbid")

    username: UserName
    name: Name
    role: acts.Role
    areas: list[str] | None = None
    auxiliary: bool = False
    password: str | None = Field(default=None, max_length=256)


class AccountChange(BaseModel):
    """What is to be another; what is not said stays."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    role: acts.Role | None = None
    areas: list[str] | None = None
    auxiliary: bool | None = None
    disabled: bool | None = None


class Password(BaseModel):
    """A first password, to be changed by its owner."""

    password: str = Field(max_length=256)


@router.get("/accounts", responses=answers(AccountPage))
def list_accounts(
    session: Admin, have: Have, after: str | None = None, limit: Annotated[int, Query(ge=1, le=1000)] = 200
) -> dict[str, Any]:
    """The station's accounts, by user name, without anything one could log in with."""
    with have.pool.transaction() as connection:
        found = users.list_accounts(connection, session.station, after=after, limit=limit)
    items = [msgspec.structs.asdict(one) for one in found]
    return {"items": items, "next": found[-1].username if len(found) == limit else None}


@router.post("/users", status_code=201, responses=answers(AccountShown, status=201))
def add_user(new: NewUser, session: Admin, have: Have) -> dict[str, Any]:
    """Make an account. Without a password its owner cannot log in until one is set."""
    with have.pool.transaction() as connection:
        made = acts.add(connection, actor(session, have), **new.model_dump())
    return msgspec.structs.asdict(made)


@router.patch("/users/{username}", responses=answers(AccountShown))
def change_user(username: str, change: AccountChange, session: Admin, have: Have) -> dict[str, Any]:
    """Change a name, role, areas, auxiliary, or disable somebody; their sessions end with what they could do."""
    patch = change.model_dump(exclude_unset=True)
    if empty := [name for name, value in patch.items() if value is None and name != "areas"]:
        raise BadInput(f"{', '.join(empty)}: cannot be null", reason="null")
    with have.pool.transaction() as connection:
        return msgspec.structs.asdict(acts.change(connection, actor(session, have), username, patch))


@router.post("/users/{username}/password", status_code=204)
def set_password(username: str, given: Password, session: Admin, have: Have) -> None:
    """Give somebody a new first password; a lock ends, and so do their sessions."""
    with have.pool.transaction() as connection:
        acts.set_password(connection, actor(session, have), username, given.password)


@router.delete("/users/{username}/totp", status_code=204)
def take_second_factor(username: str, session: Admin, have: Have) -> None:
    """Take a lost phone's second factor away; its owner enrols anew."""
    with have.pool.transaction() as connection:
        acts.take_second_factor(connection, actor(session, have), username)
