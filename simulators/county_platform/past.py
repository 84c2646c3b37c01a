"""What hangs on what was said before: numbers that must rise, branches and SNs that must not come again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from simulators.county_platform.manscdp import Body, Fault
from simulators.county_platform.sip import Message
from simulators.county_platform.wire import Source

#: RFC 3261: a non-INVITE request over UDP goes out eleven times in 32 s, by timers E and F.
MOST_SENDINGS = 11
REMEMBERED_S = 32.0


@dataclass
class Heard:
    """A request that was heard, by its transaction: what was answered, how often it came again."""

    message: Message
    source: Source
    at: float = field(default_factory=time.monotonic)
    response: bytes = b""
    #: Whether the response really left, or was made to get lost.
    sent: bool = False
    lost: bool = False
    again: int = 0


class Past:
    """The memory of one platform for its peers' requests."""

    def __init__(self) -> None:
        self._heard: dict[tuple[str, str, str], Heard] = {}
        self._numbers: dict[str, tuple[int, str]] = {}
        self._said: dict[tuple[str, str, str], str] = {}
        self.retransmissions = 0

    def forget(self) -> None:
        """Forget everything, as after a restart or a time when nothing could be heard."""
        self._heard.clear()
        self._numbers.clear()
        self._said.clear()

    def forget_numbers(self) -> None:
        """Expect SNs from 1 again: the peer may have been started anew."""
        self._said.clear()

    def again(self, message: Message, source: Source) -> tuple[Heard | None, list[Fault]]:
        """Return the transaction this belongs to where it was heard before (RFC 3261, 17.2.3), and what is wrong."""
        known = self._heard.get(_key(message))
        if known is None:
            return None, []
        if known.message.raw != message.raw:
            return known, [("branch-reuse", f"branch {message.branch} had another content: {known.message.raw!r}")]
        known.again += 1
        self.retransmissions += 1
        faults = [("tcp-retransmission", "a request again over TCP")] if source.transport == "TCP" else []
        if known.again >= MOST_SENDINGS:
            faults.append(("retransmissions", f"{known.again} of one request"))
        return known, faults

    def remember(self, message: Message, source: Source) -> Heard:
        """Begin a transaction."""
        now = time.monotonic()
        for key in [key for key, one in self._heard.items() if now - one.at > REMEMBERED_S]:
            del self._heard[key]
        heard = self._heard[_key(message)] = Heard(message, source)
        return heard

    def unanswered(self, content: bytes, than: Heard) -> bool:
        """Tell whether an earlier request with this content, from the same place, still waits for our answer."""
        return any(
            not (one.sent or one.lost) and content in one.message.body and one.source == than.source
            for one in self._heard.values()
            if one is not than
        )

    def number(self, message: Message) -> Iterator[Fault]:
        """Judge the CSeq against the last one of its Call-ID."""
        number, branch = message.cseq[0], message.branch
        last, of = self._numbers.get(message.call_id, (None, ""))
        self._numbers[message.call_id] = (number, branch)
        if last is None or (number == last and branch == of):
            return
        if number <= last:
            yield "cseq", f"CSeq {number} after {last} in {message.call_id}"
        elif message.method == "REGISTER" and number != last + 1:
            yield "cseq", f"REGISTER: CSeq {number} after {last}, it rises by one"

    def said(self, body: Body, sender: str) -> Iterator[Fault]:
        """Judge a Notify's SN: another message has another one."""
        if body.root != "Notify":
            return
        content = "".join(f"{one.tag}={(one.text or '').strip()};" for one in body.tree.iter())
        key = (sender, body.cmd_type, body.sn)
        before = self._said.get(key)
        self._said[key] = content
        # The same alarm is tried again under its SN; a keepalive never is.
        if before is not None and (before != content or body.cmd_type == "Keepalive"):
            yield "sn-reuse", f"{body.cmd_type} SN {body.sn} was used before: {before}"


def _key(message: Message) -> tuple[str, str, str]:
    return message.branch, message.sent_by, message.method
