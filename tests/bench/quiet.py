"""`make bench-quiet`: a month of ordinary life of a made-up town through every rule of the catalogue.

No database and no road: the town's messages are decoded, admitted and judged as the gateway does it, by pure replay.
Ordinary life has troubles of its own, which the town can tell: devices that misbehave (`Life.episodes`), elders who are
away without having said so (`Life.trips`), doors that somebody props for a sofa, now and then a dispute that is not
simple. What a rule raises about these is
expected; whatever else it raises is a false alarm, and the run ends with 1. How loud the road would be (what is
suppressed, grouped, held back) is not looked at: this is what the rules say.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from connectors.native.decode import decode
from gateway.model.device_health import ONLINE, STATUS_KINDS
from gateway.model.event import Event
from gateway.model.judgement import Verdict
from gateway.model.ports import Delivery
from gateway.model.registry import Registry
from gateway.registering.reading import read_site
from gateway.stops.admit import admit_report
from rules.load import CATALOG, bring_to_life, read_definitions
from rules.replay import Replay
from rules.rule import Rule
from simulators import site_file
from simulators.county.site import site_text
from simulators.life.misbehaviour import Episode
from simulators.life.plan import Life
from simulators.life.trips import Trip

#: The gateway's defaults: how late a message may be, and how far ahead a clock.
LATE, TOLERANCE = timedelta(days=7), timedelta(minutes=5)
#: How long after it ended an episode still explains what is raised.
AFTERWARDS = timedelta(hours=26)
#: Which rules a misbehaving device may set off: they are there to tell of just that, or it lied to them.
EXPLAINS: dict[str, frozenset[str]] = {
    "battery_dying": frozenset({"battery-low", "device-silent"}),
    "clock_drift": frozenset({"clock-skewed", "school-gate-open", "school-entry-off-hours", "off-hours-entry"}),
    "chatter": frozenset(),
    "repeats": frozenset(),
    "replay": frozenset(),
    "outage": frozenset({"device-offline", "area-offline"}),
    "storm": frozenset({"device-offline", "device-flapping", "area-offline"}),
}
#: What happens in ordinary life, too, and is what the rule is there to tell of.
TRUE = {"door-held": "somebody propped a door", "dispute-complex": "a complex dispute was reported"}


class Raised(NamedTuple):
    """A span of an alert or work item: when it was raised, about what, and what of the town's own explains it."""

    at: datetime
    subject: str
    why: str | None


class Town:
    """A town that no rule was tuned on, as the gateway's registry and as a life."""

    def __init__(self, seed: int) -> None:
        with tempfile.TemporaryDirectory(prefix="anxin-quiet-") as folder:
            path = Path(folder) / "town.yaml"
            path.write_text(site_text(seed), encoding="utf-8")
            known, lived = read_site(path), site_file.read_site(path)
        self.station = lived.station
        self.zone = lived.time_zone
        self.life = Life(lived, seed)
        self.registry = Registry(
            station=known.station,
            areas=known.areas,
            places=known.places,
            devices=known.devices,
            persons=[one.person() for one in known.persons],
            duties=known.duty,
        )

    def events(self, since: datetime, until: datetime) -> Iterator[Event]:
        """Admit what is delivered in a span (aware): repeats and the broker's copies of what is known left out."""
        seen: set[tuple[str, str]] = set()
        online: dict[str, bool] = {}
        for message in self.life.messages(since, until):
            topic = f"anxin/v1/{self.station}/{message.device}/{message.lane}"
            delivery = Delivery("bench", topic, message.payload, message.at.astimezone(UTC))
            for report in decode(delivery):
                event = admit_report(report, delivery, self.registry, LATE, TOLERANCE)
                if event.kind in STATUS_KINDS:
                    here = event.kind == ONLINE
                    if message.retained and online.get(event.device) is here:
                        continue
                    online[event.device] = here
                if (event.device, event.id) not in seen:
                    seen.add((event.device, event.id))
                    yield event


class Troubles:
    """What the town itself says was the matter; `why` answers for one verdict."""

    def __init__(self, town: Town, since: datetime, until: datetime) -> None:
        self._registry = town.registry
        self._episodes: dict[str, list[Episode]] = defaultdict(list)
        for episode in town.life.episodes(since, until):
            self._episodes[episode.device].append(episode)
        self._trips: dict[str, list[Trip]] = defaultdict(list)
        for trip in town.life.trips(since, until):
            self._trips[trip.person].append(trip)

    def why(self, verdict: Verdict) -> str | None:
        """The trouble that explains a raise, or None."""
        person = verdict.subject.removeprefix("person:")
        for trip in self._trips.get(person, ()):
            if verdict.rule.startswith("elder-") and trip.left <= verdict.at <= trip.back + AFTERWARDS:
                return "away, not registered"
        if verdict.rule in TRUE:
            return TRUE[verdict.rule]
        for device in self._devices(verdict):
            for episode in self._episodes.get(device, ()):
                began, ended = (datetime.fromtimestamp(ms / 1000, UTC) for ms in (episode.since, episode.until))
                if verdict.rule in EXPLAINS[episode.kind] and began <= verdict.at <= ended + AFTERWARDS:
                    return episode.kind.replace("_", " ")
        return None

    def _devices(self, verdict: Verdict) -> Iterable[str]:
        """The devices a verdict is about: its own, those whose events it names, and their gateways."""
        named = {verdict.device, verdict.subject.removeprefix("device:")}
        named |= {reference.partition("/")[0] for reference in verdict.events}
        known = [self._registry.devices[one] for one in named if one in self._registry.devices]
        return {one.id for one in known} | {one.via for one in known if one.via is not None}


class Account:
    """Per rule: how many events of its kinds there were, and what it raised. Before `begins` nothing is counted."""

    def __init__(self, rules: Iterable[Rule], troubles: Troubles, begins: datetime) -> None:
        self.rules = {rule.id: rule for rule in rules}
        self.kinds: Counter[str] = Counter()
        self.raised: dict[str, list[Raised]] = defaultdict(list)
        self.begins = begins
        self._troubles = troubles
        self._standing: set[tuple[str, str]] = set()

    def look(self, event: Event) -> None:
        """Note that an event came."""
        if event.received_at >= self.begins:
            self.kinds[event.kind] += 1

    def _offered(self, rule: Rule) -> int:
        kinds = set(rule.event_kinds)
        return self.kinds.total() if "*" in kinds else sum(self.kinds[kind] for kind in kinds)

    def take(self, verdict: Verdict, moment: datetime) -> None:
        """Note one verdict."""
        span = (verdict.rule, verdict.subject)
        if verdict.action != "raise":
            self._standing.discard(span)
            return
        new = span not in self._standing
        if self._ends(verdict.rule):
            self._standing.add(span)
        if new and moment >= self.begins:
            self.raised[verdict.rule].append(Raised(verdict.at, verdict.subject, self._troubles.why(verdict)))

    def _ends(self, rule: str) -> bool:
        """Whether what a rule raises ends by itself; else each raise is a matter of its own."""
        definition = self.rules[rule].definition
        return definition.kind != "instant" or definition.clear is not None or "clear_after_s" in definition.params

    def table(self) -> Iterator[str]:
        """Give a row per rule."""
        yield "| rule | events of its kinds | raised | expected, and why | unexpected |"
        yield "| --- | ---: | ---: | --- | ---: |"
        for name in sorted(self.rules):
            raised = self.raised[name]
            whys = Counter(one.why for one in raised if one.why is not None)
            told = ", ".join(f"{count} {why}" for why, count in whys.most_common()) or "–"
            unexpected = len(raised) - sum(whys.values())
            yield f"| `{name}` | {self._offered(self.rules[name]):,} | {len(raised)} | {told} | {unexpected} |"

    def unexpected(self) -> Iterator[tuple[str, Raised]]:
        """Give what nothing explains."""
        for name in sorted(self.raised):
            for one in self.raised[name]:
                if one.why is None:
                    yield name, one


def main() -> int:
    """Live, judge, print."""
    parser = argparse.ArgumentParser(prog="make bench-quiet", description=__doc__)
    parser.add_argument("--seed", type=int, default=7, help="the town: one that no rule was tuned on")
    parser.add_argument("--days", type=int, default=30, help="how long it is looked at")
    parser.add_argument("--warm-up", type=int, default=14, help="days of life before that, for rules that learn")
    parser.add_argument("--from", dest="since", type=date.fromisoformat, default=date(2026, 11, 2), metavar="DATE")
    parser.add_argument("--rule", action="append", help="only this rule; may be said again")
    arguments = parser.parse_args()
    began = time.perf_counter()
    town = Town(arguments.seed)
    begins = datetime.combine(arguments.since, datetime.min.time(), town.zone)
    warms, ends = begins - timedelta(days=arguments.warm_up), begins + timedelta(days=arguments.days)
    rules = [
        bring_to_life(one) for one in read_definitions([CATALOG]) if arguments.rule is None or one.id in arguments.rule
    ]
    account = Account(rules, Troubles(town, warms, ends), begins)
    replay = Replay(rules, town.registry, warms.astimezone(UTC), on_verdict=account.take)
    for event in town.events(warms, ends):
        account.look(event)
        replay.event(event)
    replay.run_until(ends.astimezone(UTC))
    print(
        f"Town of seed {arguments.seed}, {arguments.days} days from {arguments.since}, after {arguments.warm_up} days "
        f"of warm-up: {account.kinds.total():,} events, {len(rules)} rules, {time.perf_counter() - began:.0f} s"
    )
    print()
    print("\n".join(account.table()))
    unexpected = list(account.unexpected())
    for name, one in unexpected:
        print(f"unexpected: {name} about {one.subject} at {one.at.astimezone(town.zone):%Y-%m-%d %H:%M:%S}")
    return 1 if unexpected else 0


if __name__ == "__main__":
    sys.exit(main())
