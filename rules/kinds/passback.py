"""`passback`: into a zone by somebody who is in it already, or out by somebody who is out (anti-passback, soft).

Doors say their zone (`attributes.zone`) and which way a pass goes (`data.direction`, or the door's own
`attributes.passage`). A zone within another is written as a path, `hq/lab`: it is entered from `hq` and left to it, so
that entering `hq` while inside `hq/lab` shows a way out that nobody recorded. Where a way out is not recorded at all,
the door that leads in says `attributes.free_exit`.
The subject is the holder and the outermost zone. What is known of somebody ends after `expires_s` (43200, 12 h) and at
`reset_at` ("04:00" station time; "never"): nobody is called wrong for yesterday. The same door twice within `again_s`
(30) is one pass read twice. `holder`: a field of events that names the person, who then goes over the card: people have
several. `clear_after_s`.
Source: hard, soft and timed anti-passback of access controllers; soft only, nobody is locked in by this rule.
A pass is judged by the one before it in time, so one that comes late explains the next one.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

from gateway.model.event import Event
from rules.definition import Definition
from rules.kinds.finding import LATE, FindingRule, FindingState, Found, Sight
from rules.rule import Facts

#: Which way a pass goes, as a bit; and whether the way out of the zone is not recorded.
IN, OUT, FREE_EXIT = 1, 0, 2
WORDS = {IN: {"zh": "进入", "en": "into"}, OUT: {"zh": "离开", "en": "out of"}}


class Passback(FindingRule):
    """In while in, out while out."""

    most_kept = 32

    def __init__(self, definition: Definition, version: int = 1) -> None:
        super().__init__(definition, version)
        params = definition.params
        reset = str(params.get("reset_at", "04:00"))
        self.reset = time.fromisoformat(reset) if reset != "never" else None
        self.expires = self.parameter("expires_s", 43200).span({})
        self.again = timedelta(seconds=float(params.get("again_s", 30)))
        self.clear_after = self.parameter("clear_after_s").span({})
        self.held_by(params.get("holder"))
        self.keep_for = self.late = self.after = self.expires + LATE

    def keys(self, event: Event) -> tuple[str, ...]:
        """Return the holder within the outermost zone."""
        zone = _zone(event)
        if zone is None or _direction(event) is None:
            return ()
        return tuple(f"{holder}@{zone.partition('/')[0]}" for holder in super().keys(event))

    def sight(self, event: Event) -> Sight | None:
        """A pass; its zone stands where others have their place."""
        zone, direction = _zone(event), _direction(event)
        if zone is None or direction is None:
            return None
        free = FREE_EXIT if event.attributes.get("free_exit") else 0
        return Sight(event.ts, event.reference, free + direction, zone, event.device, event.place or "")

    def finding(self, index: int, state: FindingState, subject: str, facts: Facts) -> Found | None:
        """Judge a pass by where the one before it led."""
        del subject
        if index == 0:
            return None
        last, earlier = state.seen[index], state.seen[index - 1]
        if not self._remembers(earlier.at, last.at, facts):
            return None
        again = last.device == earlier.device and last.value == earlier.value and last.at - earlier.at <= self.again
        if again or _is_right(_led_to(earlier), last):
            return None
        return Found(
            told={
                "zone": last.which,
                "direction": WORDS[last.value & IN]["zh"],
                "way": WORDS[last.value & IN]["en"],
                "before_zone": earlier.which,
                "before_direction": WORDS[earlier.value & IN]["zh"],
                "before_way": WORDS[earlier.value & IN]["en"],
                "before_place": facts.place_name(earlier.place),
                "before_at": facts.local(earlier.at),
            },
            limit=f"{self.expires.total_seconds() / 3600:g} h",
            limit_source=f"{self.id} params.expires_s",
            events=(earlier.reference, last.reference),
        )

    def _remembers(self, earlier: datetime, last: datetime, facts: Facts) -> bool:
        """Whether what was known then still holds: not for longer than it lasts, nor past the hour it is forgotten."""
        if last - earlier > self.expires:
            return False
        if self.reset is None:
            return True
        local = last.astimezone(facts.zone)
        day = local.date() if local.timetz().replace(tzinfo=None) >= self.reset else local.date() - timedelta(days=1)
        return earlier >= datetime.combine(day, self.reset, facts.zone)

    def tell(
        self, subject: str, state: FindingState | None, now: datetime, facts: Facts
    ) -> tuple[bool, list[dict[str, str]]]:
        """Where somebody is, as far as doors told."""
        del subject
        if state is None or not state.seen or not self._remembers(state.seen[-1].at, now, facts):
            standing = state is not None and bool(state.standing)
            return standing, [{"zh": "不知道在内还是在外", "en": "not known to be in or out"}]
        last = state.seen[-1]
        at, way = facts.local(last.at), WORDS[last.value & IN]
        return bool(state.standing), [
            {
                "zh": f"{at} {way['zh']} {last.which}（{facts.place_name(last.place)}）",
                "en": f"went {way['en']} {last.which} at {at} ({facts.place_name(last.place)})",
            }
        ]


def _zone(event: Event) -> str | None:
    zone = event.attributes.get("zone")
    return zone.strip("/") or None if isinstance(zone, str) else None


def _direction(event: Event) -> int | None:
    told = event.data.get("direction") or event.attributes.get("passage")
    return {"in": IN, "out": OUT}.get(told) if isinstance(told, str) else None


def _parent(zone: str) -> str:
    return zone.rpartition("/")[0]


def _led_to(one: Sight) -> str:
    """The zone somebody is in after a pass; "" is outside of all."""
    return one.which if one.value & IN else _parent(one.which)


def _is_right(inside: str, one: Sight) -> bool:
    """Whether a pass is possible from a zone."""
    if not one.value & IN:
        return inside == one.which
    return inside == _parent(one.which) or (bool(one.value & FREE_EXIT) and inside == one.which)
