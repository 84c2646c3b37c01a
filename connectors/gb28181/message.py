"""SIP messages (RFC 3261 section 7): lenient in what is read, strict in what is written. No input, no output.

What field devices get wrong and is read all the same: bare line feeds, folded and compact headers, a missing
`Content-Length` over UDP, one that counts characters instead of bytes, NULs and line ends after the body.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

#: A SIP message that is longer is nobody's honest one.
LONGEST = 1 << 20
MOST_HEADERS = 100
CRLF = b"\r\n"

#: RFC 3261 section 7.3.3 and RFC 6665.
_COMPACT = {
    "i": "Call-ID", "m": "Contact", "e": "Content-Encoding", "l": "Content-Length", "c": "Content-Type", "f": "From",
    "s": "Subject", "k": "Supported", "t": "To", "v": "Via", "o": "Event", "u": "Allow-Events", "r": "Refer-To",
}  # fmt: skip
_TOKEN = re.compile(r"[A-Za-z0-9.!%*_+`'~-]+")
_STATUS = re.compile(r"SIP/2\.0 +(\d{3})(?: +(.*))?$", re.IGNORECASE)
_REQUEST = re.compile(r"([A-Za-z]+) +(\S+) +SIP/2\.0 *$")
_CSEQ = re.compile(r"(\d{1,10})\s+([A-Za-z]+)$")
_TAG = re.compile(r";\s*tag\s*=\s*([^;\s>]+)", re.IGNORECASE)
#: The user and host of an address: `sip:user@host:port;parameters`, in brackets or not, with a display name or none.
_ADDRESS = re.compile(r"sips?:(?:([^@;>\s]*)@)?(\[[^\]]*\]|[^:;>?\s]+)(?::(\d{1,5}))?", re.IGNORECASE)
_BRANCH = re.compile(r";\s*branch\s*=\s*([^;,\s]+)", re.IGNORECASE)

REASONS = {
    100: "Trying", 200: "OK", 202: "Accepted", 302: "Moved Temporarily", 400: "Bad Request", 401: "Unauthorized",
    403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 408: "Request Timeout",
    413: "Request Entity Too Large", 415: "Unsupported Media Type", 420: "Bad Extension", 423: "Interval Too Brief",
    480: "Temporarily Unavailable", 481: "Call/Transaction Does Not Exist", 486: "Busy Here", 487: "Request Terminated",
    488: "Not Acceptable Here", 489: "Bad Event", 500: "Server Internal Error", 501: "Not Implemented",
    503: "Service Unavailable",
}  # fmt: skip


class BadMessage(Exception):
    """These bytes are no SIP message. `status`: what to answer when they are at least a request."""

    def __init__(self, why: str, status: int = 400) -> None:
        super().__init__(why)
        self.status = status


class Address(NamedTuple):
    """The user, host and port a SIP address names; an absent user or port is empty or None."""

    user: str
    host: str
    port: int | None


class Headers(tuple[tuple[str, str], ...]):
    """Name and value of each header, in order; names are read whatever their case."""

    __slots__ = ()

    def first(self, name: str) -> str:
        """Return the first value of a header, empty when there is none."""
        return next((value for known, value in self if known.lower() == name.lower()), "")

    def every(self, name: str) -> list[str]:
        """Return all values of a header, in order."""
        return [value for known, value in self if known.lower() == name.lower()]


class Request(NamedTuple):
    """A request."""

    method: str
    uri: str
    headers: Headers
    body: bytes = b""


class Response(NamedTuple):
    """An answer."""

    status: int
    reason: str
    headers: Headers
    body: bytes = b""


Message = Request | Response


def request(method: str, uri: str, headers: Iterable[tuple[str, str]], body: bytes = b"") -> Request:
    """Return a request."""
    return Request(method, uri, Headers(headers), body)


def respond(
    asked: Request, status: int, more: Iterable[tuple[str, str]] = (), *, tag: str = "", body: bytes = b""
) -> Response:
    """Return the answer to a request (RFC 3261 8.2.6): its Via, From, To, Call-ID and CSeq, `tag` where To has none."""
    to = asked.headers.first("To")
    if status > 100 and tag and not tag_of(to):
        to = f"{to};tag={tag}"
    kept = [("Via", via) for via in asked.headers.every("Via")]
    kept += [("From", asked.headers.first("From")), ("To", to)]
    kept += [(name, asked.headers.first(name)) for name in ("Call-ID", "CSeq")]
    return Response(status, REASONS.get(status, "Unknown"), Headers([*kept, *more]), body)


def seen_from(asked: Request, peer: tuple[str, int]) -> Request:
    """Return a request with where it came from written into its topmost Via (RFC 3581), as its answer carries it."""
    for at, (name, value) in enumerate(asked.headers):
        if name.lower() == "via":
            via, comma, rest = value.partition(",")
            if re.search(r";\s*rport\s*(;|$)", via, re.IGNORECASE):
                via = re.sub(r";\s*rport\s*(?=;|$)", f";rport={peer[1]}", via, flags=re.IGNORECASE)
                via += f";received={peer[0]}"
            headers = [*asked.headers[:at], (name, via + comma + rest), *asked.headers[at + 1 :]]
            return asked._replace(headers=Headers(headers))
    return asked


def write(message: Message) -> bytes:
    """Return the bytes of a message; `Content-Length` is written here. Raises `ValueError` for a broken header."""
    if isinstance(message, Request):
        lines = [f"{message.method} {message.uri} SIP/2.0"]
    else:
        lines = [f"SIP/2.0 {message.status} {message.reason}"]
    lines += [f"{name}: {value}" for name, value in message.headers if name.lower() != "content-length"]
    lines.append(f"Content-Length: {len(message.body)}")
    if any("\r" in line or "\n" in line for line in lines):
        raise ValueError("a header cannot hold a line end")
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + CRLF * 2 + message.body


def read(data: bytes) -> Message:
    """Return the message in a datagram or frame. Raises `BadMessage`."""
    if len(data) > LONGEST:
        raise BadMessage(f"{len(data)} bytes are too many", 413)
    head, body = _split(data.lstrip(b"\r\n\0 "))
    first, headers = _headers(head)
    body = _body(headers, body)
    if status := _STATUS.match(first):
        return _checked(Response(int(status[1]), status[2] or "", headers, body))
    if asked := _REQUEST.match(first):
        return _checked(Request(asked[1].upper(), asked[2], headers, body))
    raise BadMessage(f"no SIP message begins with {first[:60]!r}")


def tag_of(value: str) -> str:
    """Return the tag of a From or To, empty when it has none."""
    found = _TAG.search(value.rpartition(">")[2] or value)
    return found[1] if found else ""


def address_of(value: str) -> Address:
    """Return whom a From, To, Contact or Request-URI names; all empty when nobody can be read in it."""
    found = _ADDRESS.search(value)
    if not found:
        return Address("", "", None)
    port = int(found[3]) if found[3] else None
    return Address(found[1] or "", found[2], port if port is None or port <= 65535 else None)


def branch_of(message: Message) -> str:
    """Return the branch of the topmost Via, empty when it has none."""
    found = _BRANCH.search(message.headers.first("Via"))
    return found[1] if found else ""


def cseq_of(message: Message) -> tuple[int, str]:
    """Return number and method of CSeq. Raises `BadMessage`."""
    found = _CSEQ.match(message.headers.first("CSeq").strip())
    if not found:
        raise BadMessage("CSeq is missing or no number and method")
    return int(found[1]), found[2].upper()


def content_length(head: bytes) -> int | None:
    """Return what the head of a message says of its body's length. Raises `BadMessage` for what is no length."""
    _, headers = _headers(head)
    told = headers.first("Content-Length").strip()
    if not told:
        return None
    if not told.isascii() or not told.isdigit() or len(told) > 9:
        raise BadMessage("Content-Length is no number")
    return int(told)


def end_of_head(data: bytes) -> tuple[int, int] | None:
    """Return where the head ends and where the body begins, None when the head is not whole yet."""
    ends = [(at, at + len(mark)) for mark in (b"\r\n\r\n", b"\n\n", b"\n\r\n") if (at := data.find(mark)) >= 0]
    return min(ends, default=None)


def _split(data: bytes) -> tuple[bytes, bytes]:
    ends = end_of_head(data)
    return (data, b"") if ends is None else (data[: ends[0]], data[ends[1] :])


def _headers(head: bytes) -> tuple[str, Headers]:
    lines = head.decode("utf-8", "surrogateescape").replace("\r\n", "\n").replace("\r", " ").split("\n")
    if len(lines) > MOST_HEADERS:
        raise BadMessage("too many headers")
    found: list[tuple[str, str]] = []
    for line in lines[1:]:
        if line[:1] in {" ", "\t"} and found:  # folded (RFC 3261 7.3.1)
            found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}")
            continue
        name, colon, value = line.partition(":")
        name = name.strip()
        if not line.strip():
            continue
        if not colon or not _TOKEN.fullmatch(name):
            raise BadMessage(f"this is no header: {line[:60]!r}")
        found.append((_COMPACT.get(name.lower(), name), value.strip()))
    return lines[0].strip(), Headers(found)


def _body(headers: Headers, body: bytes) -> bytes:
    told = headers.first("Content-Length").strip()
    if not told or not told.isascii() or not told.isdigit() or int(told[:9]) >= len(body):
        return body.rstrip(b"\0")
    length = int(told[:9])
    # One that counts characters cuts the last tags off: then the whole rest is meant.
    if body[:length].rstrip().endswith(b">") or b"<" not in body[:length]:
        return body[:length]
    return body.rstrip(b"\0\r\n ")


def _checked(message: Message) -> Message:
    """Without these nobody can be answered (RFC 3261 8.1.1)."""
    for name in ("Via", "From", "To", "Call-ID", "CSeq"):
        if not message.headers.first(name):
            raise BadMessage(f"{name} is missing")
    _, method = cseq_of(message)
    if isinstance(message, Request) and method != message.method:
        raise BadMessage("CSeq names another method")
    return message
