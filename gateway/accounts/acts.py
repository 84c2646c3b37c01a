"""What the admin does with accounts, and what people do with their own. Each act is one transaction and audited.

The admin looks after accounts, not data; nobody raises their own rights, and the last admin cannot be locked out.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway import trail
from gateway.incidents.acts import Actor
from gateway.model.errors import BadInput, Conflict, Forbidden, NotFound
from gateway.passwords import hash_password, password_fits
from gateway.store import accounts, second_factor, users
from gateway.store import registry as registry_store

Role = Literal["operator", "officer", "commander", "grid_worker", "auditor", "admin"]
SHORTEST_PASSWORD, LONGEST_PASSWORD = 10, 256


def add(  # one argument per column
    connection: Connection[TupleRow],
    actor: Actor,
    *,
    username: str,
    name: str,
    role: Role,
    areas: list[str] | None,
    auxiliary: bool,
    password: str | None,
) -> users.Account:
    """Make an account. Raises `Forbidden`, `BadInput`, and `Conflict` when the name is taken."""
    _must_be_admin(actor)
    _must_know(connection, actor, areas)
    hashed = hash_password(fit(password, username)) if password is not None else None
    told = {"username": username, "name": name, "role": role, "areas": areas, "auxiliary": auxiliary}
    if not users.insert(connection, actor.scope.station, told, hashed):
        raise Conflict(f"the user name {username!r} is taken; choose another")
    registry_store.changed(connection, actor.scope.station)
    noted = {"role": role, "areas": areas, "auxiliary": auxiliary}
    trail.note(connection, actor, "user.add", f"user/{username}", noted)
    return _account(connection, actor, username)


def change(connection: Connection[TupleRow], actor: Actor, username: str, patch: dict[str, Any]) -> users.Account:
    """Change an account's name, role, areas, auxiliary, disabled (as in `users.Account`); what they may ends with it.

    Raises `Forbidden` for one's own account, `NotFound`, `BadInput`, and `Conflict` for the last admin.
    """
    _must_be_admin(actor)
    before = _account(connection, actor, username)
    if username == actor.username:
        raise Forbidden("nobody changes their own account; another admin does")
    if "areas" in patch:
        _must_know(connection, actor, patch["areas"])
    after = msgspec.structs.replace(before, **patch)
    loses_admin = before.role == "admin" and (after.role != "admin" or after.disabled)
    if loses_admin and not users.has_other_admin(connection, actor.scope.station, username):
        raise Conflict("this is the last admin; make another one first")
    users.update(connection, actor.scope.station, after, actor.at)
    if (before.role, before.areas, before.disabled) != (after.role, after.areas, after.disabled):
        users.end_sessions(connection, username)
    registry_store.changed(connection, actor.scope.station)
    told = {name: value for name, value in patch.items() if name != "name"}
    trail.note(connection, actor, "user.change", f"user/{username}", {**told, "fields": sorted(patch)})
    return after


def set_password(connection: Connection[TupleRow], actor: Actor, username: str, password: str) -> None:
    """Give somebody a new first password; their sessions end and a lock with it. Raises as `change`."""
    _must_be_admin(actor)
    _account(connection, actor, username)
    if username == actor.username:
        raise Forbidden("your own password: POST /api/v1/me/password")
    accounts.set_password(connection, username, hash_password(fit(password, username)))
    trail.note(connection, actor, "user.password", f"user/{username}", {})


def take_second_factor(connection: Connection[TupleRow], actor: Actor, username: str) -> None:
    """Take a lost phone's second factor away; their sessions end. Raises as `change`."""
    _must_be_admin(actor)
    if not _account(connection, actor, username).totp:
        raise NotFound(f"{username} has no second factor")
    if username == actor.username:
        raise Forbidden("nobody takes their own second factor away; another admin does, or `anxin user totp-reset`")
    second_factor.reset(connection, username)
    users.end_sessions(connection, username)
    trail.note(connection, actor, "user.totp_reset", f"user/{username}", {})


def must_exist(connection: Connection[TupleRow], actor: Actor, username: str) -> None:
    """Raise `NotFound` when the station has no such account."""
    _account(connection, actor, username)


def note_second_factor(connection: Connection[TupleRow], actor: Actor, username: str) -> None:
    """Write down that somebody has a second factor now; sessions with one factor end."""
    users.end_sessions(connection, username)
    trail.note(connection, actor, "user.totp", f"user/{username}", {})


def change_own_password(connection: Connection[TupleRow], actor: Actor, session: int, old: str, new: str) -> None:
    """Change one's own password; one's other sessions end. Raises `Forbidden` for a wrong old one and `BadInput`."""
    known = accounts.user(connection, actor.username)
    if known is None or not password_fits(known.password_hash, old):
        raise Forbidden("the old password is wrong", reason="password")
    if new == old:
        raise BadInput("the new password is the old one", reason="password")
    accounts.replace_password(connection, actor.username, hash_password(fit(new, actor.username)))
    users.end_sessions(connection, actor.username, but=session)
    trail.note(connection, actor, "me.password", f"user/{actor.username}", {})


def fit(password: str, username: str) -> str:
    """Return a password that may be used. Raises `BadInput` with what is wrong with it."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise BadInput(f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters", reason="password")
    if username.casefold() in password.casefold() or len(set(password)) < SHORTEST_PASSWORD // 2:
        raise BadInput("a password is not the user name, nor a few characters again and again", reason="password")
    return password


def _must_be_admin(actor: Actor) -> None:
    if actor.role != "admin":
        raise Forbidden(f"the role {actor.role} may not look after accounts")
    if actor.scope.areas is not None:
        raise Forbidden("an admin of some areas may not look after the station's accounts")


def _account(connection: Connection[TupleRow], actor: Actor, username: str) -> users.Account:
    found = users.get(connection, actor.scope.station, username)
    if found is None:
        raise NotFound(f"there is no user {username!r} at this station")
    return found


def _must_know(connection: Connection[TupleRow], actor: Actor, areas: list[str] | None) -> None:
    if unknown := users.unknown_areas(connection, actor.scope.station, areas or []):
        raise BadInput(f"there is no area {', '.join(unknown)}; null means the whole station", reason="areas")
