"""The Web Push channel: RFC 8030 (delivery), 8291 (encryption, aes128gcm), 8292 (VAPID).

A recipient is a browser's subscription as JSON: `{"endpoint": …, "keys": {"p256dh": …, "auth": …}}`. It is user input:
`connectors/endpoint.py` decides where it may lead.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Callable
from datetime import datetime, timedelta

import http_ece
import httpx2 as httpx
import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey, generate_private_key
from py_vapid import Vapid02, VapidException

from connectors.endpoint import NotAllowed, endpoint_of, origin_of, secret_parts
from connectors.hiding import hidden
from connectors.http_outcome import NEVER, TIMEOUT_S, post
from connectors.wording import said
from gateway.model.ports import Message, Outcome

#: How long a signature holds; push services refuse more than a day.
SIGNED_FOR = timedelta(hours=12)
#: Our own limit; what push services take is 4 KB with everything around it.
MOST_BYTES = 1024
URGENCY = {"P1": "high", "P2": "high", "P3": "normal", "P4": "low"}
#: The longest that a push service keeps a message (RFC 8030 leaves it to them; they cut at four weeks).
LONGEST_TTL_S = 28 * 24 * 3600
#: The subscription is over (RFC 8030 section 7.3); 404 is what expired ones answer.
_GONE = frozenset({404, 410})
#: 401 and 403: it subscribed with another key than ours, or our clock is off. Another way is better than trying again.
_NEVER = NEVER | {401, 403}
_AUTH_BYTES = 16


class _Keys(msgspec.Struct):
    p256dh: str
    auth: str


class Subscription(msgspec.Struct):
    """A browser's push subscription, as `PushSubscription.toJSON` gives it."""

    endpoint: str
    keys: _Keys


class WebPushChannel:
    """Encrypts, signs and posts. `key` is the VAPID private key as `vapid_of` reads it, `now` the time of the world."""

    name = "web_push"
    receipts = True
    rate_per_min: int | None = None

    def __init__(  # one keyword per thing it is set up with
        self,
        key: str,
        contact: str,
        now: Callable[[], datetime],
        *,
        private_endpoints: bool = False,
        limit_s: float = TIMEOUT_S,
    ) -> None:
        self._vapid, self._contact, self._now = vapid_of(key), contact, now
        self._private, self._limit_s = private_endpoints, limit_s
        # Connections are not kept: one is to an address, and push services share addresses. Another host's message must
        # not travel on a connection whose certificate was checked for the first.
        self._client = httpx.AsyncClient(timeout=limit_s, limits=httpx.Limits(max_keepalive_connections=0))

    async def send(self, message: Message) -> Outcome:
        """Hand one message to the push service of the subscription's browser."""
        try:
            told = msgspec.json.decode(message.recipient, type=Subscription)
            body = encrypted(payload_of(message), told)
            origin = origin_of(told.endpoint)
            endpoint = await asyncio.wait_for(endpoint_of(told.endpoint, private=self._private), self._limit_s / 2)
        except NotAllowed as error:
            return Outcome("refused", f"no message is sent to this endpoint: {error}")
        except (ValueError, UnsupportedAlgorithm):  # msgspec's errors are ValueErrors too
            return Outcome("gone", "the address is no push subscription; let the phone subscribe again")
        except OSError as error:
            return Outcome("retry", hidden(f"the push service has no address now: {error}", told.endpoint))
        try:
            headers = self._headers(message, origin) | endpoint.headers
        except VapidException as error:
            return Outcome("refused", f"it cannot be signed; is ANXIN_WEB_PUSH_CONTACT a mailto: address? {error}")
        answer = await post(
            self._client,
            message,
            endpoint.url,
            body,
            headers,
            gone=_GONE,
            never=_NEVER,
            hide=[
                told.endpoint,
                endpoint.url,
                *secret_parts(told.endpoint),
                told.keys.auth,
                told.keys.p256dh,
                headers["Authorization"],
            ],
            limit_s=self._limit_s,
            extensions=endpoint.extensions,
        )
        return answer if isinstance(answer, Outcome) else Outcome("accepted")

    def _headers(self, message: Message, origin: str) -> dict[str, str]:
        claims = {"aud": origin, "sub": self._contact, "exp": int((self._now() + SIGNED_FOR).timestamp())}
        topic = {} if message.incident is None else {"Topic": f"incident-{message.incident}"[:32]}
        return {
            **self._vapid.sign(claims),
            "Content-Type": "application/octet-stream",
            "Content-Encoding": "aes128gcm",
            "TTL": str(min(max(int(message.body.get("ttl_s") or 0), 0), LONGEST_TTL_S)),
            "Urgency": URGENCY.get(message.priority, "normal"),
            **topic,
        }

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.aclose()


def vapid_of(key: str) -> Vapid02:
    """Return the signer of a private key: 32 bytes in URL-safe base64. Raises ValueError."""
    wrong = "the Web Push key is none: 32 random bytes in URL-safe base64"
    try:
        raw = _bytes_of(key)
        signer = Vapid02.from_raw(base64.urlsafe_b64encode(raw).rstrip(b"="))
    except (binascii.Error, ValueError) as error:
        raise ValueError(wrong) from error
    if len(raw) != 32:  # noqa: PLR2004  # a P-256 scalar
        raise ValueError(wrong)
    return signer


def payload_of(message: Message) -> bytes:
    """Return what the service worker gets: JSON, at most 1 KB; the English goes first when it is too long."""
    told = {
        "title": {"zh": said(message, "title"), "en": said(message, "title", "en")},
        "body": {"zh": said(message, "body"), "en": said(message, "body", "en")},
        "url": str(message.body.get("url") or "/m"),
        "tag": f"incident-{message.incident}" if message.incident is not None else f"message-{message.id}",
        "priority": message.priority,
        "drill": bool(message.body.get("drill")),
        "receipt": message.body.get("receipt"),
    }
    if len(payload := msgspec.json.encode(told)) <= MOST_BYTES:
        return payload
    told |= {"title": {"zh": told["title"]["zh"][:60]}, "body": {"zh": told["body"]["zh"][:120]}}  # type: ignore[index]
    return msgspec.json.encode(told)


def encrypted(payload: bytes, to: Subscription) -> bytes:
    """Encrypt for one subscription (RFC 8291). Raises ValueError when its keys are none."""
    auth, point = _bytes_of(to.keys.auth), _bytes_of(to.keys.p256dh)
    if len(auth) != _AUTH_BYTES:
        raise ValueError("the secret has another length")
    EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
    sealed: bytes = http_ece.encrypt(
        payload, private_key=generate_private_key(SECP256R1()), dh=point, auth_secret=auth, version="aes128gcm"
    )
    return sealed


def _bytes_of(text: str) -> bytes:
    return base64.urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))
