"""Answers to a challenge (RFC 2617 and RFC 7616 with MD5): what GB/T 28181 registrars and GA/T 1400 servers ask for."""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

_PARAMETER = re.compile(r'([A-Za-z][\w-]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')


class Unsupported(Exception):
    """The challenge asks for what we cannot do: another algorithm than MD5, or another way than a digest."""


class Challenge(NamedTuple):
    """What a registrar asks: `qop` is empty when it names none."""

    realm: str
    nonce: str
    qop: str
    opaque: str
    stale: bool
    #: As it was written, so that it is given back only where it was given.
    algorithm: str


def read_challenge(value: str) -> Challenge:
    """Return the challenge of a WWW-Authenticate header. Raises `Unsupported` with what it asks for."""
    scheme, _, rest = value.strip().partition(" ")
    if scheme.lower() != "digest":
        raise Unsupported(f"the registrar asks for {scheme or 'nothing'}, only Digest is known")
    told = {name.lower(): quoted or plain for name, quoted, plain in _PARAMETER.findall(rest)}
    algorithm = told.get("algorithm", "")
    if algorithm.upper() not in {"", "MD5"}:
        raise Unsupported(f"the registrar asks for a digest with {algorithm}, only MD5 is known")
    offered = {one.strip().lower() for one in told.get("qop", "").split(",") if one.strip()}
    if offered and "auth" not in offered:
        raise Unsupported(f"the registrar asks for qop {told['qop']}, only auth is known")
    if not told.get("nonce"):
        raise Unsupported("the registrar's challenge has no nonce")
    return Challenge(
        told.get("realm", ""), told["nonce"], "auth" if offered else "", told.get("opaque", ""),
        told.get("stale", "").lower() == "true", algorithm,
    )  # fmt: skip


def authorization(  # one argument per thing that is hashed
    challenge: Challenge, method: str, uri: str, username: str, password: str, cnonce: str
) -> str:
    """Return the Authorization header. `uri` is the Request-URI to the byte; each use wants a `cnonce` of its own.

    The count of a nonce's uses stays 1, with a new cnonce each time: some platforms write its hexadecimal digits in
    upper case before they hash it.
    """
    secret = _md5(f"{username}:{challenge.realm}:{password}")
    asked = _md5(f"{method}:{uri}")
    count = "00000001"
    middle = f"{challenge.nonce}:{count}:{cnonce}:auth" if challenge.qop else challenge.nonce
    parts = [
        f'username="{username}"', f'realm="{challenge.realm}"', f'nonce="{challenge.nonce}"', f'uri="{uri}"',
        f'response="{_md5(f"{secret}:{middle}:{asked}")}"',
    ]  # fmt: skip
    if challenge.algorithm:
        parts.append(f"algorithm={challenge.algorithm}")
    if challenge.qop:
        parts += ["qop=auth", f"nc={count}", f'cnonce="{cnonce}"']
    if challenge.opaque:
        parts.append(f'opaque="{challenge.opaque}"')
    return f"Digest {', '.join(parts)}"


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
