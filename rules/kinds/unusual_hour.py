"""`unusual_hour`: an entry at an hour at which this credential hardly ever enters.

Learns, per subject, how entries spread over the 24 hours of the day. Rare is an entry when the share of past entries in
its hour and `around_h` (1) hours on either side is below `share` (0.02). It says nothing before `entries` (30) past
entries and `days` (30) since the first. `holder`: a field of events that names the person, who then goes over the card.
`clear_after_s`. Past the schedule of a restricted door (`off-hours-entry`) this is the personal view: a night shift's
nights are no news.
Source: personal off-hours, P(entry in this hour) < 0.02; neighbouring hours count too, since an entry at 07:59 of
somebody who comes at 08:00 is no other habit. Entries still within reach of late ones are judged anew with each that
comes; the older ones are folded into 24 numbers, halved when they have grown past `MOST_COUNTED`, so habits can change.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from gateway.model.event import Event
from rules.definition import Definition
from rules.kinds.finding import LATE, FindingRule, FindingState, Found, Sight
from rules.rule import Facts

HOURS = 24
#: Past this many entries the old ones begin to count less.
MOST_COUNTED = 1000


class Habit(msgspec.Struct, frozen=True):
    """Entries by hour of the day, and when the first was (UTC)."""

    hours: list[float]
    first: datetime


class UnusualHourState(FindingState):
    """Besides what is in sight: the habit, from what went out of sight."""

    profile: Habit | None = None


class UnusualHour(FindingRule):
    """An hour unlike the others."""

    State = UnusualHourState

    def __init__(self, definition: Definition, version: int = 1) -> None:
        super().__init__(definition, version)
        params = definition.params
        self.share = self.parameter("share", 0.02).default
        self.around = int(params.get("around_h", 1))
        self.entries = self.parameter("entries", 30).default
        self.days = timedelta(days=self.parameter("days", 30).default)
        self.clear_after = self.parameter("clear_after_s").span({})
        self.held_by(params.get("holder"))
        self.keep_for = self.after = LATE
        if not 0 <= self.around < HOURS // 2:
            message = f"around_h must be between 0 and {HOURS // 2 - 1}"
            raise ValueError(message)

    def sight(self, event: Event) -> Sight | None:
        """An entry; its hour is the station's, filled in when it is judged."""
        return Sight(event.ts, event.reference, device=event.device, place=event.place or "")

    def learn(self, state: UnusualHourState, dropped: list[Sight], facts: Facts) -> UnusualHourState:
        """Fold what goes out of sight into the habit."""
        if not dropped:
            return state
        hours = list(state.profile.hours) if state.profile is not None else [0.0] * HOURS
        first = min(dropped[0].at, state.profile.first) if state.profile is not None else dropped[0].at
        for one in dropped:
            hours[one.at.astimezone(facts.zone).hour] += 1
        if sum(hours) > MOST_COUNTED:
            hours = [count / 2 for count in hours]
        return msgspec.structs.replace(state, profile=Habit(hours, first))

    def finding(self, index: int, state: UnusualHourState, subject: str, facts: Facts) -> Found | None:
        """Judge an entry by all before it."""
        del subject
        last = state.seen[index]
        habit = state.profile
        if habit is None or last.at - habit.first < self.days:
            return None
        hour = last.at.astimezone(facts.zone).hour
        near = {(hour + step) % HOURS for step in range(-self.around, self.around + 1)}
        earlier = [one.at.astimezone(facts.zone).hour for one in state.seen[:index]]
        past = sum(habit.hours) + len(earlier)
        here = sum(habit.hours[one] for one in near) + sum(one in near for one in earlier)
        if past < self.entries or here >= self.share * past:
            return None
        return Found(
            told={"hour": hour, "share_percent": round(100 * here / past, 1), "entries": round(past)},
            limit=f"{self.share:.1%}",
            limit_source=f"{self.id} params.share",
            events=(last.reference,),
        )

    def tell(
        self, subject: str, state: UnusualHourState | None, now: datetime, facts: Facts
    ) -> tuple[bool, list[dict[str, str]]]:
        """At which hours entries are usual, or how much is still to be learnt."""
        del subject
        standing = state is not None and bool(state.standing)
        habit = state.profile if state is not None else None
        past = round(sum(habit.hours)) if habit is not None else 0
        days = (now - habit.first).days if habit is not None else 0
        if habit is None or past < self.entries or now - habit.first < self.days:
            return standing, [
                {
                    "zh": f"还在学习：{past} 次进入、{days} 天（需要 {self.entries:g} 次、{self.days.days} 天）",
                    "en": f"still learning: {past} entries in {days} days; "
                    f"it takes {self.entries:g} and {self.days.days} days",
                }
            ]
        usual = sorted(range(HOURS), key=lambda hour: habit.hours[hour], reverse=True)[:6]
        told = "、".join(f"{hour:02d}" for hour in sorted(usual) if habit.hours[hour])
        since = facts.local(habit.first)
        return standing, [
            {
                "zh": f"自 {since} 起通常在 {told} 时进入（共 {past} 次）",
                "en": f"since {since} usually enters at {told} h ({past} entries)",
            }
        ]
