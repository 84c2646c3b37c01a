"""The broker: whether it lets us in, returns what we say, and is set to lose nothing."""

from __future__ import annotations

import ipaddress
import json
import secrets
import ssl
from collections.abc import Iterator

from connectors.mqtt import MARKER_DEVICE, Broker, Visit, read_url, visit
from gateway.clock import SystemClock
from gateway.doctor.finding import Finding, bad, graded, warn, well
from gateway.model.errors import AnxinError
from gateway.settings import Settings

#: Mosquitto lets 20 messages wait for an acknowledgement by default; one more tells.
FEW_UNACKNOWLEDGED = 20
SLOW_S, LIMIT_S, SYS_LIMIT_S = 1.0, 5.0, 1.5
DAY_S = 86_400
VERSION, DROPPED = "$SYS/broker/version", "$SYS/broker/publish/messages/dropped"


def look(settings: Settings) -> Iterator[Finding]:
    """Look at the broker."""
    if not settings.mqtt:
        yield bad("broker", "ANXIN_MQTT_URL is not set", "`anxin demo` brings a broker of its own")
        return
    try:
        broker = read_url(settings.mqtt, str(settings.mqtt_ca_file) if settings.mqtt_ca_file else None)
    except AnxinError as error:
        yield bad("broker", str(error), "correct it")
        return
    place = f"{broker.host}:{broker.port}"
    login = visit(broker)
    if login.refused is not None:
        yield bad("broker", f"{place}: {login.refused}", "check ANXIN_MQTT_URL and that the broker runs")
        return
    yield well("broker", f"{place} lets us in")
    yield _encryption(broker, login)
    yield from _round_trip(broker, settings)
    yield _settings(broker)


def _encryption(broker: Broker, login: Visit) -> Finding:
    if not broker.tls:
        if _loopback(broker.host):
            return well("broker encryption", "none, and none is needed on this machine")
        return warn(
            "broker encryption", "passwords and events travel in the clear", "use mqtts:// outside a closed network"
        )
    until = str((login.certificate or {}).get("notAfter", ""))
    if not until:
        return well("broker encryption", "TLS")
    left = (ssl.cert_time_to_seconds(until) - SystemClock().now().timestamp()) / DAY_S
    return graded(
        "broker encryption",
        -left,
        f"TLS, its certificate is good for {left:.0f} days",
        warn_at=-30.0,
        bad_at=0.0,
        do="renew the broker's certificate; when it ends, nothing connects",
    )


def _round_trip(broker: Broker, settings: Settings) -> Iterator[Finding]:
    """Publish to the gateway's own marker topic, as it does once a second, and hear it come back."""
    topic = f"anxin/v1/{settings.station}/{MARKER_DEVICE}/event"
    # A marker that a running gateway did not send carries no report for it.
    mine = {f"doctor-{secrets.token_hex(6)}" for _ in range(FEW_UNACKNOWLEDGED + 5)}
    say = [(topic, json.dumps({"mark": mark}).encode()) for mark in mine]
    limit = LIMIT_S
    met = visit(broker, [topic], say, hear=len(say), limit_s=limit)
    came = {mark: after for after, _, payload in met.heard if (mark := _mark(payload)) in mine}
    if met.refused is not None or not came:
        yield bad(
            "broker round trip",
            met.refused or f"what was published to {topic} did not come back within {limit:.0f} s",
            "let the account of ANXIN_MQTT_URL publish and subscribe below anxin/v1/ (docs/mqtt.md, Rights)",
        )
        return
    first = min(came.values())
    yield graded(
        "broker round trip",
        first,
        f"{first * 1000:.0f} ms",
        warn_at=SLOW_S,
        bad_at=LIMIT_S,
        do="the broker or the way to it is slow",
    )
    if len(came) <= FEW_UNACKNOWLEDGED:
        yield warn(
            "broker window",
            f"only {len(came)} messages may wait for our acknowledgement",
            "Mosquitto: max_inflight_messages 2000; nats-server: max_ack_pending 2000 (docs/mqtt.md)",
        )
    else:
        yield well("broker window", f"more than {FEW_UNACKNOWLEDGED} messages may wait for our acknowledgement")


def _settings(broker: Broker) -> Finding:
    """Say what the broker tells of itself: Mosquitto's $SYS topics, where the account may read them."""
    told = {
        topic: payload.decode(errors="replace")
        for _, topic, payload in visit(broker, [VERSION, DROPPED], hear=2, limit_s=SYS_LIMIT_S).heard
    }
    if not told:
        return well(
            "broker settings",
            "cannot be read from this broker; must be, or messages are lost (docs/mqtt.md): nats-server: JetStream on "
            'disk, ack_wait "2s" (below ANXIN_TIMERS_SETTLE_S), max_ack_pending 2000; Mosquitto: persistence, '
            "autosave_on_changes, max_queued_messages 0",
        )
    dropped = told.get(DROPPED, "0")
    if dropped.isdecimal() and int(dropped):
        return warn(
            "broker settings",
            f"{told.get(VERSION, 'the broker')} has dropped {dropped} messages since it started",
            "set max_queued_messages 0 (docs/mosquitto.conf); the default of 1000 drops the rest in silence",
        )
    return well("broker settings", f"{told.get(VERSION, 'the broker')} has dropped nothing since it started")


def _mark(payload: bytes) -> str | None:
    try:
        told = json.loads(payload)
    except ValueError:
        return None
    mark = told.get("mark") if isinstance(told, dict) else None
    return mark if isinstance(mark, str) else None


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
