"""Receipts: what phones and providers say of the messages they were sent, and how far a message has come."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Request
from pydantic import AwareDatetime, BaseModel

from api.answers.contacts import MessageShown, ReportsTaken
from api.answers.documented import answers
from api.deps import Have, Who, scope_of
from gateway.model.contact import CHANNELS
from gateway.model.errors import BadInput, NotFound
from gateway.store import receipts as receipt_store
from gateway.telling import receipts
from gateway.telling.contacts import SEES_OTHERS

router = APIRouter(tags=["receipts"])

LONGEST_REPORT = 1_000_000
#: Who may see how messages to others came along.
FOLLOWS_OTHERS = SEES_OTHERS | {"operator"}


class Receipt(BaseModel):
    """How far a message has come, and when, by the phone's clock."""

    step: Literal["delivered", "seen"]
    at: AwareDatetime | None = None


async def raw_body(request: Request) -> bytes:
    """The body as it came: a signature covers bytes. Raises `BadInput` when it is too long."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LONGEST_REPORT:
            raise BadInput(f"a report has at most {LONGEST_REPORT} bytes; send it in parts", reason="report")
    return body


@router.post("/receipts/{token}", status_code=204)
def show_receipt(token: Annotated[str, Path(max_length=64)], receipt: Receipt, have: Have) -> None:
    """A phone says that a message has arrived or was seen, with the token the message carried; no session needed.

    The answer is the same whatever the token is worth.
    """
    station = have.settings.station
    notification = receipts.read_token(have.sealer, station, token)
    if notification is None:
        return
    with have.pool.transaction() as connection:
        receipts.receive(connection, station, notification, receipt.step, at=receipt.at, now=have.clock.now())


@router.post("/receipts/provider/{channel}", responses=answers(ReportsTaken))
def take_reports(
    channel: str, request: Request, have: Have, body: Annotated[bytes, Depends(raw_body)]
) -> dict[str, int]:
    """A provider reports what became of messages it had accepted; signed. Answers how many of them are known."""
    if channel not in CHANNELS:
        raise NotFound(f"there is no channel {channel!r}")
    now = have.clock.now()
    receipts.check_signature(have.settings.receipts_secret.get_secret_value(), request.headers, body, now)
    found = receipts.read_reports(channel, body, request.headers)
    with have.pool.transaction() as connection:
        known = receipts.take_reports(connection, have.settings.station, channel, found, now)
    return {"reports": len(found), "known": known}


def _with_token(channel: str, token: str, have: Have) -> None:
    """Looked at before the body is read."""
    receipts.check_token(have.settings.aliyun_reports_token.get_secret_value(), channel, token)


@router.post(
    "/receipts/provider/{channel}/{token}", dependencies=[Depends(_with_token)], responses=answers(ReportsTaken)
)
def take_vendors_reports(
    channel: str, request: Request, have: Have, body: Annotated[bytes, Depends(raw_body)]
) -> dict[str, int]:
    """Alibaba Cloud reports what became of texts and calls, to an address only it knows: it signs nothing.

    `code` is what it wants to read; another status than 200 and it sends the same again.
    """
    found = receipts.read_reports(channel, body, request.headers)
    with have.pool.transaction() as connection:
        known = receipts.take_reports(connection, have.settings.station, channel, found, have.clock.now())
    return {"code": 0, "reports": len(found), "known": known}


@router.get("/notifications/{notification_id}", responses=answers(MessageShown))
def get_notification(notification_id: int, session: Who, have: Have) -> dict[str, Any]:
    """One message to me (the command room and admins: to anybody in reach): how far it has come, and when."""
    with have.pool.transaction() as connection:
        found = receipt_store.get(
            connection, scope_of(session), notification_id, me=session.username,
            others=session.role in FOLLOWS_OTHERS,
        )  # fmt: skip
    if found is None:
        raise _none(notification_id)
    return found


@router.post("/notifications/{notification_id}/receipt", status_code=204)
def give_receipt(notification_id: int, receipt: Receipt, session: Who, have: Have) -> None:
    """I have it: a receipt of a message to me."""
    with have.pool.transaction() as connection:
        taken = receipts.receive(
            connection, session.station, notification_id, receipt.step, at=receipt.at, now=have.clock.now(),
            username=session.username,
        )  # fmt: skip
    if not taken:
        raise _none(notification_id)


def _none(notification_id: int) -> NotFound:
    return NotFound(f"there is no message {notification_id} to you")
