"""Requests of ours: client transactions over UDP and TCP with RFC 3261's timers, and what became of each."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from simulators.county_platform.checks_sip import MAGIC, check_response
from simulators.county_platform.manscdp import Body, Fault
from simulators.county_platform.settings import T2_S, WAITS_T1, CountySettings
from simulators.county_platform.sip import Message, Style, read, write
from simulators.county_platform.watch import Watch
from simulators.county_platform.wire import Source, Wire

FINAL = 200
REFUSED = 300
TIMEOUT, NO_CONNECTION = 408, 503


@dataclass
class Exchange:
    """A request of ours and what came of it. `status`: the final one; 408 after timer F, 503 without a connection.

    `answers`: MANSCDP Responses with our SN, in order; `done`: none more is expected. `retransmissions`: of our own.
    """

    kind: str
    device: str
    target: str
    request: Message
    watch: Watch
    cmd_type: str = ""
    sn: str = ""
    #: Whether a MANSCDP Response is to come; None where the standard leaves it open.
    wants_answer: bool | None = None
    status: int | None = None
    responses: list[Message] = field(default_factory=list)
    answers: list[Body] = field(default_factory=list)
    done: bool = False
    retransmissions: int = 0
    #: Dialogs: the peer's tag.
    remote_tag: str = ""
    #: Monotonic seconds.
    began: float = 0.0

    def wait_status(self, timeout_s: float = 5.0) -> int:
        """Wait for the final status. Raises TimeoutError."""
        return self.watch.until(lambda: self.status, timeout_s, f"a final answer to {self.kind}") or 0

    def wait_answer(self, timeout_s: float = 5.0) -> Body:
        """Wait until all that was asked for is there, return the last message of it. Raises TimeoutError."""
        self.watch.until(lambda: self.done, timeout_s, f"the Response to {self.kind} (SIP {self.status})")
        return self.answers[-1]


@dataclass
class _Transaction:
    exchange: Exchange
    data: bytes
    to: Source
    final: Callable[[Message | None], None]
    interval: float
    waited: float = 0.0
    timer: asyncio.TimerHandle | None = None


class Sender:
    """Sends requests and takes their responses. `later(s, what)` runs under the platform's lock."""

    def __init__(
        self,
        wire: Wire,
        settings: CountySettings,
        later: Callable[[float, Callable[[], None]], asyncio.TimerHandle],
        complain: Callable[[Message, Iterable[Fault]], None],
    ) -> None:
        self._wire, self._settings, self._later, self._complain = wire, settings, later, complain
        self._open: dict[tuple[str, str], _Transaction] = {}
        self.style = Style()

    def via(self, transport: str) -> str:
        """Return a Via of a new transaction."""
        return f"SIP/2.0/{transport} {self._settings.host}:{self._wire.port};rport;branch={MAGIC}{secrets.token_hex(8)}"

    def send(self, exchange: Exchange, to: Source, final: Callable[[Message | None], None], *, copies: int = 1) -> None:
        """Send a request and keep at it; `final` gets the final response, None where none came."""
        request = exchange.request
        data = write(request.first, request.headers, request.body, self.style)
        for _ in range(copies):
            if not self._wire.send(data, to):
                exchange.status = NO_CONNECTION
                final(None)
                return
        if request.method == "ACK":
            return
        open_ = _Transaction(exchange, data, to, final, self._settings.t1_s)
        self._open[request.branch, request.method] = open_
        self._wait(open_)

    def heard(self, message: Message) -> None:
        """Take a response."""
        open_ = self._open.get((message.branch, message.cseq[1]))
        if open_ is None:
            self._complain(message, [("stray-response", "an answer to nothing that was asked")])
            return
        exchange = open_.exchange
        self._complain(message, check_response(message, exchange.request, self._settings))
        before = exchange.responses[-1] if exchange.responses else None
        exchange.responses.append(message)
        if message.status < FINAL:
            open_.interval = T2_S if exchange.request.method != "INVITE" else float("inf")
            return
        if message.method == "INVITE" and message.status >= REFUSED:
            self._wire.send(self._acknowledgement(exchange.request, message), open_.to)
        if exchange.status is None:
            exchange.status = message.status
            if open_.timer is not None:
                open_.timer.cancel()
            open_.final(message)
        elif before is not None and (before.first, before.headers.first("To")) != (
            message.first,
            message.headers.first("To"),
        ):
            self._complain(message, [("response-differs", f"answered {before.first!r} before")])

    def give_up(self) -> None:
        """Forget what is under way, without a word."""
        for open_ in self._open.values():
            if open_.timer is not None:
                open_.timer.cancel()
        self._open.clear()

    def _wait(self, open_: _Transaction) -> None:
        whole = self._settings.t1_s * WAITS_T1
        wait = whole - open_.waited
        if open_.to.transport == "UDP":
            wait = min(wait, open_.interval)
        open_.timer = self._later(wait, lambda: self._due(open_, wait))

    def _due(self, open_: _Transaction, waited: float) -> None:
        if open_.exchange.status is not None:
            return
        open_.waited += waited
        if open_.waited >= self._settings.t1_s * WAITS_T1 - 1e-6:
            open_.exchange.status = TIMEOUT
            open_.final(None)
            return
        if open_.interval != float("inf"):
            self._wire.send(open_.data, open_.to)
            open_.exchange.retransmissions += 1
            invite = open_.exchange.request.method == "INVITE"
            open_.interval = open_.interval * 2 if invite else min(open_.interval * 2, T2_S)
        self._wait(open_)

    def _acknowledgement(self, request: Message, response: Message) -> bytes:
        headers = [(name, request.headers.first(name)) for name in ("Via", "Max-Forwards", "From", "Call-ID")]
        headers += [("To", response.headers.first("To")), ("CSeq", f"{request.cseq[0]} ACK")]
        return write(f"ACK {request.uri} SIP/2.0", headers, style=self.style)


def composed(first: str, headers: list[tuple[str, str]], body: bytes = b"") -> Message:
    """Return a message of ours as the peer will read it."""
    return read(write(first, headers, body))
