"""Digest authentication (RFC 2617, MD5), judged by the letter: what is right, and what is wrong about it."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from enum import Enum

_FIELD = re.compile(r'(\w+)\s*=\s*(?:"([^"]*)"|([^\s,]+))')


class Verdict(Enum):
    """What credentials are worth."""

    RIGHT = "right"
    WRONG = "wrong"
    STALE = "stale"


def md5(text: str) -> str:
    """Return the MD5 of a text in hexadecimal."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def fields(header: str) -> dict[str, str]:
    """Return the parts of an Authorization or WWW-Authenticate header's value, names in lower case."""
    return {name.lower(): quoted or plain for name, quoted, plain in _FIELD.findall(header.partition(" ")[2])}


def response(user: str, realm: str, password: str, method: str, told: dict[str, str]) -> str:
    """Return the response that belongs to the `nonce`, `uri` and, where there is `qop`, `nc` and `cnonce` told."""
    secret = md5(f"{user}:{realm}:{password}")
    request = md5(f"{method}:{told.get('uri', '')}")
    # WVP renders nc anew, in capitals, before it hashes.
    middle = f"{told.get('nc', '').upper()}:{told.get('cnonce', '')}:{told['qop']}:" if "qop" in told else ""
    return md5(f"{secret}:{told.get('nonce', '')}:{middle}{request}")


@dataclass(frozen=True)
class Challenge:
    """What a 401 asks for; None leaves a part out."""

    realm: str
    qop: str | None = "auth"
    algorithm: str | None = "MD5"
    opaque: str | None = None


class Guard:
    """Gives nonces and judges what comes back."""

    def __init__(self, challenge: Challenge) -> None:
        self.challenge = challenge
        self._nonces: set[str] = set()
        self._used: set[tuple[str, str, str]] = set()

    def change_nonce(self) -> None:
        """Believe in no nonce that was ever given."""
        self._nonces.clear()
        self._used.clear()

    def ask(self, *, stale: bool = False) -> str:
        """Return a WWW-Authenticate header's value with a new nonce."""
        nonce = secrets.token_hex(16)
        self._nonces.add(nonce)
        asked = self.challenge
        parts = [f'realm="{asked.realm}"', f'nonce="{nonce}"']
        parts += [f'opaque="{asked.opaque}"'] if asked.opaque is not None else []
        parts += [f"algorithm={asked.algorithm}"] if asked.algorithm is not None else []
        parts += [f'qop="{asked.qop}"'] if asked.qop is not None else []
        parts += ["stale=true"] if stale else []
        return "Digest " + ", ".join(parts)

    def judge(
        self, header: str, *, user: str, password: str, method: str, uri: str
    ) -> tuple[Verdict, list[tuple[str, str]]]:
        """Judge an Authorization header's value; return what it is worth and the rules it breaks, as (rule, text)."""
        told = fields(header)
        if not header.lower().startswith("digest "):
            return Verdict.WRONG, [("digest-scheme", f"no Digest: {header[:40]!r}")]
        if told.get("nonce") not in self._nonces:
            return Verdict.STALE, []
        faults = self._faults(told, header, uri)
        wanted = response(user, self.challenge.realm, password, method, told)
        right = told.get("username") == user and hmac.compare_digest(told.get("response", ""), wanted)
        use = (told["nonce"], told.get("nc", ""), told.get("cnonce", ""))
        if right and "qop" in told:
            if use in self._used:
                return Verdict.STALE, [*faults, ("digest-replay", f"nonce, nc and cnonce used before: {use}")]
            self._used.add(use)
        # A form that another registrar would refuse is refused here.
        return (Verdict.RIGHT if right and not faults else Verdict.WRONG), faults

    def _faults(self, told: dict[str, str], header: str, uri: str) -> list[tuple[str, str]]:
        asked = self.challenge
        faults = []
        if told.get("realm") != asked.realm:
            faults.append(("digest-realm", f"realm {told.get('realm')!r}, asked {asked.realm!r}"))
        if told.get("uri") != uri:
            faults.append(("digest-uri", f"uri {told.get('uri')!r}, Request-URI {uri!r}"))
        if told.get("opaque") != asked.opaque:
            faults.append(("digest-opaque", f"opaque {told.get('opaque')!r}, asked {asked.opaque!r}"))
        if told.get("algorithm", "MD5") != (asked.algorithm or "MD5"):
            faults.append(("digest-algorithm", f"algorithm {told.get('algorithm')!r}, asked {asked.algorithm!r}"))
        if told.get("qop") != asked.qop:
            faults.append(("digest-qop", f"qop {told.get('qop')!r}, asked {asked.qop!r}"))
        if asked.qop is not None:
            faults += _count_faults(told, header)
        elif told.keys() & {"nc", "cnonce"}:
            faults.append(("digest-qop", "nc or cnonce without qop"))
        return faults


def _count_faults(told: dict[str, str], header: str) -> list[tuple[str, str]]:
    faults = []
    if not re.fullmatch(r"[0-9]{8}", told.get("nc", "")):
        faults.append(("digest-nc", f"nc {told.get('nc')!r}: eight digits, no letters"))
    if re.search(r'nc\s*=\s*"', header):
        faults.append(("digest-nc", "nc is quoted"))
    if not told.get("cnonce"):
        faults.append(("digest-cnonce", "qop without cnonce"))
    return faults
