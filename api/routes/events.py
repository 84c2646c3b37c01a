"""Events, dead letters, and the HTTP twin of MQTT in."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool

from api.answers.documented import answers
from api.answers.events import DeadLetterPage, EventPage, Ingested
from api.deps import Have, Parts, Reader, allow_to, current_session, open_session, scope_of
from api.device_login import device_of
from api.permissions import PERMISSIONS
from gateway.model.errors import BadInput, Forbidden
from gateway.model.event import ALARM, ALARM_PREFIX, EVENT
from gateway.store import accounts
from gateway.store import events as event_store
from gateway.store.accounts import Session

router = APIRouter(tags=["events"])

Limit = Annotated[int, Query(ge=1, le=1000)]
#: Roles that may hand in events for any device: what people at the desk report, and integrators' tests.
REPORTING_ROLES = PERMISSIONS["events.report"].roles
MOST_BODY = 1_048_576
MOST_MESSAGES = 1000


@router.get("/events", responses=answers(EventPage))
def list_events(  # one parameter per filter
    session: Reader,
    have: Have,
    device: str | None = None,
    place: str | None = None,
    kind: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    cursor: str | None = None,
    limit: Limit = 100,
) -> dict[str, Any]:
    """Events, newest first, within `[since, until)`; times with an offset."""
    now = have.clock.now()
    kept = now - timedelta(days=have.settings.store_keep_days)
    with have.pool.transaction() as connection:
        found = event_store.list_events(
            connection, scope_of(session), device=device, place=place, kind=kind,
            since=_aware(since) or kept, until=_aware(until) or now + timedelta(days=1),
            after=_read_cursor(cursor), limit=limit,
        )  # fmt: skip
    return {"items": found, "next": _write_cursor(found[-1]) if len(found) == limit else None}


@router.get("/dead-letters", responses=answers(DeadLetterPage))
def list_dead_letters(
    session: Annotated[Session, Depends(allow_to("deadletters.read"))],
    have: Have,
    reason: str | None = None,
    standing: bool | None = None,
    before: int | None = None,
    limit: Limit = 100,
) -> dict[str, Any]:
    """Messages that could not become events, newest first, with how many there are of each reason.

    `standing`: those that were not sent on their way again since they last came; false are those that were.
    """
    with have.pool.transaction() as connection:
        found = event_store.dead_letters(
            connection, session.station, reason=reason, standing=standing, before=before, limit=limit
        )
        counts = event_store.dead_letter_counts(connection, session.station)
    for letter in found:
        letter["payload"] = base64.b64encode(bytes(letter["payload"])).decode()
    return {"items": found, "next": found[-1]["id"] if len(found) == limit else None, "counts": counts}


@router.post("/ingest", status_code=202, responses=answers(Ingested, status=202))
async def ingest(request: Request, have: Have) -> dict[str, Any]:
    """Hand in one event, or a list: the native format with `device` beside it. 202 with the inbox id.

    A device authenticates with HTTP Basic (its id and secret) and speaks for itself only.
    """
    reporter = await run_in_threadpool(_reporter, request, have)
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BODY:
            raise BadInput(f"more than {MOST_BODY} bytes; send less at once", reason="oversized")
    return await run_in_threadpool(_ingest, have, reporter, bytes(body))


def _reporter(request: Request, have: Parts) -> str | Session:
    """Return which device, or which person, hands something in. Asked before a byte of the body is read."""
    device = device_of(request, have)
    if device is not None:
        return device
    session = current_session(open_session(request, have), have)
    if session.role not in REPORTING_ROLES:
        raise Forbidden(f"the role {session.role} may not hand in events")
    return session


def _ingest(have: Parts, reporter: str | Session, body: bytes) -> dict[str, Any]:
    device = reporter if isinstance(reporter, str) else None
    station = have.settings.station
    messages = _messages(body)
    if len(messages) > MOST_MESSAGES:
        raise BadInput(f"{len(messages)} messages, at most {MOST_MESSAGES} are taken at once", reason="oversized")
    ids: list[int] = []
    with have.pool.transaction() as connection:
        now = have.clock.now()
        for raw in messages:
            claimed = _claimed(raw, device)
            if device is not None and claimed != device:
                raise Forbidden(f"{device} may not speak for {claimed}")
            lane = ALARM if _kind(raw).startswith(ALARM_PREFIX) else EVENT
            topic = f"anxin/v1/{station}/{claimed}/{lane}"
            ids.append(event_store.inbox_put(connection, station, topic, raw, now))
        if not isinstance(reporter, str):
            accounts.write_audit(
                connection, at=now, station=station, username=reporter.username, act="ingest",
                detail={"inbox": ids[:100]},
            )  # fmt: skip
    return {"id": ids[0] if ids else None, "ids": ids}


def _messages(body: bytes) -> list[bytes]:
    """The messages of a body, each as it was written: the road judges the bytes, not our idea of them."""
    try:
        if body.lstrip()[:1] == b"[":
            return [bytes(raw) for raw in msgspec.json.decode(body, type=list[msgspec.Raw])]
        msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(f"the body is neither a JSON object nor a list of them: {error}", reason="not_json") from error
    return [body]


class _Claims(msgspec.Struct):
    device: str | None = None
    kind: Any = None


def _claimed(raw: bytes, device: str | None) -> str:
    try:
        told = msgspec.json.decode(raw, type=_Claims)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(f"each message is a JSON object with a device: {error}", reason="schema") from error
    claimed = told.device or device
    if not claimed:
        raise BadInput('say which device it is: {"device": "…", "kind": "…", "ts": "…"}', reason="schema")
    return claimed


def _kind(raw: bytes) -> str:
    kind = msgspec.json.decode(raw, type=_Claims).kind
    return kind if isinstance(kind, str) else ""


def _aware(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def _write_cursor(event: dict[str, Any]) -> str:
    told = [event["ts"].isoformat(), event["device"], event["id"]]
    return base64.urlsafe_b64encode(msgspec.json.encode(told)).decode()


def _read_cursor(cursor: str | None) -> tuple[datetime, str, str] | None:
    if cursor is None:
        return None
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(cursor), type=tuple[datetime, str, str])
    except (ValueError, msgspec.DecodeError) as error:
        raise BadInput("the cursor is not one of ours; use `next` as it was given", reason="cursor") from error
