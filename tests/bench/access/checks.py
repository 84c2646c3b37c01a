"""What the entry rules say to the log, check by check; each gives rows of a table."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from rules.calendar import Schedule
from rules.definition import Definition, Selector
from rules.load import CATALOG, read_definition
from rules.replay import Replay
from tests.bench.access.log import SERVER_ROOM, Read, Said, granted, replayed, station

Row = tuple[str, ...]
#: A place and a moment.
Spot = tuple[str | None, datetime]
#: In the first so many days, cards used in at least so many nights are learnt to be of the night shift.
SHIFT_DAYS, SHIFT_NIGHTS = 7, 3
#: The zone by which most people come to another floor.
LIFT = "4"
#: How far apart somebody who follows and the word of it may be.
REACH = timedelta(seconds=60)
SEED = 0


def rule(name: str, params: dict[str, Any] | None = None, schedule: Schedule | None = None) -> Definition:
    """A rule of the catalogue, with other parameters where the log asks for them."""
    found = read_definition(CATALOG / f"{name}.yaml")
    update: dict[str, Any] = {"params": {**found.params, **(params or {})}}
    if schedule is not None:
        update["schedule"] = schedule
    return found.model_copy(update=update)


def alerts(replay: Replay) -> int:
    """Spans from a raise to its end: what an operator sees."""
    standing: set[str] = set()
    spans = 0
    for verdict in replay.verdicts:
        if verdict.action == "raise":
            spans += verdict.subject not in standing
            standing.add(verdict.subject)
        else:
            standing.discard(verdict.subject)
    return spans


def row(told: str, replay: Replay, over: int) -> Row:
    """What was asked, how often it fired, as how many alerts, about how many subjects; of how many reads."""
    raised = [verdict.subject for verdict in replay.verdicts if verdict.action == "raise"]
    return told, f"{len(raised)}", f"{alerts(replay)}", f"{len(set(raised))}", f"{over}"


# ── the log itself ───────────────────────────────────────────────────────────────────────────────────────────────────


def facts(reads: list[Read]) -> Iterator[Row]:
    """What the log holds, beside what it is known to hold."""
    night = [read for read in reads if read.is_night]
    cards = defaultdict(set)
    for read in reads:
        cards[read.holder].add(read.issue)
    several = {holder: issues for holder, issues in cards.items() if len(issues) > 1}
    yield "reads", f"{len(reads)}", "29763"
    yield "card ids", f"{len({read.card for read in reads})}", "122"
    yield "reads between 22:00 and 05:00", f"{len(night)}", "1185"
    yield "card ids of these", f"{len({read.card for read in night})}", "21"
    yield "one card on two floors within one minute, pairs", f"{len(list(same_minute(reads)))}", "1796"
    yield "reads at the server room", f"{sum(read.zone == SERVER_ROOM for read in reads)}", "29"
    yield "holders of several card issues", f"{len(several)}", "6"
    yield "most issues of one holder", f"{max(map(len, several.values()))}", "4"


def same_minute(reads: Iterable[Read]) -> Iterator[tuple[Read, Read]]:
    """Consecutive reads of one card on two floors within one minute of the log."""
    last: dict[str, Read] = {}
    for read in reads:
        before = last.get(read.card)
        if before is not None and before.at == read.at and before.floor != read.floor:
            yield before, read
        last[read.card] = read


# ── off hours ────────────────────────────────────────────────────────────────────────────────────────────────────────


def off_hours(reads: list[Read]) -> Iterator[Row]:
    """A schedule for all, for a few doors, with roles; and each holder's own habit."""
    registry = station(reads, restricted=True)
    by_night = Schedule.model_validate({"from": "05:00", "to": "22:00", "outside": True})
    night, as_it_is = rule("off-hours-entry", schedule=by_night), rule("off-hours-entry")
    server = [read for read in reads if read.zone == SERVER_ROOM]
    until = reads[0].at.replace(hour=0, minute=0) + timedelta(days=SHIFT_DAYS)
    shift = night_shift(read for read in reads if read.at < until)
    later = [read for read in reads if read.at >= until]
    with_roles = [
        *granted((read for read in later if read.card in shift), role="guard"),
        *granted(read for read in later if read.card not in shift),
    ]
    for told, definition, said, over in (
        ("schedule for the whole building, 22:00-05:00", night, granted(reads), reads),
        ("the same in the second week", night, granted(later), later),
        (f"the same, {len(shift)} cards with a night role since the first", night, with_roles, later),
        ("the rule as it is (workdays 07-19), every door", as_it_is, granted(reads), reads),
        ("the rule as it is, server room only", as_it_is, granted(server), server),
    ):
        yield row(told, replayed(definition, registry, said), len(over))
    for days in (30, SHIFT_DAYS):
        replay = replayed(rule("unusual-hour-entry", {"days": days}), registry, by_holder(reads))
        yield row(f"own habit, after 30 reads and {days} days", replay, len(reads))
    borrowed = at_three(reads)
    replay = replayed(rule("unusual-hour-entry", {"days": SHIFT_DAYS}), registry, by_holder([*reads, *borrowed]))
    yield row("the same, every holder's card once more at 03:00 in the last night", replay, len(reads) + len(borrowed))


def by_holder(reads: Iterable[Read]) -> list[Said]:
    """Each read as an entry that names the holder."""
    return [one._replace(data={**one.data, "person": one.read.holder}) for one in granted(reads)]


def at_three(reads: list[Read]) -> list[Read]:
    """Each holder's card once at three in the morning of the last day."""
    last = {read.holder: read for read in reads}
    night = reads[-1].at.replace(hour=3, minute=0)
    return sorted(read._replace(at=night) for read in last.values())


def night_shift(reads: Iterable[Read]) -> set[str]:
    """The cards that were used in at least so many different nights."""
    nights: dict[str, set[date]] = defaultdict(set)
    for read in reads:
        if read.is_night:
            nights[read.card].add((read.at - timedelta(hours=12)).date())
    return {card for card, used in nights.items() if len(used) >= SHIFT_NIGHTS}


# ── one card at two places ───────────────────────────────────────────────────────────────────────────────────────────


def two_places(reads: list[Read]) -> Iterator[Row]:
    """Without positions, with zones some metres apart, and without slack: what minutes and lifts would make of it."""
    moments = {(f"credential:card:{pair[1].card}", pair[1].at) for pair in same_minute(reads)}
    variants: tuple[tuple[str, float | None, dict[str, Any]], ...] = (
        ("the rule as it is, no positions", None, {}),
        ("zones 5 m apart in a row", 5, {}),
        ("zones 10 m apart", 10, {}),
        ("zones 10 m apart, a minute of slack as the log has it", 10, {"slack_s": 60}),
        ("zones 25 m apart", 25, {}),
        ("zones 10 m apart, no slack, no least distance", 10, {"slack_s": 0, "min_m": 1}),
    )
    for told, spacing, params in variants:
        replay = replayed(rule("card-two-places", params), station(reads, spacing), granted(reads))
        lifts = {
            (verdict.subject, verdict.at)
            for verdict in replay.verdicts
            if verdict.action == "raise" and (verdict.subject, verdict.at) in moments
        }
        yield (*row(told, replay, len(reads)), f"{len(lifts)}")


# ── anti-passback ────────────────────────────────────────────────────────────────────────────────────────────────────


def passback(reads: list[Read]) -> Iterator[Row]:
    """The log has ways in only: either nobody ever leaves, or entering a zone means having left the one before."""
    registry = station(reads)
    ways_in = [Said(r, "door.granted", {"credential": f"card:{r.card}", "direction": "in"}) for r in reads]
    for told, said in (
        ("ways in only, as the log is", ways_in),
        ("left by entering elsewhere, per card", in_and_out(reads, "card")),
        ("left by entering elsewhere, per holder", in_and_out(reads, "holder")),
    ):
        yield row(told, replayed(rule("anti-passback"), registry, said), len(reads))


def in_and_out(reads: Iterable[Read], by: str) -> Iterator[Said]:
    """Each read as a way in, after a way out of where that card or holder was before."""
    last: dict[str, Read] = {}
    for read in reads:
        who = getattr(read, by)
        data = {"credential": f"card:{read.card}"} | ({"person": read.holder} if by == "holder" else {})
        before = last.get(who)
        if before is not None and before.place != read.place:
            yield Said(read, "door.granted", {**data, "direction": "out"}, before.place, seconds=0)
        yield Said(read, "door.granted", {**data, "direction": "in"}, seconds=1)
        last[who] = read


# ── tailgating ───────────────────────────────────────────────────────────────────────────────────────────────────────


def tailgating(reads: list[Read]) -> Iterator[Row]:
    """People counters that see each read, and some who follow."""
    registry = station(reads, counts_people=True)
    for share in (0.0, 0.001, 0.01, 0.05):
        said, followed = counted(reads, share)
        replay = replayed(rule("tailgating"), registry, said)
        fired: list[Spot] = [(v.place, v.at) for v in replay.verdicts if v.action == "raise"]
        found = sum(_near(one, fired, timedelta(), REACH) for one in followed)
        wrong = sum(not _near(one, followed, -REACH, timedelta()) for one in fired)
        told = f"{share:.1%} of passages followed"
        yield told, f"{len(followed)}", f"{found}", f"{len(fired)}", f"{wrong}", f"{alerts(replay)}"


def _near(one: Spot, others: Iterable[Spot], earliest: timedelta, latest: timedelta) -> bool:
    """Whether any of the others is at the same place, within a span around the one."""
    return any(place == one[0] and earliest <= at - one[1] <= latest for place, at in others)


def counted(reads: Iterable[Read], share: float) -> tuple[list[Said], list[Spot]]:
    """Each read as a grant and a passage some seconds later; a share of the passages counts one person more."""
    dice = random.Random(SEED)
    said: list[Said] = []
    followed: list[Spot] = []
    for read in reads:
        second = dice.uniform(0, 54)  # the log tells minutes; within them people come as they come
        passed = second + dice.uniform(1, 6)
        extra = dice.random() < share
        if extra:
            followed.append((read.place, read.at + timedelta(seconds=passed)))
        said.append(Said(read, "door.granted", {"credential": f"card:{read.card}"}, seconds=second))
        data = {"direction": "in", "people": 2 if extra else 1}
        said.append(Said(read, "door.passed", data, seconds=passed))
    return said, followed


def without_lift(reads: list[Read]) -> Iterator[Row]:
    """Who comes to another floor without having been read at its lift: past the readers, or a read that is missing."""
    found = read_definition(CATALOG / "passage-without-credential.yaml")
    unless = {"kinds": ["door.granted"], "where": {"data.zone": LIFT}}
    when = Selector(kinds=("door.granted",), where={"data.arrived": True, "data.zone": {"pattern": f"^[^{LIFT}]"}})
    params = {**found.params, "unless": unless, "unless_s": 300}
    definition = found.model_copy(update={"subject": "data.credential", "when": when, "params": params})
    arrivals = sum(one.data["arrived"] for one in arrived(reads))
    replay = replayed(definition, station(reads), arrived(reads))
    yield row("came to another floor, no lift read in the 5 min before", replay, arrivals)


def arrived(reads: Iterable[Read]) -> Iterator[Said]:
    """Each read, with whether the card's read before it was on another floor that day."""
    last: dict[str, Read] = {}
    for read in reads:
        before = last.get(read.card)
        other = before is not None and before.floor != read.floor and before.at.date() == read.at.date()
        data = {"credential": f"card:{read.card}", "zone": read.zone, "arrived": other}
        yield Said(read, "door.granted", data)
        last[read.card] = read
