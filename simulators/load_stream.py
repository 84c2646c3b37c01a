"""A stream of events of one sort: who makes them, which connections carry them, how fast they are offered."""

import secrets
import time
from collections.abc import Mapping, Sequence
from functools import partial

from simulators.load_latencies import Latencies
from simulators.load_ledger import Ledger
from simulators.load_link import Broker, Link
from simulators.load_mix import EventMaker, LoadEvent


class Stream:
    """Offers events at a rate, open loop: a slow broker makes them queue and doesn't make them fewer.

    With rate 0 the loop is closed: each PUBACK makes room for the next event.
    """

    def __init__(
        self,
        name: str,
        broker: Broker,
        ledger: Ledger,
        *,
        makers: Sequence[EventMaker],
        rate: float,
        window: int,
    ) -> None:
        """Prepare one connection for each maker; `rate` counts events per second over all of them."""
        self.offered = 0
        self.acked = 0
        self.acked_at = 0.0
        self.latencies = Latencies()
        self._ledger = ledger
        self._rate = rate
        self._makers = makers
        run = secrets.token_hex(4)
        self.links = [Link(broker, f"{name}-{run}-{number}", window, self._settle) for number in range(len(makers))]

    @property
    def sent(self) -> int:
        """How many events went out at least once."""
        return sum(link.sent for link in self.links)

    def open_valves(self) -> None:
        """Let a closed loop run; nothing to do for an open one."""
        if self._rate == 0:
            for link, maker in zip(self.links, self._makers, strict=True):
                link.source = partial(self._make, maker)
                link.pump()

    def close_valves(self) -> None:
        """End a closed loop: what is in flight is the last."""
        for link in self.links:
            link.source = None

    def offer_until(self, elapsed_s: float, started_at: float) -> None:
        """Offer what is due `elapsed_s` into a run that started at `started_at` (unix seconds), and send it.

        Each event carries the time it was due, so that what the sender adds to its age is counted as well.
        """
        due = int(elapsed_s * self._rate)
        while self.offered < due:
            turn = self.offered % len(self.links)
            self.offered += 1
            due_at = started_at + self.offered / self._rate
            self.links[turn].offer(self._makers[turn].make(due_at))
        for link in self.links:
            link.pump()

    def _make(self, maker: EventMaker) -> LoadEvent:
        self.offered += 1
        return maker.make(time.time())

    def _settle(self, events: list[LoadEvent], now: float) -> None:
        self.acked += len(events)
        self.acked_at = now
        for event in events:
            self._ledger.add(event.device, event.id, event.kind, event.ts)
            self.latencies.add(now - event.sent_at)


def makers_for(
    station: str, devices: Sequence[str], kinds: Mapping[str, int], *, connections: int, seed: str
) -> list[EventMaker]:
    """Share devices among connections; each keeps to one, so that its events arrive in their order."""
    count = min(connections, len(devices))
    return [EventMaker(station, devices[n::count], kinds, f"{seed}/{n}") for n in range(count)]
