"""What is refused of a payload whatever its format: size, encoding, NUL, depth, times at which nothing happened.

Each check raises `BadInput` with the reason that a dead letter carries.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import msgspec

from gateway.model.errors import BadInput

#: The largest message taken; a report is some hundred bytes.
MOST_BYTES = 65_536
#: How deep what is stored may be nested. Who reads it again (the API, a rule) recurses, with more of the stack in use.
MOST_DEPTH = 32

_SURROGATE_OR_NUL = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
#: A NUL in canonical JSON: its backslash is not itself escaped, as it is in the harmless `"\\\\u0000"`.
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
#: Clocks that lost their power start again in 1970 or 2000: judged later, by their lateness. Before this is nonsense.
_OLDEST = datetime(1900, 1, 1, tzinfo=UTC)
#: The year 9999 is how software writes «never»; its last hours cannot even be told in UTC.
_NEWEST = datetime(9999, 1, 1, tzinfo=UTC)


def check_size(payload: bytes) -> None:
    """Refuse more bytes than a report can need."""
    if len(payload) > MOST_BYTES:
        raise BadInput(f"{len(payload)} bytes, at most {MOST_BYTES} are taken", reason="oversized")


def check_escapes(payload: bytes) -> None:
    """Refuse a NUL in JSON: the store keeps text, which knows none. Half a surrogate pair the decoder refuses."""
    if b"\\u" not in payload or _SURROGATE_OR_NUL.search(payload) is None:
        return
    try:
        text = msgspec.json.encode(msgspec.json.decode(payload)).decode()
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return  # the decoder proper will say why
    if _NUL.search(text) is not None:
        raise BadInput("a NUL character inside a string", reason="nul_character")


def check_time(moment: datetime) -> None:
    """Refuse an aware time at which nothing can have happened."""
    if moment < _OLDEST:
        raise BadInput(f"{moment} is before there were devices", reason="too_late")
    if moment >= _NEWEST:
        raise BadInput(f"{moment} is no time at which anything happened", reason="absurd_ts")


def check_depth(value: Any, payload: bytes, what: str = "data") -> None:
    """Refuse what is nested too deep. `payload` is what it was read from: most cannot be, which is quickly told."""
    if payload.count(b"[") + payload.count(b"{") > MOST_DEPTH and _deeper(value, MOST_DEPTH):
        raise BadInput(f"{what} is nested deeper than {MOST_DEPTH} levels", reason="too_deep")


def why_not_json(payload: bytes) -> str:
    """Return the reason for a payload that no JSON decoder takes."""
    try:
        payload.decode()
    except UnicodeDecodeError:
        return "not_utf8"
    return "not_json"


def read_any(payload: bytes) -> Any:
    """Return the JSON a payload holds, or its text when it is none: many devices say a bare `ON`."""
    check_size(payload)
    check_escapes(payload)
    try:
        told = msgspec.json.decode(payload)
    except RecursionError as error:
        raise BadInput("nested too deep", reason="too_deep") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return _text(payload, error)
    check_depth(told, payload, "the message")
    return told


def _text(payload: bytes, error: Exception) -> str:
    try:
        text = payload.decode()
    except UnicodeDecodeError as undecodable:
        raise BadInput(str(undecodable), reason="not_utf8") from undecodable
    if text.lstrip()[:1] in {"{", "["}:
        raise BadInput(str(error), reason="not_json") from error
    if "\x00" in text:
        raise BadInput("a NUL character in the text", reason="nul_character")
    return text


def _deeper(value: Any, levels: int) -> bool:
    """Say whether lists and objects are nested in `value` more than `levels` deep, itself included."""
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return False
    return levels == 0 or any(_deeper(part, levels - 1) for part in value)
