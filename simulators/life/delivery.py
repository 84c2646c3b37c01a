"""The way from what happens to what arrives: delays, outages, drifting clocks, dying batteries, repeats, heartbeats."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import count

from simulators.life.day import Day, said
from simulators.life.heartbeats import Heart
from simulators.life.message import MINUTE_MS, SECOND_MS, Said, Sent, Writer, fixed, lane_of, status
from simulators.life.misbehaviour import DYING_MS, SAYS_SO_MS, Episode, dying_percent, flaps
from simulators.site_file import Site

Spans = Mapping[str, list[tuple[int, int]]]
"""By connection: when it is down, milliseconds of Unix time, in order."""
LATENCY_MS = 250
"""Messages take so long at most, and so little that what one device says stays in order."""
BURST_MS = 15
"""The pause between two messages of a burst."""


class Delivery:
    """Carries a day's events to the other end and adds what devices say of themselves.

    `care` are the devices whose heartbeats come every six hours.
    """

    def __init__(self, site: Site, seed: int, care: Collection[str]) -> None:
        self._seed = seed
        self._hearts = {device.id: Heart(device, seed, care=device.id in care) for device in site.devices}
        self._hub = {device.id: device.via or device.id for device in site.devices}
        self._behind: dict[str, list[str]] = defaultdict(list)
        for device, hub in self._hub.items():
            self._behind[hub].append(device)

    def spans(self, episodes: Iterable[Episode], cuts: Iterable[tuple[str, int, int]]) -> Spans:
        """Return when which connection is down: outages, storms, and the cuts asked for."""
        down: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for one in episodes:
            if one.kind == "outage":
                down[one.device].append((one.since, one.until))
            elif one.kind == "storm":
                down[one.device] += flaps(one)
        for device, since, until in cuts:
            down[device].append((since, until))
        return {device: _merged(spans) for device, spans in down.items()}

    def day(
        self,
        day: Day,
        after: Day,
        writer: Writer,
        events: Iterable[Said],
        episodes: list[Episode],
        cuts: Iterable[tuple[str, int, int]],
    ) -> list[Sent]:
        """Return what leaves on a day; a little of it may arrive on the next. In no order."""
        down = self.spans(episodes, cuts)
        troubled: dict[str, list[Episode]] = defaultdict(list)
        for one in episodes:
            troubled[one.device].append(one)
        sent = list(self._events(events, troubled, writer))
        sent += self._said_in_trouble(day, after, episodes, writer)
        sent += self._heartbeats(day, after, troubled)
        sent = [one if one.at >= day.start else one._replace(at=day.start) for one in sent]
        sent = list(self._late(sent, down))
        sent += self._connections(day, after, down)
        sent += self._replays(day, after, episodes, troubled)
        return sent

    def _events(self, events: Iterable[Said], troubled: Mapping[str, list[Episode]], writer: Writer) -> Iterator[Sent]:
        for one in events:
            ts, times = one.ts, 1
            for episode in troubled.get(one.device, ()):
                if not episode.since <= one.ts < episode.until:
                    continue
                if episode.kind == "clock_drift":
                    ts += episode.amount * MINUTE_MS
                elif episode.kind == "repeats":
                    times = 2
                elif episode.kind == "battery_dying" and one.ts - episode.since >= DYING_MS:
                    times = 0
            if not times:
                continue
            payload = writer.event(one, ts)
            at = one.ts + 60 + one.bits % LATENCY_MS
            for number in range(times):
                pause = number * (SECOND_MS + one.bits % 9000)
                yield Sent(at + pause, one.device, payload, lane_of(one.kind))

    def _said_in_trouble(self, day: Day, after: Day, episodes: Iterable[Episode], writer: Writer) -> Iterator[Sent]:
        """Say what only a misbehaving device says: that its battery is low, that its door bounces."""
        for episode in episodes:
            dice = day.dice(f"{episode.kind}/{episode.device}")
            if episode.kind == "battery_dying":
                ts = episode.since + SAYS_SO_MS
                what = {"battery": dying_percent(episode, ts) or 0}
                told = [said(dice, ts, episode.device, "device.battery_low", dict(what))]
            elif episode.kind == "chatter":
                step = (episode.until - episode.since) // (2 * episode.amount)
                told = [
                    said(dice, episode.since + number * step, episode.device, kind)
                    for number, kind in zip(range(2 * episode.amount), _bounces(), strict=False)
                ]
            else:
                continue
            yield from self._events((one for one in told if day.start <= one.ts < after.start), {}, writer)

    def _heartbeats(self, day: Day, after: Day, troubled: Mapping[str, list[Episode]]) -> Iterator[Sent]:
        for device, heart in self._hearts.items():
            for number, ts in heart.beats(day.start, after.start):
                alive, battery = _charge(troubled.get(device, ()), ts)
                if alive:
                    yield Sent(ts + 80, device, heart.payload(number, battery), "status")

    def _late(self, sent: Iterable[Sent], down: Spans) -> Iterator[Sent]:
        """Hold back what is said behind a connection that is down; when it is back all comes in a burst."""
        held: dict[tuple[str, int], list[Sent]] = defaultdict(list)
        for one in sent:
            hub = self._hub[one.device]
            spans = down.get(hub)
            if spans is not None:
                place = bisect_right(spans, (one.at, one.at + 10**15)) - 1
                if place >= 0 and one.at < spans[place][1]:
                    held[hub, spans[place][1]].append(one)
                    continue
            yield one
        for (_hub, back), waiting in held.items():
            for number, one in enumerate(sorted(waiting), 1):
                yield one._replace(at=back + 300 + number * BURST_MS)

    def _connections(self, day: Day, after: Day, down: Spans) -> Iterator[Sent]:
        """Let the broker say who is gone, and let them say that they are back."""
        for device, spans in down.items():
            for begin, end in spans:
                session = f"{fixed(self._seed, device, begin, 'session'):012x}"
                if day.start <= begin < after.start:
                    yield Sent(begin, device, status(session, None, online=False), "status")
                if day.start <= end < after.start:
                    fresh = f"{fixed(self._seed, device, end, 'session'):012x}"
                    yield Sent(end, device, status(fresh, 100), "status")

    def _replays(
        self, day: Day, after: Day, episodes: Iterable[Episode], troubled: Mapping[str, list[Episode]]
    ) -> Iterator[Sent]:
        """Say the last heartbeats behind a connection once more, as a broker does to a new subscriber."""
        for episode in episodes:
            if episode.kind != "replay" or not day.start <= episode.since < after.start:
                continue
            at = count(episode.since, BURST_MS)
            for device in self._behind[episode.device]:
                heart = self._hearts[device]
                number = heart.last(episode.since - 200)
                alive, battery = _charge(troubled.get(device, ()), heart.time(number))
                if alive:
                    yield Sent(next(at), device, heart.payload(number, battery), "status", retained=True)


def _charge(episodes: Iterable[Episode], ts: int) -> tuple[bool, int | None]:
    """Return whether a device can still speak, and its battery (percent) where that is not the usual one."""
    for episode in episodes:
        if episode.kind == "battery_dying" and episode.since <= ts < episode.until:
            left = dying_percent(episode, ts)
            return left is not None, left
    return True, None


def _bounces() -> Iterator[str]:
    while True:
        yield "door.opened"
        yield "door.closed"


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged
