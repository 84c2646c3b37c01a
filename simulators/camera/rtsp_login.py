"""How an RTSP client proves who it is: Basic or Digest (RFC 2617), as cameras still do."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets

_REALM = "camera"


class Login:
    """What one connection must say. Without a user, everybody may look."""

    def __init__(self, user: str | None, password: str, *, basic: bool) -> None:
        self._user, self._password, self._basic = user, password, basic
        self._nonce = secrets.token_hex(16)

    @property
    def challenge(self) -> str:
        """The WWW-Authenticate header's value."""
        return (
            f'Basic realm="{_REALM}"'
            if self._basic
            else f'Digest realm="{_REALM}", nonce="{self._nonce}", algorithm=MD5'
        )

    def accepts(self, method: str, said: str | None) -> bool:
        """Tell whether an Authorization header's value is right for a request."""
        if self._user is None:
            return True
        scheme, _, rest = (said or "").partition(" ")
        if self._basic:
            wanted = base64.b64encode(f"{self._user}:{self._password}".encode()).decode()
            return scheme.lower() == "basic" and hmac.compare_digest(rest.strip(), wanted)
        return scheme.lower() == "digest" and self._right(method, rest)

    def _right(self, method: str, said: str) -> bool:
        told = {name: quoted or plain for name, quoted, plain in re.findall(r'(\w+)=(?:"([^"]*)"|([^\s,]+))', said)}
        if told.get("username") != self._user or told.get("nonce") != self._nonce:
            return False
        secret = _md5(f"{self._user}:{_REALM}:{self._password}")
        request = _md5(f"{method}:{told.get('uri', '')}")
        middle = f"{told.get('nc', '')}:{told.get('cnonce', '')}:{told['qop']}:" if "qop" in told else ""
        wanted = _md5(f"{secret}:{self._nonce}:{middle}{request}")
        return hmac.compare_digest(told.get("response", ""), wanted)


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
