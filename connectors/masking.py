"""A message of SIP or HTTP as people may read it: text, and nothing in it that lets anybody log in as us."""

from __future__ import annotations

import re
from collections.abc import Iterator

#: Headers that carry what is hashed with the password (RFC 3261 20.7, 20.27, 20.44; `Note`: GB/T 28181 8.3).
_SECRET = re.compile(
    r"^((?:proxy-)?(?:authorization|authenticate|authentication-info)|www-authenticate|note)[ \t]*:", re.IGNORECASE
)
_PARAMETER = re.compile(r'([A-Za-z][\w-]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
#: What of a challenge and its answer says how it went, and helps nobody to guess the password.
_TOLD = frozenset({"username", "realm", "uri", "algorithm", "qop", "nc", "stale"})
HIDDEN = "***"
#: A shorter password is a piece of any message; it is never sent as it is.
SHORTEST = 6


def masked(data: bytes, password: str = "", charset: str = "gb18030") -> str:
    """Return a message as text, lines ended by a line feed: of credentials only what stands in `_TOLD` is left."""
    text = "\n".join(_lines(data.decode(charset, "replace")))
    return text.replace(password, HIDDEN) if len(password) >= SHORTEST else text


def _lines(text: str) -> Iterator[str]:
    held: str | None = None
    for line in re.split(r"\r\n|\r|\n", text):
        if held is not None and line[:1] in (" ", "\t"):
            held += line  # a header goes on in the next line (RFC 3261 7.3.1)
            continue
        if held is not None:
            yield _hide(held)
            held = None
        if _SECRET.match(line):
            held = line
        else:
            yield line
    if held is not None:
        yield _hide(held)


def _hide(header: str) -> str:
    name, _, value = header.partition(":")
    scheme, _, rest = value.strip().partition(" ")
    if scheme.lower() != "digest":
        return f"{name}: {HIDDEN}"
    parts = [
        f'{one}="{(quoted or plain) if one.lower() in _TOLD else HIDDEN}"'
        for one, quoted, plain in _PARAMETER.findall(rest)
    ]
    return f"{name}: Digest {', '.join(parts)}"
