"""SIP transactions (RFC 3261 section 17): what is sent again until it is answered, and what is not done twice.

No input, no output, no clock: `now` is monotonic seconds, `take` returns what is to be sent. Non-INVITE both ways, and
INVITE as far as refusing one goes.
"""

from __future__ import annotations

from typing import NamedTuple

from connectors.gb28181.message import Message, Request, Response, branch_of, cseq_of, respond

#: RFC 3261 17.1.1.1: the round trip, the longest pause between two tries, and how long a message may wander.
T1, T2, T4 = 0.5, 4.0, 5.0
GIVE_UP = 64 * T1
#: Requests that are remembered so that they are not done twice; the oldest are forgotten under a flood.
MOST_SERVED = 2000

Peer = tuple[str, int]


class Answered(NamedTuple):
    """A request of ours was answered for good; `key` is what `ask` returned."""

    key: str
    response: Response


class Unanswered(NamedTuple):
    """A request of ours was not answered in `GIVE_UP` seconds, or the way to the peer broke."""

    key: str
    why: str


class Asked(NamedTuple):
    """A request came for the first time. Answer it by `answer`."""

    request: Request
    peer: Peer


Event = Answered | Unanswered | Asked


class _Ours:
    """One request of ours that waits for its answer."""

    def __init__(self, asked: Request, peer: Peer, now: float, *, reliable: bool) -> None:
        self.request, self.peer, self.reliable = asked, peer, reliable
        self.pause = T1
        self.again_at = float("inf") if reliable else now + T1
        self.over_at = now + GIVE_UP


class _Theirs:
    """One request of theirs that was taken, and what it was answered."""

    def __init__(self, asked: Request, peer: Peer, now: float, *, reliable: bool) -> None:
        self.request, self.peer, self.reliable = asked, peer, reliable
        self.response: Response | None = None
        self.forget_at = now + GIVE_UP
        #: Of a refused INVITE: the refusal is sent again until its ACK comes.
        self.pause, self.again_at = T1, float("inf")


class Transactions:
    """All transactions with one platform."""

    def __init__(self, *, reliable: bool) -> None:
        self.reliable = reliable
        self._ours: dict[str, _Ours] = {}
        self._theirs: dict[tuple[str, str, str], _Theirs] = {}
        self._out: list[tuple[Message, Peer]] = []
        #: Requests and answers that were sent again, by us and by them.
        self.sent_again = self.came_again = 0

    def ask(self, asked: Request, peer: Peer, now: float) -> str:
        """Send a request and return its key: `Answered` or `Unanswered` names it."""
        key = _key(asked)
        self._ours[key] = _Ours(asked, peer, now, reliable=self.reliable)
        self._out.append((asked, peer))
        return key

    def answer(self, asked: Request, peer: Peer, response: Response, now: float) -> None:
        """Answer a request; the same one again gets the same answer."""
        one = self._theirs.get(_their_key(asked))
        if one is not None and response.status >= 200:
            one.response, one.forget_at = response, now + GIVE_UP
            if asked.method == "INVITE":
                one.again_at = now + T1
        self._out.append((response, peer))

    def send(self, message: Message, peer: Peer) -> None:
        """Send something once, and keep nothing of it."""
        self._out.append((message, peer))

    def receive(self, message: Message, peer: Peer, now: float) -> list[Event]:
        """Take a message that came."""
        if isinstance(message, Response):
            return self._response(message, now)
        if message.method == "ACK":
            for one in self._theirs.values():
                if one.request.method == "INVITE" and branch_of(one.request) == branch_of(message):
                    one.again_at = float("inf")
            return []
        key = _their_key(message)
        known = self._theirs.get(key)
        if known is not None:
            self.came_again += 1
            if known.response is not None:
                self._out.append((known.response, peer))
            return []
        if len(self._theirs) >= MOST_SERVED:
            self._theirs.pop(next(iter(self._theirs)))
        self._theirs[key] = _Theirs(message, peer, now, reliable=self.reliable)
        if message.method == "INVITE":
            self._out.append((respond(message, 100), peer))
        if message.method == "CANCEL":
            return self._cancelled(message, peer, now)
        return [Asked(message, peer)]

    def due(self, now: float) -> list[Event]:
        """Send again what is due, and give up what has waited too long."""
        events: list[Event] = []
        for key, one in list(self._ours.items()):
            if now >= one.over_at:
                del self._ours[key]
                events.append(Unanswered(key, f"no answer within {GIVE_UP:g} s"))
            elif now >= one.again_at:
                one.pause = min(2 * one.pause, T2)
                one.again_at = now + one.pause
                self.sent_again += 1
                self._out.append((one.request, one.peer))
        for their_key, served in list(self._theirs.items()):
            if now >= served.forget_at:
                del self._theirs[their_key]
            elif now >= served.again_at and served.response is not None:
                served.pause = min(2 * served.pause, T2)
                served.again_at = now + served.pause
                self.sent_again += 1
                self._out.append((served.response, served.peer))
        return events

    def next_due(self) -> float:
        """Return when `due` has something to do, infinity when never."""
        ours = (min(one.again_at, one.over_at) for one in self._ours.values())
        theirs = (min(one.again_at, one.forget_at) for one in self._theirs.values())
        return min([*ours, *theirs], default=float("inf"))

    def broke(self, why: str) -> list[Event]:
        """The way to the peer broke: nothing that waits will be answered."""
        waiting = list(self._ours)
        self._ours.clear()
        self._theirs.clear()
        self._out.clear()
        return [Unanswered(key, why) for key in waiting]

    def take(self) -> list[tuple[Message, Peer]]:
        """Return what is to be sent now, and to whom."""
        out, self._out = self._out, []
        return out

    def _response(self, response: Response, now: float) -> list[Event]:
        key = _key(response)
        one = self._ours.get(key)
        if one is None:  # late, or to somebody else's
            return []
        if response.status < 200:
            # Somebody works on it: ask again only seldom (17.1.2.2).
            one.pause, one.again_at = T2, one.again_at if one.reliable else now + T2
            return []
        del self._ours[key]
        return [Answered(key, response)]

    def _cancelled(self, cancel: Request, peer: Peer, now: float) -> list[Event]:
        """An INVITE is refused at once, so there is never one to be cancelled."""
        known = any(
            branch_of(one.request) == branch_of(cancel)
            for one in self._theirs.values()
            if one.request.method == "INVITE"
        )
        self.answer(cancel, peer, respond(cancel, 200 if known else 481), now)
        return []


def _key(message: Message) -> str:
    """Ours are known by branch and method (17.1.3)."""
    return f"{branch_of(message)} {cseq_of(message)[1]}"


def _their_key(asked: Request) -> tuple[str, str, str]:
    """Theirs by branch, who sent them, and method (17.2.3); a peer older than that by what does not change."""
    branch, via = branch_of(asked), asked.headers.first("Via").split(";")[0]
    if not branch.startswith("z9hG4bK"):
        branch = (
            f"{branch} {asked.headers.first('Call-ID')} {asked.headers.first('CSeq')} {asked.headers.first('From')}"
        )
    return branch, via, asked.method
