"""The way in: bytes become requests, are judged, answered, and badly treated where that was ordered."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable

from simulators.county_platform.asking import AGENT
from simulators.county_platform.checks_sip import check_request
from simulators.county_platform.desk import Desk
from simulators.county_platform.faults import NOISE, Faults
from simulators.county_platform.past import Heard
from simulators.county_platform.registrar import Answer, Registrar
from simulators.county_platform.sending import Sender
from simulators.county_platform.settings import CountySettings
from simulators.county_platform.sip import Message, NotSip, address, read, write
from simulators.county_platform.wire import Source, Wire

_REASONS = {
    200: "OK", 302: "Moved Temporarily", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 408: "Request Timeout", 413: "Request Entity Too Large", 415: "Unsupported Media Type",
    480: "Temporarily Unavailable", 481: "Call/Transaction Does Not Exist", 488: "Not Acceptable Here",
    500: "Server Internal Error", 503: "Service Unavailable",
}  # fmt: skip
_ALLOW = ("Allow", "REGISTER, MESSAGE, NOTIFY, OPTIONS, ACK, BYE")
#: The most requests that are kept to look at.
KEPT = 5000


class Reception:
    """Hears what arrives at the port, under the platform's lock; so runs what is put off by `later`."""

    def __init__(
        self,
        settings: CountySettings,
        wire: Wire,
        sender: Sender,
        registrar: Registrar,
        desk: Desk,
        later: Callable[[float, Callable[[], None]], asyncio.TimerHandle],
    ) -> None:
        self._settings, self._wire, self._sender = settings, wire, sender
        self._registrar, self._desk, self._later = registrar, desk, later
        self.faults, self.past, self.complaints = Faults(), desk.past, desk.complaints
        #: Every request that was heard, retransmissions too.
        self.requests: list[Message] = []

    def heard(self, data: bytes, source: Source) -> None:
        """Take a message."""
        try:
            message = read(data)
        except NotSip as error:
            self.complaints.about(data, [("not-sip", str(error))])
            return
        if not message.is_request:
            self._sender.heard(message)
            return
        del self.requests[: -KEPT + 1]
        self.requests.append(message)
        known, faults = self.past.again(message, source)
        self.complaints.about(message, faults)
        if known is not None:
            if known.response:
                self._emit(known)
            return
        rising = list(self.past.number(message))
        if self.faults.strikes("drop-request", message.method):
            return
        faults = [*check_request(message, source, self._settings), *rising]
        self.complaints.about(message, faults)
        self._take(self.past.remember(message, source))

    def lost(self, source: Source, why: str) -> None:
        """Take note of a TCP connection that ended; `why` where what came was no SIP."""
        self.complaints.about(str(source).encode(), [("not-sip", why)] if why else [])

    def _take(self, heard: Heard) -> None:
        message = heard.message
        if message.method == "ACK":
            return
        wrong = self.faults.status(message.method)
        answer = Answer(wrong) if wrong is not None else self._understand(heard)
        self.complaints.about(message, answer.faults)
        heard.response = self._written(heard, answer)
        late = self.faults.delay_s(message.method)
        if late:
            response, heard.response = heard.response, b""
            self._later(late, lambda: self._answer(heard, response))
        else:
            self._emit(heard)

    def _understand(self, heard: Heard) -> Answer:
        message = heard.message
        if message.method == "REGISTER":
            return self._registrar.hear(message, heard.source)
        if message.method == "MESSAGE":
            return self._desk.message(heard)
        if message.method == "NOTIFY":
            return self._desk.notify(heard)
        if message.method in {"OPTIONS", "BYE"}:
            return Answer(200, (_ALLOW,))
        return Answer(405, (_ALLOW,), (("method", f"{message.method} from below"),))

    def _written(self, heard: Heard, answer: Answer) -> bytes:
        """Put an answer together: RFC 3261's copied headers, `received` and `rport` (RFC 3581)."""
        message, source = heard.message, heard.source
        via = message.headers.first("Via").replace(";rport", f";rport={source.port};received={source.host}", 1)
        to = message.headers.first("To")
        if not address(to).tag:
            to += f";tag={secrets.token_hex(4)}"
        headers = [("Via", via), *(("Via", more) for more in message.headers.all("Via")[1:])]
        headers += [("From", message.headers.first("From")), ("To", to), ("Call-ID", message.call_id)]
        headers += [("CSeq", message.headers.first("CSeq")), ("User-Agent", AGENT), *answer.headers]
        first = f"SIP/2.0 {answer.status} {_REASONS.get(answer.status, 'As Ordered')}"
        return write(first, headers, style=self._sender.style)

    def _answer(self, heard: Heard, response: bytes) -> None:
        heard.response = response
        self._emit(heard)

    def _emit(self, heard: Heard) -> None:
        """Send an answer, for the first time or again."""
        method = heard.message.method
        if self.faults.strikes("drop-response", method):
            heard.lost = True
            return
        noise = self.faults.strikes("garbage", method)
        for _ in range(1 + self.faults.strikes("twice", method)):
            left = self._wire.send(NOISE if noise else heard.response, heard.source)
            heard.sent = heard.sent or (left and not noise)
        heard.lost = heard.lost or noise
