"""The station's command room, which takes signed CloudEvents; mounted at `/command-room`."""

import hmac
import json
import time
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from simulators.receivers.answers import listing, refusal
from simulators.receivers.faults import FaultBook
from simulators.receivers.journal import Entry
from simulators.receivers.mailbox import Mailbox

OLDEST_S = 300
"""How far a request's timestamp may be from now; what is older may be a replay."""

CONTENT_TYPE = "application/cloudevents+json"
REQUIRED = ("id", "source", "type")


class CommandRoom:
    """Takes CloudEvents 1.0 in structured JSON, if the signature is right, and keeps them."""

    def __init__(self, secret: str, journal_path: Path | None) -> None:
        self.mailbox = Mailbox(journal_path)
        self._secret = secret.encode()
        self._faults = FaultBook(has_recipients=False)

    def mount(self) -> Mount:
        """Return the routes below `/command-room`."""
        return Mount(
            "/command-room",
            routes=[
                Route("/events", self._receive, methods=["POST"]),
                Route("/events", self._list, methods=["GET"]),
                Route("/events", self._clear, methods=["DELETE"]),
                *self._faults.routes(),
            ],
        )

    async def _receive(self, request: Request) -> Response:
        """Take one event: 204; 401 for a wrong signature, 400 for an old timestamp or no CloudEvent."""
        body = await request.body()
        sent_at = request.headers.get("X-Anxin-Timestamp", "")
        signature = request.headers.get("X-Anxin-Signature", "")
        if not hmac.compare_digest(signature.encode(), sign(self._secret, sent_at, body).encode()):
            return refusal("the signature in X-Anxin-Signature is wrong or missing", 401)
        if not sent_at.isdecimal() or abs(time.time() - int(sent_at)) > OLDEST_S:
            return refusal(f"X-Anxin-Timestamp must be unix seconds within {OLDEST_S} s of now")
        if request.headers.get("Content-Type", "").partition(";")[0].strip() != CONTENT_TYPE:
            return refusal(f"the content type must be {CONTENT_TYPE}", 415)
        try:
            event = read_cloud_event(body)
        except ValueError as error:
            return refusal(str(error))

        def new_entry() -> Entry:
            copied = {name: event.get(name) for name in (*REQUIRED, "subject")}
            return {**copied, "event": event}

        def accept() -> Response:
            # CloudEvents: source and id together say which event it is.
            self.mailbox.receive(f"{event['source']} {event['id']}", new_entry)
            return Response(status_code=204)

        return await self._faults.answer(request, None, accept)

    async def _list(self, request: Request) -> Response:
        return listing(request, self.mailbox, "type", "subject")

    async def _clear(self, _request: Request) -> Response:
        self.mailbox.clear()
        return Response(status_code=204)


def sign(secret: bytes, sent_at: str, body: bytes) -> str:
    """Return the signature header's value: `sha256=` and the hex HMAC-SHA256 of `sent_at.body`."""
    return f"sha256={hmac.new(secret, sent_at.encode() + b'.' + body, 'sha256').hexdigest()}"


def read_cloud_event(body: bytes) -> dict[str, Any]:
    """Read a CloudEvent; raises ValueError that says what is missing."""
    try:
        event: Any = json.loads(body)
    except ValueError as error:
        raise ValueError(f"the body is no JSON: {error}") from error
    if not isinstance(event, dict) or event.get("specversion") != "1.0":
        raise ValueError("the body is no CloudEvent with specversion 1.0")
    for name in REQUIRED:
        if not isinstance(event.get(name), str) or not event[name]:
            raise ValueError(f"the CloudEvent lacks {name}")
    return event
