"""`balance`: more people passed a door than were let in (tailgating, by count).

Counts people who passed inwards (`when`, field `data.people`, 1 unless told) against grants (`grants`, a selector, one
person each, or `data.people`). A grant lets people pass up to `within_s` (20) later, or up to `slack_s` (2) before it,
since counter and reader have different clocks. What counts is the worst stretch within `window_s` (60) that ends at a
passage: people of the stretch minus grants that reach it. Parameters besides: `limit`, how many too many make an alert;
`clear_after_s`.
Source: anti-tailgating by people counters and turnstiles (count mismatch of at least 1); a stretch and not a running
total, so that one miscount does not accuse the rest of the day. A grant that comes late takes back what it explains.
`counter`: an attribute that the place or a device there must carry for its grants to be looked at: doors without a
counter keep no state.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import datetime, timedelta

from gateway.model.event import Event
from rules.definition import Definition
from rules.kinds.finding import LAST, LATE, FindingRule, FindingState, Found, Sight
from rules.kinds.selecting import selection
from rules.rule import Facts

PASSED, GRANTED = "passed", "granted"
#: No counter sees more pass at once; one that says so is broken.
MOST_AT_ONCE = 50


class Balance(FindingRule):
    """More passed than were let in."""

    most_kept = 400

    def __init__(self, definition: Definition, version: int = 1) -> None:
        super().__init__(definition, version)
        params = definition.params
        self.grants = selection(params["grants"])
        self.limit = self.parameter("limit")
        self.counter = params.get("counter")
        self.within = timedelta(seconds=float(params.get("within_s", 20)))
        self.slack = timedelta(seconds=float(params.get("slack_s", 2)))
        self.window = self.parameter("window_s", 60).span({})
        self.clear_after = self.parameter("clear_after_s").span({})
        self.before, self.after = self.slack, self.window + self.within
        self.keep_for = self.after + self.slack + LATE

    @property
    def event_kinds(self) -> Iterable[str]:
        """Those of passages and of grants."""
        return self.when.kinds | self.grants.kinds

    def keys(self, event: Event) -> tuple[str, ...]:
        """Return the subject of a passage or a grant."""
        return self._subjects(event) if self.when.takes(event) or self.grants.takes(event) else ()

    def takes(self, event: Event, subject: str, facts: Facts) -> bool:
        """Say whether it counts on either side, within the schedule."""
        meant = self.when.takes(event) or (self.grants.takes(event) and self._is_counted(event, facts))
        return meant and (self.schedule is None or self.counts(event.ts, subject, facts))

    def _is_counted(self, event: Event, facts: Facts) -> bool:
        if self.counter is None or event.attributes.get(self.counter):
            return True
        return any(device.attributes.get(self.counter) for device in facts.registry.devices_at(event.place))

    def sight(self, event: Event) -> Sight | None:
        """People who passed, or who were let in."""
        told = event.data.get("people", 1)
        if isinstance(told, bool) or not isinstance(told, int) or not 0 < told <= MOST_AT_ONCE:
            return None
        which = GRANTED if self.grants.takes(event) else PASSED
        return Sight(event.ts, event.reference, told, which, event.device, event.place or "")

    def finding(self, index: int, state: FindingState, subject: str, facts: Facts) -> Found | None:
        """A passage with which there are more too many than with any before it."""
        last = state.seen[index]
        about = self.about(subject, facts)
        limit = self.limit.of(about)
        if last.which != PASSED:
            return None
        *earlier, counted = self._too_many(state.seen, index)
        if counted < limit or counted <= max(earlier, default=0):
            return None  # few enough, or told of with an earlier passage
        return Found(
            told={"too_many": counted, "people": last.value, "window_s": round(self.window.total_seconds())},
            limit=f"{limit:g}",
            limit_source=self.limit.source(subject, about),
            events=(last.reference,),
        )

    def _too_many(self, seen: list[Sight], last: int) -> list[int]:
        """How many too many there were with each passage within the window before the last, and with the last.

        With a passage: the worst stretch of passages up to it, its people minus the grants that reach it. In one pass:
        what a stretch gains by where it begins does not depend on where it ends.
        """
        begins = seen[last].at - self.window
        ahead = behind = bisect_left(seen, Sight(begins - self.within))
        people = granted = out_of_reach = 0
        best_begin = -(10**9)
        too_many: list[int] = []
        for index in range(bisect_right(seen, Sight(begins, LAST)), last + 1):
            one = seen[index]
            if one.which != PASSED:
                continue
            while behind < len(seen) and seen[behind].at < one.at - self.within:
                out_of_reach += seen[behind].value if seen[behind].which == GRANTED else 0
                behind += 1
            while ahead < len(seen) and seen[ahead].at <= one.at + self.slack:
                granted += seen[ahead].value if seen[ahead].which == GRANTED else 0
                ahead += 1
            best_begin = max(best_begin, out_of_reach - people)
            people += one.value
            too_many.append(people - granted + best_begin)
        return too_many

    def tell(
        self, subject: str, state: FindingState | None, now: datetime, facts: Facts
    ) -> tuple[bool, list[dict[str, str]]]:
        """How many passed and how many were let in lately."""
        seen = [one for one in state.seen if one.at > now - self.window - self.within] if state is not None else []
        passed = sum(one.value for one in seen if one.which == PASSED)
        granted = sum(one.value for one in seen if one.which == GRANTED)
        limit, span = self.limit.of(self.about(subject, facts)), round((self.window + self.within).total_seconds())
        return state is not None and bool(state.standing), [
            {
                "zh": f"最近 {span} 秒通过 {passed} 人，授权 {granted} 人（多出 {limit:g} 人报警）",
                "en": f"{passed} passed and {granted} were let in within {span} s; {limit:g} too many make an alert",
            }
        ]
