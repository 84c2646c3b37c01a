"""Load, presses and kill -9 by seed; afterwards everything is compared with ledgers kept outside the system.

The load generator writes each event the broker acknowledged to its own file. The presser keeps each press. What
must hold is a pure function of these ledgers and what the database and the phones have: `verdict`.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from gateway.embedded.broker import INTEGRATOR_USER
from gateway.embedded.ports import LOOPBACK
from gateway.model.registry import Device, Place
from gateway.registering.site import Site
from tests.station import PROBE_RULES, Process, Station, make_site, now_text, wait_for

PARTS = ("gateway", "broker", "postgres", "api")
#: Failpoints of the gateway, and how likely each is per pass: some kills of each sort per minute of load.
FAILPOINTS = "after_commit=0.004,mid_commit=0.004,before_commit=0.002,before_store=0.002,after_send=0.05"


@dataclass
class Plan:
    """One run. Everything random follows from the seed."""

    seed: int
    seconds: float
    kills_each: int
    rate: int = 1000
    doors: int = 100
    buttons: int = 20
    failpoint_kills: int = 20


@dataclass
class Outcome:
    """What the ledgers say, what the system says, and how often it was killed."""

    acked: list[tuple[str, str, str]] = field(default_factory=list)
    stored: list[tuple[str, str]] = field(default_factory=list)
    tallied: dict[str, int] = field(default_factory=dict)
    presses: dict[str, str] = field(default_factory=dict)
    alerts: list[dict[str, object]] = field(default_factory=list)
    rung: dict[int, int] = field(default_factory=dict)
    dead_letters: int = 0
    kills: Counter[str] = field(default_factory=Counter)

    def summary(self) -> str:
        kills = ", ".join(f"{count} × {what}" for what, count in sorted(self.kills.items()))
        counted = f"{len(self.acked)} events acknowledged, {len(self.stored)} stored, {len(self.alerts)} alerts"
        return f"{counted}; killed: {kills}"


def verdict(outcome: Outcome) -> list[str]:
    """Return a sentence for each promise that does not hold."""
    return [*_events_wrong(outcome), *_alerts_wrong(outcome)]


def _events_wrong(outcome: Outcome) -> Iterator[str]:
    stored = Counter(outcome.stored)
    ledger = {(device, event) for device, event, _ in outcome.acked}
    sorts = {
        "are stored twice": {key for key, count in stored.items() if count > 1},
        "were acknowledged and are not stored": ledger - stored.keys(),
        "are stored and in no ledger": stored.keys() - ledger - set(outcome.presses.items()),
    }
    for what, keys in sorts.items():
        if keys:
            yield f"{len(keys)} events {what}, e.g. {sorted(keys)[:3]}"
    counted = Counter(device for device, _, _ in outcome.acked)
    counted.update(outcome.presses.keys())
    wrong = {d: (outcome.tallied.get(d, 0), counted[d]) for d in counted if outcome.tallied.get(d, 0) != counted[d]}
    if wrong:
        yield f"the probe counted wrong (counted, ledger): {dict(list(wrong.items())[:5])}"
    if outcome.dead_letters:
        yield f"{outcome.dead_letters} dead letters where none should be"


def _alerts_wrong(outcome: Outcome) -> Iterator[str]:
    per_button = Counter(str(alert["device_id"]) for alert in outcome.alerts)
    for button in outcome.presses:
        if per_button[button] != 1:
            yield f"{button} was pressed once and has {per_button[button]} alerts"
    for alert in outcome.alerts:
        if alert["seen"] != 1:
            yield f"alert {alert['id']} of {alert['device_id']} saw {alert['seen']} presses, not 1"
        if not outcome.rung.get(int(str(alert["id"]))):
            yield f"alert {alert['id']} of {alert['device_id']} never reached the phone"


def run(plan: Plan, home: Path) -> Outcome:
    """Run the plan and collect what both sides say."""
    dice = random.Random(plan.seed)
    outcome = Outcome()
    station = Station(home, _site(plan), broker_sync="1s")
    station.settings["ANXIN_RULES_FOLDERS"] = json.dumps([str(PROBE_RULES)])
    station.settings["ANXIN_LOG_LEVEL"] = "warning"
    ledger = home / "ledger.txt"
    try:
        station.start_all()
        load = station.start_load(
            plan.rate,
            plan.seconds,
            "--drain",
            "120",
            "--ledger",
            str(ledger),
            "--seed",
            str(plan.seed),
            doors=plan.doors,
        )
        presser = Presser(station, [f"press-{n}" for n in range(plan.buttons)], plan, random.Random(plan.seed + 1))
        presser.start()
        _torment(station, plan, dice, outcome, load)
        assert load.wait(180) == 0, "the load generator has unacknowledged events"
        presser.finish()
        _calm(station, outcome, ledger, presser)
    finally:
        station.close()
    return outcome


def _torment(station: Station, plan: Plan, dice: random.Random, outcome: Outcome, load: Process) -> None:
    """Kill parts at seeded moments while the load runs; the gateway's failpoints strike by themselves."""
    schedule = [part for part in PARTS for _ in range(plan.kills_each)]
    dice.shuffle(schedule)
    pause = plan.seconds / (len(schedule) + 1)
    began = time.monotonic()
    for number, part in enumerate(schedule, start=1):
        _watch_gateway(station, dice, outcome, plan, until=began + number * pause * dice.uniform(0.9, 1.0))
        if part in station.children or part in {"broker", "postgres"}:
            station.kill(part)
            outcome.kills[part] += 1
        time.sleep(dice.uniform(0.0, 0.8))
        _revive(station, part, dice, outcome, plan)
    while load.poll() is None:
        _watch_gateway(station, dice, outcome, plan, until=time.monotonic() + 0.5)


def _watch_gateway(station: Station, dice: random.Random, outcome: Outcome, plan: Plan, until: float) -> None:
    """Start the gateway again when a failpoint struck, until a moment."""
    while time.monotonic() < until:
        gateway = station.children.get("gateway")
        if gateway is None or gateway.poll() is not None:
            if gateway is not None:
                assert gateway.returncode == -9, (
                    f"the gateway ended with {gateway.returncode}: {station.log('gateway')}"
                )
                outcome.kills["gateway by failpoint"] += 1
            _revive(station, "gateway", dice, outcome, plan)
        time.sleep(0.05)


def _revive(station: Station, part: str, dice: random.Random, outcome: Outcome, plan: Plan) -> None:
    if part == "postgres":
        station.postgres.start()
    elif part == "broker":
        station.broker.start()
    elif part == "api":
        station.start_api(ready=False)
    else:
        armed = outcome.kills["gateway by failpoint"] < plan.failpoint_kills
        failpoints = {"ANXIN_FAILPOINTS": f"{FAILPOINTS};seed={dice.randrange(10**6)}"} if armed else {}
        station.start_gateway(ready=False, **failpoints)


def _calm(station: Station, outcome: Outcome, ledger: Path, presser: Presser) -> None:
    """Let the system come to rest, then ask it."""
    if station.children["gateway"].poll() is not None:
        del station.children["gateway"]
    else:
        station.stop("gateway")
    station.start_gateway()
    outcome.acked = [(d, e, k) for d, e, k, *_ in (line.split() for line in ledger.read_text().splitlines())]
    outcome.presses = presser.acknowledged
    expected = len(outcome.acked) + len(outcome.presses)
    deadline = time.monotonic() + 120
    while station.one("select count(*) from event where kind not like 'device.%%'") < expected:
        if time.monotonic() > deadline:
            break
        time.sleep(0.3)
    facts = station.gateway_facts
    wait_for(lambda: (facts().get("horizon_lag_s") or 99) < 5, "the horizon to come up to now", 60)
    alert_count = station.one("select count(*) from alert where rule_id = 'school-one-touch-alarm'")
    with suppress(AssertionError):  # the verdict will say which
        wait_for(lambda: len(_rung(station)) >= alert_count, "the phones", 60)
    rows = station.rows("select device_id, event_id from event where kind not like 'device.%%'")
    outcome.stored = [(row["device_id"], row["event_id"]) for row in rows]
    outcome.tallied = {
        row["subject"].removeprefix("device:"): row["count"]
        for row in station.rows(
            "select subject, (state->>'count')::int as count from rule_state where rule_id = 'probe-tally'"
        )
    }
    outcome.alerts = station.rows("select id, device_id, seen from alert where rule_id = 'school-one-touch-alarm'")
    outcome.rung = _rung(station)
    outcome.dead_letters = station.one("select count(*) from dead_letter")


def _rung(station: Station) -> dict[int, int]:
    """How many first-rung messages the phones have of each alert."""
    return dict(Counter(message["alert"] for message in station.phone_messages() if message["rung"] == 0))


class Presser(threading.Thread):
    """Presses each button once, at seeded moments, and keeps trying until the broker has acknowledged it."""

    def __init__(self, station: Station, buttons: Iterable[str], plan: Plan, dice: random.Random) -> None:
        super().__init__(name="presser", daemon=True)
        self._station, self._dice, self._seconds = station, dice, plan.seconds
        self._buttons = list(buttons)
        self.acknowledged: dict[str, str] = {}

    def run(self) -> None:
        pause = self._seconds / (len(self._buttons) + 1)
        for button in self._buttons:
            time.sleep(pause * self._dice.uniform(0.5, 1.5))
            self._press(button)

    def finish(self) -> None:
        self.join(120)
        assert not self.is_alive(), "the presser still waits for the broker"

    def _press(self, button: str) -> None:
        body = {"id": f"press-of-{button}", "ts": now_text(), "kind": "alarm.pressed", "data": {}}
        payload = msgspec.json.encode(body)
        topic = f"anxin/v1/{self._station.id}/{button}/alarm"
        while not self._publish(topic, payload):
            time.sleep(0.2)
        self.acknowledged[button] = str(body["id"])

    def _publish(self, topic: str, payload: bytes) -> bool:
        """One connection, one press; False when the broker did not acknowledge it."""
        client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv311)
        client.username_pw_set(INTEGRATOR_USER, "integrator-password")
        try:
            client.connect(LOOPBACK, self._station.broker.port)
            client.loop_start()
            info = client.publish(topic, payload, qos=1)
            info.wait_for_publish(3)
            return bool(info.is_published())
        except (OSError, ValueError, RuntimeError):
            return False
        finally:
            client.disconnect()
            client.loop_stop()
            if (left_open := client.socket()) is not None:
                left_open.close()


def _site(plan: Plan) -> Site:
    site = make_site(plan.doors)
    places = [*site.places, *(Place(f"gate-{n}", "school_gate", "grid-1", f"学校{n}") for n in range(plan.buttons))]
    devices = [
        *site.devices,
        *(Device(f"press-{n}", "school_button", f"gate-{n}", "按钮") for n in range(plan.buttons)),
    ]
    return msgspec.structs.replace(site, places=places, devices=devices)
