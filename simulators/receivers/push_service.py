"""A browser maker's push service with the phones behind it, as RFC 8030, 8291 and 8292 have it; mounted at `/webpush`.

It checks each request as the real ones do, and then plays the phone: it decrypts the payload with the subscription's
private key and keeps the text. Everything here is written from the RFCs, with none of the sender's libraries.
"""

import base64
import json
import secrets
import time
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from simulators.receivers.answers import listing, refusal
from simulators.receivers.faults import FaultBook
from simulators.receivers.journal import Entry
from simulators.receivers.mailbox import Mailbox
from simulators.receivers.web_push import Refused, check_headers, check_vapid, decrypt

MOST_BYTES = 4096
"""The largest body that a push service must take (RFC 8030 section 7.2); ours takes no more."""

COPIED = ("title", "body", "url", "tag", "priority", "drill", "receipt")
"""Fields of a decrypted payload that are repeated beside it for reading."""


class PushService:
    """Registers phones, takes messages for them, and keeps what each phone shows."""

    def __init__(self, journal_path: Path | None) -> None:
        self.mailbox = Mailbox(journal_path)
        self._faults = FaultBook(has_recipients=True)
        self._phones: dict[str, Phone] = {}

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

        `key` binds the subscription to one sender; without it any may send. The same name again is a new subscription.
        """
        try:
            told: Any = json.loads(await request.body())
            name, key = told["phone"], told.get("key")
        except (ValueError, TypeError, KeyError):
            return refusal('the body is {"phone": NAME, "key": KEY}')
        if not isinstance(name, str) or not name or not isinstance(key, str | None):
            return refusal("phone and key are texts")
        self._forget(name)
        phone = Phone(name, key)
        self._phones[phone.token] = phone
        endpoint = str(request.url.replace(path=f"{request.scope.get('root_path', '')}/send/{phone.token}", query=""))
        return JSONResponse({"endpoint": endpoint, "expirationTime": None, "keys": phone.keys()}, 201)

    async def _unsubscribe(self, request: Request) -> Response:
        """Let a phone go: its endpoint answers 410 from now on."""
        return Response(status_code=204 if self._forget(request.path_params["name"]) else 404)

    async def _push(self, request: Request) -> Response:
        """Take a message: 201; 400 without TTL, 401/403 for the signature, 404/410 for the phone, 413 too large."""
        phone = self._phones.get(request.path_params["token"])
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

        return await self._faults.answer(request, phone.name, accept)

    async def _list(self, request: Request) -> Response:
        return listing(request, self.mailbox, "phone")

    async def _clear(self, _request: Request) -> Response:
        self.mailbox.clear()
        return Response(status_code=204)

    def _forget(self, name: str) -> bool:
        found = [phone for phone in self._phones.values() if phone.name == name and not phone.gone]
        for phone in found:
            phone.gone = True
        return bool(found)


class Phone:
    """One phone's subscription: its keys, its secret, who may send to it (None: anybody)."""

    def __init__(self, name: str, sender: str | None) -> None:
        self.name, self.sender, self.gone = name, sender, False
        self.token = secrets.token_urlsafe(32)
        self.key: EllipticCurvePrivateKey = generate_private_key(SECP256R1())
        self.secret = secrets.token_bytes(16)

    def keys(self) -> dict[str, str]:
        """Return `keys` of the subscription, as a browser tells them."""
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {"p256dh": text_of(point), "auth": text_of(self.secret)}


def text_of(raw: bytes) -> str:
    """Return bytes in URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
