"""What all parts of a link share: how a request goes out and its answer comes back, and where news is kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from connectors.gb28181.config import LinkConfig
from connectors.gb28181.envelope import Envelope
from connectors.gb28181.message import Request, Response, respond
from connectors.gb28181.news import News
from connectors.gb28181.registration import Registration
from connectors.gb28181.transactions import Answered, Peer, Transactions, Unanswered

#: What is done with the answer to a request, or with its absence; the second is monotonic seconds.
Then = Callable[[Answered | Unanswered, float], None]
#: What a datagram holds without being cut on its way, and what of it the head needs at most.
DATAGRAM, HEAD = 1300, 520
#: Over TCP a message may be as long as a hundred items are.
LONG = 60_000


class Line:
    """The line of one link. `wall` tells the time of day, aware; `peer` is where the platform listens."""

    def __init__(
        self, config: LinkConfig, envelope: Envelope, registration: Registration, wall: Callable[[], datetime]
    ) -> None:
        self.config, self.envelope, self.registration, self.wall = config, envelope, registration, wall
        self.transactions = Transactions(reliable=config.transport == "tcp")
        self.said: list[News] = []
        self._then: dict[str, Then] = {}
        self._sn = 0

    @property
    def room(self) -> int:
        """How many bytes of a body a message holds."""
        return LONG if self.transactions.reliable else DATAGRAM - HEAD

    @property
    def peer(self) -> Peer:
        """Where the platform listens that we are registered at, or want to be."""
        host, _, port = self.registration.server.rpartition(":")
        return host.strip("[]"), int(port)

    def next_sn(self) -> int:
        """Return the next number of what is no alarm."""
        self._sn = self._sn % (2**31 - 2) + 1
        return self._sn

    def ask(self, asked: Request, now: float, then: Then, *, peer: Peer | None = None) -> None:
        """Send a request; `then` is called once, with its answer or without."""
        self._then[self.transactions.ask(asked, peer or self.peer, now)] = then

    def tell(self, body: bytes, now: float, then: Then, *, name: str = "", attempt: int = 1) -> None:
        """Send a MESSAGE to the platform."""
        self.ask(self.envelope.message(self.registration.uri, body, name=name, attempt=attempt), now, then)

    def came_back(self, event: Answered | Unanswered, now: float) -> None:
        """Hand an answer to whoever waits for it."""
        then = self._then.pop(event.key, None)
        if then is not None:
            then(event, now)

    def answer(self, asked: Request, peer: Peer, response: Response, now: float) -> None:
        """Answer a request of the platform."""
        self.transactions.answer(asked, peer, response, now)

    def turn_down(self, asked: Request, peer: Peer, status: int, now: float) -> None:
        """Answer a request by a status alone."""
        self.answer(asked, peer, respond(asked, status, tag=self.envelope.token()), now)

    def say(self, news: News) -> None:
        """Keep news for whoever runs the link."""
        self.said.append(news)


def outcome(event: Answered | Unanswered) -> tuple[int, str]:
    """Return the status of an answer, 0 without one, and in words."""
    if isinstance(event, Answered):
        return event.response.status, f"{event.response.status} {event.response.reason}"
    return 0, event.why


def ignore(event: Answered | Unanswered, now: float) -> None:
    """Nothing follows from it."""
