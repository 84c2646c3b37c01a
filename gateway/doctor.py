"""`anxin doctor`: what is set, and whether what is set answers."""

from __future__ import annotations

import json
from collections.abc import Callable

import psycopg
from pydantic import SecretStr

from connectors.mqtt import read_url, why_not
from gateway.model.errors import AnxinError
from gateway.settings import Settings
from gateway.store import accounts, events, upkeep
from gateway.store.pool import connect


def examine(settings: Settings, say: Callable[[str], None], *, as_json: bool) -> int:
    """Tell the settings and each finding; returns 0 when all is well, else 1."""
    shown = {name: _masked(getattr(settings, name)) for name in type(settings).model_fields}
    findings = {"database": _database(settings), "broker": _broker(settings)}
    bad = [name for name, (well, _) in findings.items() if not well]
    if as_json:
        told = {name: {"ok": well, "detail": detail} for name, (well, detail) in findings.items()}
        say(json.dumps({"settings": shown, "checks": told}, ensure_ascii=False, indent=2, default=str))
        return 1 if bad else 0
    for name, value in shown.items():
        say(f"{name:24} {value}")
    say("")
    for name, (well, detail) in findings.items():
        say(f"{'ok ' if well else 'BAD'}  {name}: {detail}")
    return 1 if bad else 0


def _masked(value: object) -> object:
    if isinstance(value, SecretStr):
        return "********" if value.get_secret_value() else "(not set)"
    return value


def _database(settings: Settings) -> tuple[bool, str]:
    if not settings.database:
        return False, "ANXIN_DATABASE_URL is not set; `anxin demo` brings a database of its own"
    try:
        with connect(settings.database, "doctor") as connection:
            kind = "TimescaleDB" if upkeep.has_timescaledb(connection) else "native partitions"
            dead = sum(events.dead_letter_counts(connection, settings.station).values())
            health = accounts.health(connection, settings.station)
    except psycopg.errors.UndefinedTable:
        return False, "the schema is not there; run `anxin migrate`"
    except (AnxinError, psycopg.Error) as error:
        return False, f"{error}; check ANXIN_DATABASE_URL and that PostgreSQL runs"
    gateway = health.get("gateway")
    seen = f"gateway last seen {gateway[0]:%Y-%m-%d %H:%M:%S} UTC" if gateway else "no gateway has run yet"
    return True, f"{kind}; {dead} dead letters; {seen}"


def _broker(settings: Settings) -> tuple[bool, str]:
    if not settings.mqtt:
        return False, "ANXIN_MQTT_URL is not set; `anxin demo` brings a broker of its own"
    try:
        broker = read_url(settings.mqtt, str(settings.mqtt_ca_file) if settings.mqtt_ca_file else None)
    except AnxinError as error:
        return False, str(error)
    refused = why_not(broker)
    if refused is not None:
        return False, f"{broker.host}:{broker.port}: {refused}; check ANXIN_MQTT_URL and that the broker runs"
    return True, f"{broker.host}:{broker.port} lets us in"
