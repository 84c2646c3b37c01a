"""From the press to the phone and to the county's platform: idle, and with 1,000 events a second going by."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec
import yaml

from gateway.embedded.ports import LOOPBACK, any_free
from gateway.model.registry import Device, Place
from simulators.county_platform.platform import CountyPlatform
from simulators.county_platform.settings import BEIJING, CountySettings
from tests.station import Station, make_site
from tests.unit.gb28181.desk import OURS, PASSWORD, SERVER

RATE = 1000

#: Until the phone was called, until the platform had it.
_Times = tuple[list[float], ...]


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
        with CountyPlatform(CountySettings({OURS: PASSWORD})) as county:
            idle, busy = _both(station, county, names, presses)
    finally:
        station.close()
    yield "| from the press | presses | p50 | p99 | worst |"
    yield "| --- | --- | --- | --- | --- |"
    for name, told in (("idle", idle), (f"at {RATE} events/s", busy)):
        for where, times in zip(("phone channel called", "the county's platform has it"), told, strict=True):
            shown = (statistics.median(times), statistics.quantiles(times, n=100)[98], max(times))
            yield f"| {where}, {name} | {len(times)} | " + " | ".join(f"{one:.0f} ms" for one in shown) + " |"


def _both(station: Station, county: CountyPlatform, names: list[str], presses: int) -> list[_Times]:
    """Register at a platform, then press: first with nothing else going on, then under load."""
    file = station.home / "county.yaml"
    link = {
        "server_id": SERVER, "server": f"{LOOPBACK}:{county.port}", "device_id": OURS, "password": PASSWORD,
        "listen": f"{LOOPBACK}:{any_free()}",
    }  # fmt: skip
    file.write_text(yaml.safe_dump({"links": [link], "codes": {"centre": SERVER[:8]}}))
    station.settings["ANXIN_COUNTY_FILE"] = str(file)
    station.start_county()
    told = "select 1 from county_link where state = 'online' and told_at is not null"
    station.wait_for(lambda: station.rows(told), "the platform to have the catalogue")
    with station.publisher() as warm_up:
        warm_up.event("button-1", "alarm.pressed")
        station.wait_for(lambda: station.phone_messages() and county.alarms, "the first message", 20)
    idle = _press(station, county, names[:presses])
    load = station.start_load(RATE, presses * 0.1 + 12, doors=100)
    time.sleep(3)
    busy = _press(station, county, names[presses:])
    load.wait(120)
    return [idle, busy]


def _press(station: Station, county: CountyPlatform, buttons: list[str]) -> _Times:
    """Press each button once, a tenth of a second apart.

    Returns the milliseconds until its phone was called, and those until the platform had its alarm.
    """
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
    codes = {row["code"]: row["device_id"] for row in station.rows("select code, device_id from county_code")}

    def heard() -> dict[str, float]:
        return {codes[one.channel]: one.received_at.replace(tzinfo=BEIJING).timestamp() for one in county.alarms}

    there = station.wait_for(lambda: (h := heard()).keys() >= wanted and h, "every press at the platform", 60)
    return tuple([1000 * (at[button] - pressed[button]) for button in buttons] for at in (found, there))
