"""Enterprises that take notices by machine: added with a secret that is told once, tried, let go of."""

from __future__ import annotations

import secrets
from datetime import timedelta
from urllib.parse import urlsplit

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway import trail
from gateway.bulletins.spread import ENTERPRISE
from gateway.incidents.actor import Actor
from gateway.model.errors import BadInput, Forbidden, NotFound
from gateway.sealing import Sealer, enterprise_endpoint
from gateway.store import enterprises as store
from gateway.store import outbox
from gateway.store.outbox import Notification

ROLES = frozenset({"commander", "admin"})
LONGEST_URL, SECRET_BYTES = 500, 32
TEST_LIVES = timedelta(minutes=10)


def add(  # one argument per thing said
    connection: Connection[TupleRow],
    sealer: Sealer,
    actor: Actor,
    *,
    name: str,
    area: str,
    url: str,
    private_endpoints: bool = False,
) -> tuple[int, str]:
    """Add an enterprise; returns its id and the secret we sign with, which is told this once.

    Raises `Forbidden`, `NotFound` for an area out of reach, `BadInput` for a URL that cannot be.
    """
    _may_look_after(actor)
    _must_be_url(url, private=private_endpoints)
    number, secret = store.next_id(connection), secrets.token_urlsafe(SECRET_BYTES)
    told = msgspec.json.encode({"url": url, "secret": secret}).decode()
    sealed = sealer.seal(told, enterprise_endpoint(actor.scope.station, number))
    if not store.add(
        connection, actor.scope, number, name=name, area=area, endpoint_sealed=sealed, by=actor.username, now=actor.at
    ):
        raise NotFound(f"there is no area {area!r} within your reach")
    trail.note(connection, actor, "enterprise.added", f"enterprise/{number}", {"name": name, "area": area})
    return number, secret


def end(connection: Connection[TupleRow], actor: Actor, enterprise: int) -> None:
    """Let an enterprise take no notices any more. Raises `Forbidden`, `NotFound`."""
    _may_look_after(actor)
    if not store.end(connection, actor.scope, enterprise, actor.at):
        raise NotFound(f"there is no enterprise {enterprise} within your reach")
    trail.note(connection, actor, "enterprise.ended", f"enterprise/{enterprise}", {})


def try_now(connection: Connection[TupleRow], actor: Actor, enterprise: int) -> int:
    """Send a notice that says it is a test and return the message's id; twice within a minute it is the same.

    Raises `Forbidden`, `NotFound`.
    """
    _may_look_after(actor)
    if not store.is_there(connection, actor.scope, enterprise):
        raise NotFound(f"there is no enterprise {enterprise} within your reach")
    minute = actor.at.strftime("%Y%m%dT%H%M")
    trail.note(connection, actor, "enterprise.test", f"enterprise/{enterprise}", {})
    return outbox.enqueue(
        connection,
        Notification(
            station=actor.scope.station, key=f"test:{actor.scope.station}:enterprise:{enterprise}:{minute}",
            channel=ENTERPRISE, recipient="", priority="P3", purpose="test", enterprise=enterprise,
            body={
                "test": True,
                "title": {"zh": "安心网关测试通知", "en": "Test notice"},
                "text": {"zh": "收到即表示通知可以送达。", "en": "Having this means that notices reach you."},
            },
        ),
        actor.at,
        TEST_LIVES,
    )  # fmt: skip


def _must_be_url(url: str, *, private: bool) -> None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise BadInput(f"url: {error}", reason="url") from error
    schemes = {"https", "http"} if private else {"https"}
    if parts.scheme not in schemes or not host or len(url) > LONGEST_URL or not url.isprintable():
        raise BadInput(f"url: an https address of at most {LONGEST_URL} characters", reason="url")
    if parts.username is not None and not private:
        raise BadInput("url: without a user name; each notice is signed instead", reason="url")


def _may_look_after(actor: Actor) -> None:
    if actor.role not in ROLES:
        raise Forbidden(f"the role {actor.role} may not look after enterprises")
