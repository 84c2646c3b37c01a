"""A rehearsal without database or broker: a scenario's lines through the catalogue's rules by a virtual clock.

It does in memory what the road does with rows: admit, judge, lifecycle, suppress, and the first two rungs of a ladder.
What comes out are the lines that the judge reads.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from gateway.model.alert import Alert
from gateway.model.contact import Contact
from gateway.model.event import Event
from gateway.model.judgement import Verdict
from gateway.model.registry import Registry, Responder
from gateway.registering.site import Site
from gateway.stops.lifecycle import conclude
from gateway.telling import ladder
from rules.load import CATALOG, bring_to_life, read_definitions
from rules.replay import Replay

DEFINITIONS = tuple(read_definitions([CATALOG]))
RESOUND = timedelta(minutes=10)
TOLERANCE = timedelta(minutes=5)
REACHED = [Contact(1, "phone")]


class Rehearsal:
    """One run of one scenario. `without` leaves rules out, to see a judge say no."""

    def __init__(self, site: Site, since: datetime, *, without: Iterable[str] = ()) -> None:
        self.site = site
        self.registry = self._registry({})
        self.care: dict[str, dict[str, Any]] = {}
        self.open: dict[tuple[str, str], Alert] = {}
        self.drills: dict[str, datetime] = {}
        self.lines: list[dict[str, Any]] = []
        self.seen: set[tuple[str, str]] = set()
        self.number = 0
        rules = [bring_to_life(definition) for definition in DEFINITIONS if definition.id not in set(without)]
        self.replay = Replay(rules, self.registry, since, on_verdict=self._conclude)

    def _registry(self, care: Mapping[str, dict[str, Any]]) -> Registry:
        site = self.site
        return Registry(
            station=site.station, areas=site.areas, places=site.places, devices=site.devices, duties=site.duty,
            persons=[
                msgspec.structs.replace(one, care=care.get(one.id, one.care)).person() for one in site.persons
            ],
            shifts=site.shifts,
            policy=site.policy,
            responders=[
                Responder(user.username, user.name, user.role, user.auxiliary, REACHED if user.phone else [])
                for user in site.users
            ],
        )  # fmt: skip

    def run(self, told: Iterable[str]) -> list[str]:
        """Take history lines, return what happened as lines."""
        opening, *rest = (json.loads(line) for line in told)
        for line in rest:
            at = datetime.fromisoformat(line["at"])
            self.replay.run_until(at, inclusive=False)
            if "person" in line:
                self._change(line["person"], at)
            elif "drill" in line:
                self.drills[line["drill"]["device"]] = at + timedelta(minutes=line["drill"]["minutes"])
            else:
                self._event(line, at)
        self.replay.run_until(datetime.fromisoformat(opening["until"]), inclusive=False)
        return [json.dumps(line, default=str) for line in sorted(self.lines, key=lambda line: line["at"])]

    def _event(self, line: dict[str, Any], at: datetime) -> None:
        *_, device_id, lane = line["topic"].split("/")
        said = line["payload"]
        status = lane == "status"
        kind = said["kind"] if not status else "device.online" if said["online"] else "device.offline"
        identity = (device_id, said.get("id") or f"{kind}{said['session']}")
        if identity in self.seen:
            return
        self.seen.add(identity)
        ts = at if status else datetime.fromisoformat(said["ts"])
        skewed = ts > at + TOLERANCE
        mounting = self.registry.mounting(device_id)
        assert mounting is not None
        self.replay.event(
            Event.at(
                mounting, station=self.registry.station.id, device=device_id, id=identity[1], ts=at if skewed else ts,
                device_ts=ts, received_at=at, kind=kind, data=said.get("data", {}), skewed=skewed,
            )
        )  # fmt: skip

    def _change(self, patch: dict[str, Any], at: datetime) -> None:
        known = dict(self.registry.persons[patch["id"]].care)
        known.update(patch["care"])
        self.care[patch["id"]] = {word: value for word, value in known.items() if value is not None}
        self.registry = self._registry(self.care)
        self.replay.change(self.registry, at)

    def _conclude(self, verdict: Verdict, at: datetime) -> None:
        key = (verdict.rule, verdict.subject)
        turn = conclude(verdict, self.open.get(key), at, RESOUND, self._blank(verdict))
        if turn is None:
            return
        alert = turn.alert
        if alert.id == 0:
            self.number += 1
            drill = self.drills.get(verdict.device or "", at - RESOUND) >= at
            quiet = self._reason(alert)
            alert = msgspec.structs.replace(alert, id=self.number, drill=drill, suppressed_by=quiet)
        if alert.ended_at is None:
            self.open[key] = alert
        else:
            self.open.pop(key, None)
        self.lines.append({"at": at.isoformat(), "kind": alert.stream, "body": alert.public()})
        if turn.sounds and alert.suppressed_by is None:
            self.lines.extend(self._tell(alert, at))

    def _reason(self, alert: Alert) -> str | None:
        for rule in self.replay.book.inhibitors(alert.rule):
            same = "area" if alert.stream == "work_item" else "subject"
            standing = [one for one in self.open.values() if one.rule == rule and one.active]
            if any(getattr(one, same) == getattr(alert, same) for one in standing):
                return rule
        return "maintenance" if alert.stream == "work_item" else None

    def _tell(self, alert: Alert, at: datetime) -> Iterator[dict[str, Any]]:
        climbed = ladder.freeze(self.registry, area=alert.area, place=alert.place, priority=alert.priority, now=at)
        for number, rung in enumerate(climbed):
            due = at + timedelta(seconds=rung["after_s"])
            for one in rung["recipients"]:
                body = {
                    "channel": "phone", "recipient": one["user"], "incident": alert.id, "alert": alert.id,
                    "priority": alert.priority, "rung": number, "drill": alert.drill,
                }  # fmt: skip
                yield {"at": due.isoformat(), "kind": "notification", "body": body}

    def _blank(self, verdict: Verdict) -> Alert:
        return Alert(
            station=self.registry.station.id, rule=verdict.rule, rule_version=1, subject=verdict.subject,
            stream=verdict.stream, priority=verdict.priority, title={}, explanation={}, first_action={},
            raised_at=verdict.at, last_event_at=verdict.at, place=verdict.place,
            area=self.registry.area_of(verdict.place), device=verdict.device, person=verdict.person,
            events=list(verdict.events), latched=verdict.latch,
        )  # fmt: skip
