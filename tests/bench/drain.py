"""How fast a backlog is drained: by a bare paho subscriber, and by the gateway into committed rows.

Each drains a backlog of its own, of the same mix, filled while it was away, from the same broker in the same run.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from gateway.embedded.broker import INTEGRATOR_USER
from gateway.embedded.ports import LOOPBACK
from tests.station import PROBE_RULES, Station, make_site

DOORS = 500


def run(home: Path, seconds: float) -> Iterator[str]:
    """Drain with each and give their rates and ratio."""
    bare = _bare(Station(home / "bare", make_site(DOORS), broker_sync="1s"), seconds)
    first = _gateway(Station(home / "first", make_site(DOORS), broker_sync="1s"), seconds)
    probed = Station(home / "all", make_site(DOORS), broker_sync="1s")
    probed.settings["ANXIN_RULES_FOLDERS"] = json.dumps([str(PROBE_RULES)])
    everything = _gateway(probed, seconds)
    again = _bare(Station(home / "again", make_site(DOORS), broker_sync="1s"), seconds)
    best = max(bare["rate"], again["rate"])
    yield "| draining a backlog | events | events/s | ratio to bare paho |"
    yield "| --- | --- | --- | --- |"
    for name, told in (
        ("bare paho, manual ack, before", bare),
        ("gateway into committed rows, built-in rules", first),
        ("gateway, built-in rules and a probe that writes state for every event", everything),
        ("bare paho, manual ack, after", again),
    ):
        yield f"| {name} | {told['events']} | {told['rate']:,.0f} | {told['rate'] / best:.2f} |"
    yield ""
    spent = first["facts"]["stop_seconds"]
    per = {stop: 1e6 * seconds / first["events"] for stop, seconds in spent.items()}
    costs = ", ".join(f"{stop} {cost:.1f} µs" for stop, cost in per.items())
    yield f"Per event on the road (built-in rules): {costs}"
    facts = first["facts"]
    yield f"Peak memory of the gateway: {facts['memory_mb']} MB; batches: {facts['counts']['batches']}"


def _bare(station: Station, seconds: float) -> dict[str, Any]:
    try:
        station.broker.start()
        _session(station)
        sent = _fill(station, seconds)
        got, began, ended = 0, 0.0, 0.0
        client = _client()

        def on_message(receiver: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
            nonlocal got, began, ended
            began = began or time.perf_counter()
            got += 1
            receiver.ack(message.mid, message.qos)
            ended = time.perf_counter()

        client.on_message = on_message
        client.connect(LOOPBACK, station.broker.port)
        client.loop_start()
        station.wait_for(lambda: got >= sent, "the bare subscriber", 120)
        _close(client)
        return {"events": got, "rate": got / (ended - began)}
    finally:
        station.close()


def _session(station: Station) -> None:
    """Let the broker know the session, so that it keeps what comes."""
    client = _client()
    subscribed: list[bool] = []
    client.on_connect = lambda c, *_: c.subscribe("anxin/v1/#", 1)
    client.on_subscribe = lambda *_: subscribed.append(True)
    client.connect(LOOPBACK, station.broker.port)
    client.loop_start()
    station.wait_for(lambda: subscribed, "the subscription", 20)
    _close(client)


def _gateway(station: Station, seconds: float) -> dict[str, Any]:
    try:
        station.start_stores().start_gateway()
        station.stop("gateway")
        sent = _fill(station, seconds)
        station.start_gateway(ready=False)
        station.wait_for(lambda: station.one("select count(*) from event") >= sent, "the gateway", 180)
        span = station.rows("select extract(epoch from max(committed_at) - min(committed_at))::float as s from event")[
            0
        ]["s"]
        facts = station.wait_for(
            lambda: (f := station.gateway_facts()).get("counts", {}).get("events", 0) >= sent and f, "its word", 20
        )
        return {"events": sent, "rate": sent / span, "facts": facts}
    finally:
        station.close()


def _fill(station: Station, seconds: float) -> int:
    """Fill the broker at full speed; returns how many events it acknowledged."""
    told = station.home / "fill.json"
    assert station.start_load(0, seconds, "--window", "500", "--json", doors=DOORS, output=told).wait(120) == 0
    acked: int = json.loads(told.read_text())["acked"]
    return acked


def _client() -> paho.Client:
    client = paho.Client(
        CallbackAPIVersion.VERSION2, client_id="bare", clean_session=False, protocol=paho.MQTTv311, manual_ack=True
    )
    client.username_pw_set(INTEGRATOR_USER, "integrator-password")
    return client


def _close(client: paho.Client) -> None:
    client.disconnect()
    client.loop_stop()
    if (left_open := client.socket()) is not None:
        left_open.close()
