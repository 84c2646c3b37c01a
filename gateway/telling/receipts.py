"""Receipts: what phones and providers say of a message after it was accepted.

Three ways in: a phone shows the token its message carried (no session needed), whoever is logged in says it of a
message of theirs, a provider reports by its own number. The token is made from the message's id with the data key:
nothing is stored, the same message sent again carries the same, and one that was made up costs no look into the
database.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from connectors.aliyun_sms.channel import read_report as read_sms_report
from connectors.aliyun_voice.channel import read_report as read_voice_report
from gateway.model.errors import BadInput, Forbidden, NotFound
from gateway.model.ports import Report
from gateway.sealing import Sealer
from gateway.store import receipts
from gateway.store.receipts import Step

_ID_BYTES = 8
#: A provider's report may be on its way for so long; what is older may be a replay.
OLDEST_REPORT = timedelta(minutes=5)
Reader = Callable[[bytes, Mapping[str, str]], list[Report]]
#: How the reports of a channel are read; the others are JSON as `_read_ours` takes it.
READERS: dict[str, Reader] = {
    "sms": lambda body, _headers: read_sms_report(body),
    "voice": lambda body, _headers: read_voice_report(body),
}


def token_of(sealer: Sealer, station: str, notification: int) -> str:
    """Return what a phone shows a message's receipts with: URL-safe, the same for every attempt."""
    told = notification.to_bytes(_ID_BYTES, "big") + sealer.index(str(notification), f"receipt/{station}")
    return base64.urlsafe_b64encode(told).decode().rstrip("=")


def read_token(sealer: Sealer, station: str, token: str) -> int | None:
    """Return the message a token is of; None for one that we did not make."""
    try:
        told = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    notification = int.from_bytes(told[:_ID_BYTES], "big")
    right = sealer.index(str(notification), f"receipt/{station}")
    return notification if hmac.compare_digest(told[_ID_BYTES:], right) and len(told) > _ID_BYTES else None


def receive(  # one keyword per fact of the receipt
    connection: Connection[TupleRow],
    station: str,
    notification: int,
    step: Step,
    *,
    at: datetime | None,
    now: datetime,
    username: str | None = None,
) -> bool:
    """Take a receipt; returns False when there is no such message (of this user, when one is named).

    `at` (aware) is what the phone's clock said. It is believed between the message's making and `now`.
    """
    return receipts.receive(connection, station, notification, step, at=at or now, now=now, username=username)


def check_signature(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    """Raise `Forbidden` unless a provider's report is signed like what goes to the command room, and lately.

    `X-Anxin-Timestamp` (Unix seconds) and `X-Anxin-Signature: sha256=<hex HMAC-SHA256(secret, timestamp.body)>`.
    """
    if not secret:
        raise NotFound("reports of providers are not taken: ANXIN_RECEIPTS_SECRET is not set")
    sent_at = headers.get("x-anxin-timestamp", "")
    right = hmac.new(secret.encode(), f"{sent_at}.".encode() + body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(headers.get("x-anxin-signature", "").encode(), f"sha256={right}".encode()):
        raise Forbidden("the report's signature is not right; sign it with ANXIN_RECEIPTS_SECRET")
    if not sent_at.isascii() or not sent_at.isdigit() or abs(now.timestamp() - int(sent_at)) > OLDEST_REPORT.seconds:
        raise Forbidden("the report's time is too far from ours; it may be a replay")


def check_token(secret: str, channel: str, token: str) -> None:
    """Raise `Forbidden` unless a report's address ends with our token: Alibaba Cloud signs nothing.

    Raises `NotFound` when no token is set, or the channel's provider can sign. Takes as long whatever the token is.
    """
    if channel not in READERS:
        raise NotFound(f"reports of channel {channel!r} are signed: POST /api/v1/receipts/provider/{channel}")
    if not secret:
        raise NotFound("reports of Alibaba Cloud are not taken: ANXIN_ALIYUN_REPORTS_TOKEN is not set")
    if not hmac.compare_digest(token.encode(), secret.encode()):
        raise Forbidden("the address's token is not right; it ends with ANXIN_ALIYUN_REPORTS_TOKEN")


def read_reports(channel: str, body: bytes, headers: Mapping[str, str]) -> list[Report]:
    """Return what a provider's report says. Raises `BadInput` when it cannot be read."""
    try:
        return READERS.get(channel, _read_ours)(body, headers)
    except (msgspec.MsgspecError, ValueError, KeyError, TypeError) as error:
        raise BadInput(f"the report cannot be read: {error}", reason="report") from error


def take_reports(
    connection: Connection[TupleRow], station: str, channel: str, reports: list[Report], now: datetime
) -> int:
    """Take a provider's reports; returns how many were of messages we know. The same again changes nothing."""
    known = 0
    for report in reports:
        notification = receipts.of_provider(connection, station, channel, report.provider_id)
        if notification is None:
            continue
        known += 1
        if report.step == "failed":
            receipts.failed(connection, notification, f"the provider reports: {report.detail or 'failed'}", now)
        else:
            # A key pressed on the phone says that somebody was there. It signs nothing: whoever signs logs in.
            step: Step = "delivered" if report.step == "delivered" else "seen"
            receive(connection, station, notification, step, at=report.at, now=now)
    return known


def _read_ours(body: bytes, _headers: Mapping[str, str]) -> list[Report]:
    """Read `[{"provider_id", "step": delivered|seen|failed, "at", "detail"}, …]`, as our own relays send it."""
    told: Any = json.loads(body)
    reports = msgspec.convert(told, list[Report])
    if any(report.at is not None and report.at.tzinfo is None for report in reports):
        raise ValueError("`at` needs an offset")
    return reports
