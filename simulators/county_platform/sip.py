"""SIP messages (RFC 3261) as bytes: taken apart leniently with what was odd about them, put together in any style.

Written here because the SIP libraries of PyPI are telephones; what a registrar needs is small, and its oddities have to
be ours to order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

CRLF = "\r\n"
_COMPACT = {
    "v": "Via", "f": "From", "t": "To", "i": "Call-ID", "m": "Contact", "l": "Content-Length", "c": "Content-Type",
    "e": "Content-Encoding", "s": "Subject", "k": "Supported", "o": "Event", "u": "Allow-Events",
}  # fmt: skip
_SHORT = {name: short for short, name in _COMPACT.items()}
_LENGTH = re.compile(rb"^(?:content-length|l)[ \t]*:[ \t]*(\d+)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_PARAMETER = re.compile(r';\s*([\w.\-]+)(?:\s*=\s*("[^"]*"|[^;,\s>]*))?')
_URI = re.compile(r"<?\s*sips?:(?:(?P<user>[^@<>;]*)@)?(?P<host>[^:;>\s]+)(?::(?P<port>\d+))?(?P<rest>[^>]*)>?")
#: A stream's message that never ends is given up here.
LONGEST = 4_000_000


class NotSip(ValueError):
    """Bytes that are no SIP message; the text says why."""


class Headers(list[tuple[str, str]]):
    """Header lines in order, by their long names as they were written."""

    def all(self, name: str) -> list[str]:
        """Return all values of a header."""
        return [value for each, value in self if each.lower() == name.lower()]

    def first(self, name: str, default: str = "") -> str:
        """Return the first value of a header."""
        return next(iter(self.all(name)), default)


@dataclass(frozen=True)
class Message:
    """A request or a response. `odd` names what was unusual about its bytes, as (rule, text)."""

    first: str
    headers: Headers
    body: bytes = b""
    raw: bytes = b""
    odd: Sequence[tuple[str, str]] = field(default=())

    @property
    def is_request(self) -> bool:
        """Whether it asks for something."""
        return not self.first.startswith("SIP/2.0")

    @property
    def method(self) -> str:
        """The request's method; of a response, the method it answers."""
        return self.first.partition(" ")[0] if self.is_request else self.cseq[1]

    @property
    def uri(self) -> str:
        """The Request-URI."""
        return self.first.split(" ")[1] if self.is_request else ""

    @property
    def status(self) -> int:
        """The response's code, 0 of a request."""
        return 0 if self.is_request else int(self.first.split(" ")[1])

    @property
    def cseq(self) -> tuple[int, str]:
        """Number and method; (-1, "") where there is no such header."""
        number, _, method = self.headers.first("CSeq").partition(" ")
        return (int(number), method.strip()) if number.isascii() and number.isdigit() else (-1, method.strip())

    @property
    def call_id(self) -> str:
        """The Call-ID."""
        return self.headers.first("Call-ID")

    @property
    def via(self) -> str:
        """The topmost Via: its first value, where one line has several."""
        return self.headers.first("Via").partition(",")[0].strip()

    @property
    def branch(self) -> str:
        """The topmost Via's branch."""
        return parameters(self.via).get("branch", "")

    @property
    def sent_by(self) -> str:
        """The topmost Via's host and port."""
        return self.via.partition(";")[0].rpartition(" ")[2]

    def __str__(self) -> str:
        """Show the message as a person would read it."""
        return self.raw.decode("gb18030", "replace")


class Style(NamedTuple):
    """How messages of ours are written: legal, but seldom seen, or as bad stacks do it."""

    bare_lf: bool = False
    compact: bool = False
    folded: bool = False


class Address(NamedTuple):
    """What stands in From, To, Contact: user, host, port and the parameters behind the brackets."""

    user: str
    host: str
    port: int
    parameters: dict[str, str]

    @property
    def tag(self) -> str:
        """The tag, or nothing."""
        return self.parameters.get("tag", "")


def parameters(value: str) -> dict[str, str]:
    """Return the `;name=value` parts of a header's value, names in lower case."""
    return {name.lower(): text.strip('"') for name, text in _PARAMETER.findall(value)}


def address(value: str) -> Address:
    """Read a name-addr or a URI. A value that is none gives an address of empty parts."""
    found = _URI.search(value)
    if found is None:
        return Address("", "", 0, {})
    bracketed = "<" in value
    behind = value[found.end() :] if bracketed else found["rest"]
    return Address(found["user"] or "", found["host"], int(found["port"] or 5060), parameters(behind))


def read(data: bytes) -> Message:
    """Take a message apart. Raises NotSip for what is none.

    Lenient as RFC 3261 and the field ask: bare LF, compact and folded headers, no Content-Length; each oddity that a
    correct peer would not have is named in `odd`.
    """
    odd: list[tuple[str, str]] = []
    end = _HEAD_END.search(data)
    if end is None:
        raise NotSip("no empty line ends the header")
    head, body = data[: end.start()], data[end.end() :]
    if re.search(rb"(?<!\r)\n", data[: end.end()]):
        odd.append(("bare-lf", "a header line ends without CR"))
    try:
        text = head.decode()
    except UnicodeDecodeError:
        odd.append(("header-charset", "the header is no UTF-8"))
        text = head.decode("gb18030", "replace")
    lines = re.sub(r"\r?\n[ \t]+", " ", text).replace(CRLF, "\n").split("\n")
    first = lines[0]
    if not re.fullmatch(r"SIP/2\.0 [1-6]\d\d .*|[A-Z]+ \S+ SIP/2\.0", first):
        raise NotSip(f"no start line: {first[:80]!r}")
    headers = Headers()
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon:
            raise NotSip(f"no header: {line[:80]!r}")
        name = name.strip()
        headers.append((_COMPACT.get(name.lower(), name), value.strip()))
    told = headers.first("Content-Length")
    if told and not told.isdecimal():
        raise NotSip(f"Content-Length: {told!r}")
    if told and int(told) != len(body):
        odd.append(("content-length", f"Content-Length says {told}, the body has {len(body)} bytes"))
        body = body[: int(told)] if int(told) < len(body) else body
    if not told and body:
        odd.append(("content-length", "a body without Content-Length"))
    return Message(first, headers, body, data, tuple(odd))


def write(first: str, headers: Sequence[tuple[str, str]], body: bytes = b"", style: Style | None = None) -> bytes:
    """Put a message together; Content-Length is added."""
    style = style or Style()
    end = "\n" if style.bare_lf else CRLF
    lines = [first]
    for name, value in [*headers, ("Content-Length", str(len(body)))]:
        shown = _SHORT.get(name, name) if style.compact else name
        if style.folded and " " in value and name != "Date":
            value = value.replace(" ", f"{end} ", 1)  # noqa: PLW2901  # the same value, on two lines
        lines.append(f"{shown}: {value}")
    return (end.join(lines) + end * 2).encode() + body


class Framer:
    """Finds messages in a TCP stream, by Content-Length; CRLF between them is a keep-alive."""

    def __init__(self) -> None:
        self._rest = b""
        self.keep_alives = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Take what was read, return the messages that are complete. Raises NotSip for a stream that is none."""
        self._rest += data
        messages: list[bytes] = []
        while True:
            trimmed = self._rest.lstrip(b"\r\n\0")
            if trimmed != self._rest:
                self.keep_alives += 1
            self._rest = trimmed
            end = _HEAD_END.search(self._rest)
            if end is None:
                if len(self._rest) > LONGEST:
                    raise NotSip("a header without an end")
                return messages
            told = _LENGTH.search(self._rest[: end.start() + 2])
            if told is None:
                raise NotSip("no Content-Length on a stream: nobody knows where the message ends")
            length = end.end() + int(told[1])
            if length > LONGEST:
                raise NotSip(f"a message of {length} bytes")
            if len(self._rest) < length:
                return messages
            messages.append(self._rest[:length])
            self._rest = self._rest[length:]
