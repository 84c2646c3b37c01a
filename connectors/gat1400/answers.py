"""What a platform answers, read leniently: a batch, one, or bare; StatusCode as number or text; any Content-Type."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec


class Status(NamedTuple):
    """A StatusCode, what was said with it, and of which object (may be empty)."""

    code: int
    text: str
    id: str


class Reply(NamedTuple):
    """An answer: its HTTP status, 0 when there was none (`why` says why), and the StatusCodes in it."""

    http: int
    statuses: tuple[Status, ...] = ()
    why: str = ""


def read_statuses(body: bytes) -> tuple[Status, ...]:
    """Return the StatusCodes of an answer; none where there are none."""
    try:
        told = msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ()
    return tuple(status for one in _objects(told) if (status := _status(one)) is not None)


def listed(told: Any) -> list[dict[str, Any]]:
    """Return the objects of a list, where one object may stand for a list of one."""
    return [one for one in (told if isinstance(told, list) else [told]) if isinstance(one, dict)]


def _objects(told: Any) -> list[dict[str, Any]]:
    """Unwrap ResponseStatusListObject and ResponseStatusObject, in whatever nesting."""
    for key in ("ResponseStatusListObject", "ResponseStatusObject"):
        if isinstance(told, dict) and key in told:
            return [inner for one in listed(told[key]) for inner in _objects(one)]
    return listed(told)


def _status(one: dict[str, Any]) -> Status | None:
    code = one.get("StatusCode")
    if isinstance(code, bool) or not isinstance(code, int | str):
        return None
    try:
        number = int(code)
    except ValueError:
        return None
    return Status(number, str(one.get("StatusString") or "")[:200], str(one.get("Id") or one.get("ID") or ""))
