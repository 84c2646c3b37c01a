"""What push service and phone check of a message: headers (RFC 8030), signature (RFC 8292), encryption (RFC 8291)."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

LONGEST_SIGNED_S = 24 * 3600
"""A signature may not hold for longer (RFC 8292 section 2)."""

_TOPIC = re.compile(r"^[A-Za-z0-9_-]{1,32}\Z")
_URGENCIES = frozenset({"very-low", "low", "normal", "high"})
_HEAD_BYTES, _TAG_BYTES, _SIGNATURE_BYTES = 21, 16, 64


class Refused(Exception):
    """The message is refused, with the status that push services answer."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def check_headers(headers: Mapping[str, str]) -> dict[str, Any]:
    """Return TTL, urgency and topic; raises Refused when one is missing or wrong."""
    ttl, urgency, topic = headers.get("TTL", ""), headers.get("Urgency", "normal"), headers.get("Topic")
    if not ttl.isascii() or not ttl.isdecimal():
        raise Refused("the header TTL is missing or no number of seconds")
    if urgency not in _URGENCIES:
        raise Refused("the header Urgency is none")
    if topic is not None and not _TOPIC.match(topic):
        raise Refused("the header Topic has at most 32 URL-safe characters")
    if headers.get("Content-Encoding") != "aes128gcm":
        raise Refused("the content encoding must be aes128gcm", 415)
    return {"ttl": int(ttl), "urgency": urgency, "topic": topic}


def check_vapid(authorization: str, origin: str, sender: str | None, now: float) -> dict[str, Any]:
    """Return the claims of `vapid t=…,k=…`; raises Refused: 401 without a good signature, 403 for another sender's."""
    scheme, _, rest = authorization.partition(" ")
    parts = dict(part.strip().split("=", 1) for part in rest.split(",") if "=" in part)
    if scheme.lower() != "vapid" or not {"t", "k"} <= parts.keys():
        raise Refused("the header Authorization is no vapid t=…,k=…", 401)
    if sender is not None and parts["k"].rstrip("=") != sender.rstrip("="):
        raise Refused("the subscription is another sender's", 403)
    try:
        signed, _, signature = parts["t"].rpartition(".")
        raw = _bytes_of(signature)
        if len(raw) != _SIGNATURE_BYTES:
            raise Refused("the signature is none of ES256", 401)
        half = _SIGNATURE_BYTES // 2
        der = encode_dss_signature(int.from_bytes(raw[:half]), int.from_bytes(raw[half:]))
        key = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), _bytes_of(parts["k"]))
        key.verify(der, signed.encode(), ECDSA(SHA256()))
        head, _, told = signed.partition(".")
        algorithm = json.loads(_bytes_of(head)).get("alg")
        claims: dict[str, Any] = json.loads(_bytes_of(told))
    except (ValueError, InvalidSignature, AttributeError) as error:
        raise Refused("the signature does not hold", 401) from error
    _check_claims(algorithm, claims, origin, now)
    return claims


def _check_claims(algorithm: object, claims: dict[str, Any], origin: str, now: float) -> None:
    expires = claims.get("exp")
    if algorithm != "ES256":
        raise Refused("the signature must be ES256", 401)
    if claims.get("aud") != origin:
        raise Refused(f"aud must be {origin}", 401)
    if not isinstance(expires, int) or not now < expires <= now + LONGEST_SIGNED_S:
        raise Refused("exp must lie within the next 24 hours", 401)
    if not str(claims.get("sub", "")).startswith(("mailto:", "https:")):
        raise Refused("sub must be a mailto: or https: address", 401)


def decrypt(body: bytes, key: EllipticCurvePrivateKey, secret: bytes) -> bytes:
    """Decrypt as the phone does: aes128gcm in one record, as push messages are. Raises Refused."""
    if len(body) < _HEAD_BYTES:
        raise Refused("the body is no aes128gcm")
    salt, size, length = body[:16], int.from_bytes(body[16:20]), body[20]
    point, sealed = body[_HEAD_BYTES : _HEAD_BYTES + length], body[_HEAD_BYTES + length :]
    if len(sealed) > size or len(sealed) <= _TAG_BYTES:
        raise Refused("a push message is one record")
    try:
        shared = key.exchange(ECDH(), EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point))
    except ValueError as error:
        raise Refused("the sender's key is no point of P-256") from error
    mine = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    material = HKDF(SHA256(), 32, secret, b"WebPush: info\x00" + mine + point).derive(shared)
    content_key = HKDF(SHA256(), 16, salt, b"Content-Encoding: aes128gcm\x00").derive(material)
    nonce = HKDF(SHA256(), 12, salt, b"Content-Encoding: nonce\x00").derive(material)
    try:
        padded = AESGCM(content_key).decrypt(nonce, sealed, None).rstrip(b"\x00")
    except InvalidTag as error:
        raise Refused("the phone cannot decrypt it") from error
    if not padded.endswith(b"\x02"):
        raise Refused("the last record does not end as one")
    return padded[:-1]


def _bytes_of(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise ValueError("no base64") from error
