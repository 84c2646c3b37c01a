"""One link to a county platform: registration, keepalives, answers, subscriptions, alarms. No socket, no clock.

Bytes and moments go in, bytes and news come out:

    receive(data, peer, now) · tick(now) · opened(now) · broke(why, now)     what happens to it
    start(now) · alarm(…) · show(entries, now) · leave(now)                    what it is to do
    take() → bytes and to whom · news() → what came of it · next_due() → when to tick

`now` is monotonic seconds. Carriers (`carrier.py`) do the rest.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from connectors.gb28181 import manscdp
from connectors.gb28181.alarm import Alarm
from connectors.gb28181.alarming import STRANGERS, Alarming
from connectors.gb28181.answers import View
from connectors.gb28181.catalogue import Entry, devices
from connectors.gb28181.config import LinkConfig, host_port
from connectors.gb28181.envelope import Envelope
from connectors.gb28181.line import Line, outcome
from connectors.gb28181.message import (
    BadMessage,
    Request,
    address_of,
    end_of_head,
    read,
    respond,
    seen_from,
    write,
)  # fmt: skip
from connectors.gb28181.news import CatalogueTold, News, StateChanged, TurnedAway
from connectors.gb28181.registration import Registration, State, Step
from connectors.gb28181.serving import Serving
from connectors.gb28181.subscriptions import Subscriptions
from connectors.gb28181.transactions import Answered, Asked, Event, Peer, Unanswered

#: Requests a second that are answered, and how many may come at once; what comes from strangers gets a tenth.
RATE, BURST = 200.0, 400.0


class Link:
    """One link. `trusted` are the addresses the platform may speak from; carriers add what its name stands for."""

    def __init__(  # one argument per thing it is told
        self,
        config: LinkConfig,
        password: str,
        wall: Callable[[], datetime],
        *,
        local: Peer | None = None,
        name: str = "Anxin",
        version: str = "",
        entries: Sequence[Entry] = (),
        disarmed: Iterable[str] = (),
        token: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        envelope = Envelope(config, local or host_port(config.listen), token)
        self.config, self._name, self._version = config, name, version
        self.registration = Registration(config, envelope, password, config.server)
        self._line = Line(config, envelope, self.registration, wall)
        self.subscriptions = Subscriptions()
        self.alarming = Alarming(self._line, self.subscriptions, set(disarmed))
        self._serving = Serving(self._line, self.subscriptions, self.alarming, self._view)
        self._entries: Sequence[Entry] = tuple(entries)
        self._items = devices(entries)
        self.trusted: set[str] = {*config.also_from, host_port(config.server)[0]}
        self._keepalive_at = float("inf")
        self._unheard = 0
        self._online_since = 0.0
        self._credit, self._credit_at, self._strange = BURST, 0.0, BURST / 10
        #: Whether the platform has had the catalogue, now or before we started.
        self.known = False

    @property
    def state(self) -> State:
        """Where the link stands."""
        return self.registration.state

    @property
    def online(self) -> bool:
        """Whether the platform has us."""
        return self.registration.state == "online"

    @property
    def transactions(self) -> tuple[int, int]:
        """How many messages were sent again, by us and by the platform."""
        return self._line.transactions.sent_again, self._line.transactions.came_again

    def start(self, now: float) -> None:
        """Register; over TCP as soon as a connection stands."""
        self.registration.state = "registering"
        if self.config.transport == "udp":
            self._register(now)

    def leave(self, now: float) -> None:
        """Unregister; the state is `off` when that is done."""
        if self.online:
            self._ask_for(self.registration.leave(), now)
        else:
            self.registration.state = "off"
        self.alarming.give_back("the gateway stops")

    def opened(self, now: float) -> None:
        """A connection stands (TCP)."""
        if self.state != "off":
            self._register(now)

    def broke(self, why: str, now: float) -> None:
        """The connection broke (TCP)."""
        was = self.state
        for event in self._line.transactions.broke(why):
            self._happened(event, now)
        if was != "off":
            self._gone(now, 0, why)
            self.registration.at = float("inf")  # not before there is a connection again

    def alarm(self, alarm: Alarm, now: float) -> None:
        """Send an alarm; `AlarmSent` or `AlarmFailed` follows, once."""
        self.alarming.send(alarm, now)
        self._after(now)

    def show(self, entries: Sequence[Entry], now: float) -> None:
        """There is another catalogue: parents before their children."""
        before, self._entries, self._items = self._entries, tuple(entries), devices(entries)
        if self.online:
            self._serving.changed(before, self._entries, now)

    def receive(self, data: bytes, peer: Peer, now: float) -> None:
        """Take a datagram, or a message of a connection."""
        try:
            message = read(data)
        except BadMessage as error:
            self._garbled(data, peer, error)
            return
        if isinstance(message, Request) and not self._is_welcome(message, peer, now):
            return
        if isinstance(message, Request):
            message = seen_from(message, peer)
        for event in self._line.transactions.receive(message, peer, now):
            self._happened(event, now)
        self._after(now)

    def tick(self, now: float) -> None:
        """Do what is due."""
        for event in self._line.transactions.due(now):
            self._happened(event, now)
        self.subscriptions.expire(now)
        if now >= self.registration.at:
            self._register(now)
        if now >= self._keepalive_at:
            self._keep_alive(now)
        self.alarming.release(now)
        self._after(now)

    def next_due(self) -> float:
        """Return when to tick next, infinity when nothing is due by itself."""
        return min(
            self._line.transactions.next_due(), self.subscriptions.next_due(), self.registration.at,
            self._keepalive_at, self.alarming.next_due(),
        )  # fmt: skip

    def take(self) -> list[tuple[bytes, Peer]]:
        """Return what is to be sent now, and to whom."""
        return [(write(message), peer) for message, peer in self._line.transactions.take()]

    def news(self) -> list[News]:
        """Return what came of it since the last time."""
        said, self._line.said = self._line.said, []
        return said

    def _view(self) -> View:
        seconds, times = self._heartbeat()
        return View(
            self.config, self._entries, self._items, self.alarming.standing, self.alarming.disarmed, self._name,
            self._version, self._line.wall(), seconds, times,
        )  # fmt: skip

    def _heartbeat(self) -> tuple[float, int]:
        seconds, times = self._serving.keepalive
        return seconds or self.config.keepalive_s, times or self.config.keepalive_misses

    def _is_welcome(self, asked: Request, peer: Peer, now: float) -> bool:
        """Only the platform is served, and nobody without bounds."""
        passed, self._credit_at = max(0.0, now - self._credit_at), now
        self._credit = min(BURST, self._credit + passed * RATE)
        self._strange = min(BURST / 10, self._strange + passed * RATE / 10)
        user = address_of(asked.headers.first("From")).user
        if peer[0] in self.trusted and user in (self.config.server_id, self.registration.server_id):
            self._credit -= 1
            return self._credit > 0
        self._strange -= 1
        if self._strange > 0 and asked.method != "ACK":
            # Without a transaction: nothing is kept of strangers.
            self._line.transactions.send(respond(asked, 403, tag=self._line.envelope.token()), peer)
            self._line.say(TurnedAway(peer[0], f"{asked.method} of {user[:20]} is not the platform's"))
        return False

    def _garbled(self, data: bytes, peer: Peer, error: BadMessage) -> None:
        self._line.say(TurnedAway(peer[0], str(error)))
        ends = end_of_head(data[:65536])
        if peer[0] not in self.trusted or ends is None or data[:8].upper().startswith(b"SIP/"):
            return
        try:
            head = read(data[: ends[1]])
        except BadMessage:
            return
        if isinstance(head, Request):
            self._line.transactions.send(respond(head, error.status, tag=self._line.envelope.token()), peer)

    def _happened(self, event: Event, now: float) -> None:
        if isinstance(event, Asked):
            self._serving.serve(event.request, event.peer, now)
        else:
            self._line.came_back(event, now)

    def _after(self, now: float) -> None:
        """What follows from what just happened, whatever it was."""
        if self._serving.listings and not self.known and self.online:
            self.alarming.hold_until = self._online_since + self.config.catalog_wait_s
        for listing in self._serving.listed(now):
            self._line.say(CatalogueTold(listing.sn, listing.items, listing.told, bool(listing.done)))
            if listing.done:
                self.known = True
                self.alarming.release(now, known=True)
        if self.alarming.stranger:
            self.alarming.stranger = False
            if self.online:
                self._gone(now, 403, "the platform does not know us any more")

    def _register(self, now: float) -> None:
        if not self.online:
            self._line.say(StateChanged("registering", 0, ""))
        self._ask_for(self.registration.begin(), now)

    def _ask_for(self, asked: Request, now: float) -> None:
        def then(event: Answered | Unanswered, now: float) -> None:
            if isinstance(event, Answered):
                step = self.registration.answered(asked, event.response, now, self._line.wall())
            else:
                step = self.registration.refused(now, 0, event.why)
            if step.request is not None:
                self._ask_for(step.request, now)
            self._stepped(step, now)

        self._line.ask(asked, now, then)

    def _stepped(self, step: Step, now: float) -> None:
        if step.state is None:
            return
        self._line.say(StateChanged(step.state, step.status, step.why))
        if step.state == "online":
            self.trusted.add(self._line.peer[0])
            self._unheard, self._online_since = 0, now
            self._keepalive_at = now + self._heartbeat()[0]
            self.alarming.hold_until = now if self.known else now + self.config.catalog_first_s
        else:
            self._forget(step.why)

    def _gone(self, now: float, status: int, why: str) -> None:
        """The platform is gone, or has forgotten us: register anew."""
        self.registration.lost(now)
        self._line.say(StateChanged("registering", status, why))
        self._forget(why)

    def _forget(self, why: str) -> None:
        """What hung on the registration went with it."""
        self._keepalive_at = float("inf")
        self.subscriptions.clear()
        self.alarming.give_back(why)
        for listing in self._serving.listings:
            listing.stop()

    def _keep_alive(self, now: float) -> None:
        every, misses = self._heartbeat()
        if self._unheard >= misses:
            self._gone(now, 0, f"{misses} keepalives in a row were not answered")
            return
        self._unheard += 1
        self._keepalive_at = now + every

        def then(event: Answered | Unanswered, now: float) -> None:
            status, why = outcome(event)
            if 200 <= status < 300:
                self._unheard = 0
            elif status in STRANGERS and self.online:
                self._gone(now, status, why)

        told: list[tuple[str, manscdp.Value]] = [
            ("CmdType", "Keepalive"), ("SN", self._line.next_sn()), ("DeviceID", self.config.device_id),
            ("Status", "OK"),
        ]  # fmt: skip
        self._line.tell(manscdp.write("Notify", told, charset=self.config.dialect.charset), now, then)
