"""The town's life as a function: `messages(site, seed, since, until)` is the same for ever, and slices agree."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

from simulators.life.day import Day, day_of
from simulators.life.delivery import Delivery
from simulators.life.message import MINUTE_MS, Message, Said, Sent, Writer
from simulators.life.misbehaviour import Episode, Misbehaviour
from simulators.life.opening import Opening
from simulators.life.town import elders_of, has_short_limit, planners
from simulators.life.trips import Trip, absence, trip_of
from simulators.site_file import Site

AROUND_OPENING_MS = 60 * MINUTE_MS
SCENE_MS = 15 * 60 * MINUTE_MS
"""No misbehaviour so long before and after an opening: anywhere, and at the scene's own devices."""


class Life:
    """A site's life. Ask it for messages, episodes and trips; it keeps nothing from one answer to the next."""

    def __init__(self, site: Site, seed: int, opening_at: datetime | None = None) -> None:
        self._site, self._seed = site, seed
        self._opening = Opening(site, seed, _ms(opening_at)) if opening_at is not None else None
        self._elders = elders_of(site, seed, self._opening.persons if self._opening is not None else ())
        self._planners = planners(site, seed, self._elders)
        self._place_of = {device.id: device.place.id for device in site.devices}
        watched = {resident.place: resident for resident in site.residents if resident.lives_alone}
        # An elder's sensor that died would look like an elder who did: that is for scenarios to play.
        spared = [device.id for device in site.devices if device.place.id in watched and device.kind != "sos_button"]
        self._misbehaviour = Misbehaviour(site, seed, spared)
        care = {device.id for device in site.devices if device.place.id in watched}
        self._delivery = Delivery(site, seed, care)
        self.homebodies = tuple(one.id for one in watched.values() if has_short_limit(one))

    def messages(self, since: datetime, until: datetime | None = None) -> Iterator[Message]:
        """Return what is delivered from `since` up to before `until` (aware; None: without end), in order of time."""
        first = since.astimezone(self._site.time_zone).date() - timedelta(days=1)
        since_ms, until_ms = _ms(since), _ms(until) if until is not None else None
        carried: list[Sent] = []
        day = day_of(first, self._seed, self._site.time_zone)
        while until_ms is None or day.start < until_ms:
            after = day_of(day.date + timedelta(days=1), self._seed, self._site.time_zone)
            writer = Writer(day.zone)
            planned = sorted([*carried, *self._day(day, after, writer)])
            carried = [one for one in planned if one.at >= after.start]
            if day.date > first:
                for sent in planned:
                    if since_ms <= sent.at < after.start and (until_ms is None or sent.at < until_ms):
                        yield Message(writer.moment(sent.at), sent.device, sent.lane, sent.payload, sent.retained)
            day = after

    def episodes(self, since: datetime, until: datetime) -> list[Episode]:
        """Return which device misbehaves how, where that touches a span (aware), in order of time."""
        return self._episodes(_ms(since), _ms(until))

    def trips(self, since: datetime, until: datetime) -> list[Trip]:
        """Return which elders are away when, where that touches a span (aware)."""
        found: set[Trip] = set()
        for elder in self._elders:
            for day in self._days(since, until):
                away = None if elder.homebody else absence(self._seed, elder.id, day.date)
                if away is not None:
                    found.add(trip_of(elder.id, away, day))
        return sorted(trip for trip in found if trip.left < until and trip.back > since)

    def down(self, at: datetime) -> set[str]:
        """Return the devices that have no connection at a moment (aware)."""
        moment = _ms(at)
        spans = self._delivery.spans(self._episodes(moment, moment + 1), self._cuts())
        return {device for device, all_of in spans.items() if any(begin <= moment < end for begin, end in all_of)}

    def _day(self, day: Day, after: Day, writer: Writer) -> list[Sent]:
        events = list(self._ordinary(day))
        if self._opening is not None:
            events += [said for said in self._opening.said if day.start <= said.ts < after.start]
        return self._delivery.day(day, after, writer, events, self._episodes(day.start, after.start), self._cuts())

    def _ordinary(self, day: Day) -> Iterator[Said]:
        everything = (said for planner in self._planners for said in planner.plan(day))
        if self._opening is None:
            return everything
        opening = self._opening
        return (said for said in everything if not opening.forbids(said, self._place_of[said.device]))

    def _episodes(self, since: int, until: int) -> list[Episode]:
        episodes = self._misbehaviour.between(since, until)
        opening = self._opening
        if opening is None:
            return episodes

        def disturbs(one: Episode) -> bool:
            margin = SCENE_MS if opening.involves(one.device) else AROUND_OPENING_MS
            return one.since < opening.at + margin and one.until > opening.at - margin

        return [one for one in episodes if not disturbs(one)]

    def _cuts(self) -> Iterable[tuple[str, int, int]]:
        return self._opening.down if self._opening is not None else ()

    def _days(self, since: datetime, until: datetime) -> Iterator[Day]:
        day: date = since.astimezone(self._site.time_zone).date()
        while day <= until.astimezone(self._site.time_zone).date():
            yield day_of(day, self._seed, self._site.time_zone)
            day += timedelta(days=1)


def messages(
    site: Site, seed: int, since: datetime, until: datetime | None = None, opening_at: datetime | None = None
) -> Iterator[Message]:
    """Return what a site's devices say from `since` up to before `until` (aware), sorted by `at`.

    The same arguments give the same bytes on every machine, and slices agree: the messages of [a, c) are those of
    [a, b) followed by those of [b, c). `until` None goes on for ever. With `opening_at` the demo's opening is
    arranged around that moment; ask for all slices with the same one.
    """
    return Life(site, seed, opening_at).messages(since, until)


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
