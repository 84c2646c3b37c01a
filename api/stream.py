"""The live stream (server-sent events): what changed, in order, from where the browser left off.

`id:` is the change's number, so `Last-Event-ID` resumes without gap or repeat. A first connection gets `hello` with
the present position: fetch the lists after it and nothing is missed. `reset` says that the position asked for is no
longer kept: fetch the lists anew. `heartbeat` comes every 15 s: after 40 s without a frame the
connection is dead, whatever the browser believes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from api import shown
from api.answers.documented import frames
from api.deps import Have, Parts, Watcher, found_session, hashed, over, scope_of, token_of, touch
from gateway.clock import monotonic
from gateway.model.errors import StoreUnavailable
from gateway.model.scope import Scope
from gateway.store.accounts import Session
from gateway.store.changes import Numbered

router = APIRouter(tags=["stream"])

HEARTBEAT_S = 15.0
_encode = msgspec.json.Encoder().encode


@router.get("/stream", response_class=StreamingResponse, responses=frames())
async def stream(request: Request, session: Watcher, have: Have, last_event_id: int | None = None) -> StreamingResponse:
    """Follow alerts, incidents and work items live. Resume with the `Last-Event-ID` header (or `last_event_id`)."""
    header = request.headers.get("Last-Event-ID", "")
    asked = int(header) if header.isdecimal() else last_event_id
    oldest, newest = await have.follower.span()
    first: list[bytes] = []
    if asked is None:
        position = newest
        first.append(_frame("hello", {"position": newest}, newest))
    elif asked > newest or (oldest and asked < oldest - 1):
        position = newest
        first.append(_frame("reset", {"position": newest}, newest))
    else:
        position = asked
    token = token_of(request)
    return StreamingResponse(
        _frames(have, session, hashed(token) if token else "", position, first),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _frames(have: Parts, who: Session, session: str, position: int, first: list[bytes]) -> AsyncIterator[bytes]:
    scope = scope_of(who)
    news = have.follower.subscribe()
    try:
        yield b"retry: 2000\n\n" + b"".join(first)
        heartbeat_at = monotonic() + HEARTBEAT_S
        while True:
            news.clear()
            if monotonic() >= heartbeat_at:
                heartbeat_at = monotonic() + HEARTBEAT_S
                # With the position: whoever sees little still resumes from here, not from long ago.
                yield _frame("heartbeat", {"position": position}, position)
                if not await asyncio.to_thread(_still_logged_in, have, session):
                    return
            changes, patience = await _news(have, position)
            if changes:
                position = changes[-1].id
                told = b"".join(
                    _frame(c.kind, shown.to(who, c.kind, c.body), c.id)
                    for c in changes
                    if _within(c, scope) and shown.follows(who, c.kind)
                )
                if told:
                    yield told
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(min(patience, max(heartbeat_at - monotonic(), 0))):
                    await news.wait()
    finally:
        have.follower.unsubscribe(news)


async def _news(have: Parts, position: int) -> tuple[list[Numbered], float]:
    """Return what is new and, when nothing is, how long to wait for being told."""
    try:
        return await have.follower.after(position), HEARTBEAT_S
    except StoreUnavailable:
        return [], 1.0


def _within(change: Numbered, scope: Scope) -> bool:
    return scope.areas is None or change.area in scope.areas


def _frame(kind: str, body: object, number: int) -> bytes:
    return b"event: " + kind.encode() + b"\nid: %d\ndata: " % number + _encode(body) + b"\n\n"


def _still_logged_in(have: Parts, session: str) -> bool:
    try:
        with have.pool.transaction() as connection:
            now, found = have.clock.now(), found_session(connection, session)
            # Whoever follows is not idle.
            if found is None or over(msgspec.structs.replace(found, used_at=now), have.settings, now) is not None:
                return False
            touch(connection, found, session, now)
    except StoreUnavailable:
        return True  # nobody can be logged out while the database is away
    return True
