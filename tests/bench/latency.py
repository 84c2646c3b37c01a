"""From the press to the phone: idle, and with 1,000 events a second going by."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from gateway.model.registry import Device, Place
from tests.station import Station, make_site

RATE = 1000


def run(home: Path, presses: int) -> Iterator[str]:
    """Give the latencies."""
    site = make_site(100)
    gates = [Place(f"gate-{n}", "school_gate", "grid-1", f"学校{n}") for n in range(2 * presses)]
    buttons = [Device(f"press-{n}", "school_button", f"gate-{n}", "按钮") for n in range(2 * presses)]
    site = msgspec.structs.replace(site, places=[*site.places, *gates], devices=[*site.devices, *buttons])
    station = Station(home, site, broker_sync="1s")
    try:
        station.start_all()
        names = [button.id for button in buttons]
        with station.publisher() as warm_up:
            warm_up.event("button-1", "alarm.pressed")
            station.wait_for(station.phone_messages, "the first message", 20)
        idle = _press(station, names[:presses])
        load = station.start_load(RATE, presses * 0.1 + 12, doors=100)
        time.sleep(3)
        busy = _press(station, names[presses:])
        load.wait(120)
    finally:
        station.close()
    yield "| press → phone channel called | presses | p50 | p99 | worst |"
    yield "| --- | --- | --- | --- | --- |"
    for name, told in (("idle", idle), (f"at {RATE} events/s", busy)):
        p99 = statistics.quantiles(told, n=100)[98]
        yield f"| {name} | {len(told)} | {statistics.median(told):.0f} ms | {p99:.0f} ms | {max(told):.0f} ms |"


def _press(station: Station, buttons: list[str]) -> list[float]:
    """Press each button once, a tenth of a second apart; returns the milliseconds until its phone was called."""
    pressed: dict[str, float] = {}
    with station.publisher() as publisher:
        for button in buttons:
            pressed[button] = time.time()
            publisher.event(button, "alarm.pressed")
            time.sleep(0.1)
    wanted = set(buttons)

    def arrived() -> dict[str, float]:
        by_alert = {row["id"]: row["device_id"] for row in station.rows("select id, device_id from alert")}
        return {
            by_alert[m["alert"]]: datetime.fromisoformat(m["received_at"]).timestamp()
            for m in station.phone_messages()
            if m["rung"] == 0 and by_alert.get(m["alert"]) in wanted
        }

    found = station.wait_for(lambda: (a := arrived()).keys() >= wanted and a, "every press on the phone", 60)
    return [1000 * (found[button] - pressed[button]) for button in buttons]
