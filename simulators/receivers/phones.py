"""Officers' phones, behind a stand-in for the push provider; mounted at `/phones`."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route

from simulators.receivers.answers import listing, refusal
from simulators.receivers.faults import FaultBook
from simulators.receivers.journal import Entry
from simulators.receivers.mailbox import Mailbox
from simulators.receivers.page import page
from simulators.receivers.receipts import Receipts

COPIED = ("to", "priority", "incident", "alert", "rung")
"""Fields of a message that are repeated beside it for reading; null where a message lacks one."""


class Phones:
    """Takes pushes and keeps what each phone would have shown; phones that are on say that they have it."""

    def __init__(self, journal_path: Path | None, receipts: Receipts | None = None) -> None:
        self.mailbox = Mailbox(journal_path)
        self._receipts = receipts or Receipts(None)
        self._faults = FaultBook(has_recipients=True)

    def mount(self) -> Mount:
        """Return the routes below `/phones`."""
        return Mount(
            "/phones",
            routes=[
                Route("/push", self._push, methods=["POST"]),
                Route("/messages", self._list, methods=["GET"]),
                Route("/messages", self._clear, methods=["DELETE"]),
                *self._faults.routes(),
                Route("/", self._page, methods=["GET"]),
            ],
        )

    async def _push(self, request: Request) -> Response:
        """Take a push: a JSON object in, `{"code": 0, "message_id"}` out; one message per Idempotency-Key."""
        key = request.headers.get("Idempotency-Key", "")
        if not key:
            return refusal("the header Idempotency-Key is missing")
        try:
            message: Any = json.loads(await request.body())
        except ValueError as error:
            return refusal(f"the body is no JSON: {error}")
        if not isinstance(message, dict):
            return refusal("the body is no JSON object")

        def new_entry() -> Entry:
            copied = {name: message.get(name) for name in COPIED}
            return {**copied, "key": key, "message_id": uuid4().hex, "message": message}

        def accept() -> Response:
            entry = self.mailbox.receive(key, new_entry)
            return JSONResponse({"code": 0, "message_id": entry["message_id"]})

        def accept_and_show() -> Response:
            answer = accept()
            self._receipts.show(message)
            return answer

        return await self._faults.answer(request, message.get("to"), accept_and_show, silently=accept)

    async def _list(self, request: Request) -> Response:
        return listing(request, self.mailbox, "to")

    async def _clear(self, _request: Request) -> Response:
        self.mailbox.clear()
        return Response(status_code=204)

    async def _page(self, _request: Request) -> Response:
        return HTMLResponse(page(self.mailbox.entries()))
