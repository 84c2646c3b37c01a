"""A browser maker's push service with the phones behind it, as RFC 8030, 8291 and 8292 have it; mounted at `/webpush`.

It checks each request as the real ones do, and then plays the phone: it decrypts the payload with the subscription's
private key and keeps the text. Everything here is written from the RFCs, with none of the sender's libraries.
"""

import json
import secrets
import time
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from simulators.receivers.answers import listing, refusal
from simulators.receivers.faults import FaultBook
from simulators.receivers.journal import Entry
from simulators.receivers.mailbox import Mailbox
from simulators.receivers.receipts import Receipts
from simulators.receivers.subscribed import Phones
from simulators.receivers.web_push import Refused, check_headers, check_vapid, decrypt

MOST_BYTES = 4096
"""The largest body that a push service must take (RFC 8030 section 7.2); ours takes no more."""

COPIED = ("title", "body", "url", "tag", "priority", "drill", "receipt")
"""Fields of a decrypted payload that are repeated beside it for reading."""


class PushService:
    """Registers phones, takes messages for them, and keeps what each phone shows; those that are on say so.

    `phones_path` keeps the subscriptions. Raises OSError, ValueError when that file cannot be read.
    """

    def __init__(
        self, journal_path: Path | None, receipts: Receipts | None = None, phones_path: Path | None = None
    ) -> None:
        self.mailbox = Mailbox(journal_path)
        self._receipts = receipts or Receipts(None)
        self._faults = FaultBook(has_recipients=True)
        self._phones = Phones(phones_path)

    def mount(self) -> Mount:
        """Return the routes below `/webpush`."""
        return Mount(
            "/webpush",
            routes=[
                Route("/subscriptions", self._subscribe, methods=["POST"]),
                Route("/subscriptions/{name}", self._unsubscribe, methods=["DELETE"]),
                Route("/messages", self._list, methods=["GET"]),
                Route("/messages", self._clear, methods=["DELETE"]),
                Route("/send/{token}", self._push, methods=["POST"]),
                *self._faults.routes(),
            ],
        )

    async def _subscribe(self, request: Request) -> Response:
        """Register a phone: `{"phone": NAME, "key": applicationServerKey}` in, its subscription out (201).

        `key` binds the subscription to one sender; without it any may send. The same name again is a new subscription,
        with `"keep": true` the one it has, if it is this sender's.
        """
        try:
            told: Any = json.loads(await request.body())
            name, key, keep = told["phone"], told.get("key"), told.get("keep") is True
        except (ValueError, TypeError, KeyError):
            return refusal('the body is {"phone": NAME, "key": KEY}')
        if not isinstance(name, str) or not name or not isinstance(key, str | None):
            return refusal("phone and key are texts")
        known = self._phones.of_name(name) if keep else None
        phone = known if known is not None and known.sender == key else self._phones.add(name, key)
        endpoint = str(request.url.replace(path=f"{request.scope.get('root_path', '')}/send/{phone.token}", query=""))
        return JSONResponse({"endpoint": endpoint, "expirationTime": None, "keys": phone.keys()}, 201)

    async def _unsubscribe(self, request: Request) -> Response:
        """Let a phone go: its endpoint answers 410 from now on."""
        return Response(status_code=204 if self._phones.forget(request.path_params["name"]) else 404)

    async def _push(self, request: Request) -> Response:
        """Take a message: 201; 400 without TTL, 401/403 for the signature, 404/410 for the phone, 413 too large."""
        phone = self._phones.of_token(request.path_params["token"])
        if phone is None:
            return refusal("there is no such subscription", 404)
        if phone.gone:
            return refusal("the subscription is over", 410)
        body = await request.body()
        if len(body) > MOST_BYTES:
            return refusal(f"at most {MOST_BYTES} bytes are taken", 413)
        try:
            told = check_headers(request.headers)
            origin = f"{request.url.scheme}://{request.url.netloc}"
            claims = check_vapid(request.headers.get("Authorization", ""), origin, phone.sender, time.time())
            shown = json.loads(decrypt(body, phone.key, phone.secret))
        except Refused as error:
            return refusal(str(error), error.status)
        except ValueError as error:
            return refusal(f"the phone cannot read this: {error}")

        def new_entry() -> Entry:
            copied = {name: shown.get(name) if isinstance(shown, dict) else None for name in COPIED}
            return {**copied, "phone": phone.name, **told, "sub": claims.get("sub"), "message": shown}

        def accept() -> Response:
            # Push services know no idempotency key; a repeat is another message to them, and the tag replaces it.
            key = f"{phone.token} {request.headers.get('Idempotency-Key') or secrets.token_hex(8)}"
            self.mailbox.receive(key, new_entry)
            location = f"{request.url.scheme}://{request.url.netloc}/m/{secrets.token_urlsafe(8)}"
            return Response(status_code=201, headers={"Location": location})

        def accept_and_show() -> Response:
            answer = accept()
            if isinstance(shown, dict):
                self._receipts.show(shown)
            return answer

        return await self._faults.answer(request, phone.name, accept_and_show, silently=accept)

    async def _list(self, request: Request) -> Response:
        return listing(request, self.mailbox, "phone")

    async def _clear(self, _request: Request) -> Response:
        self.mailbox.clear()
        return Response(status_code=204)
