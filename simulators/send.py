"""`send`: one event as one device, for people and demos."""

import json
import secrets
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from simulators import options
from simulators.credentials import CredentialsError, read_credentials
from simulators.device import Device
from simulators.fleet import Fleet


def _json_object(_context: click.Context, _option: click.Parameter, text: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except ValueError as error:
        raise click.BadParameter(f"no JSON: {error}") from error
    if not isinstance(data, dict):
        raise click.BadParameter('a JSON object is wanted, such as {"point": "gatehouse"}')
    return data


def _aware_time(_context: click.Context, _option: click.Parameter, text: str | None) -> str | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
    if moment.tzinfo is None:
        raise click.BadParameter("an offset is wanted, such as 2026-11-22T08:00:00+08:00")
    return text


@click.command(short_help="One event as one device: press a button, force a door.")
@options.credentials
@click.option("--device", required=True, help="Device id, as in the credentials file.")
@click.option("--kind", required=True, help="Event kind, such as door.forced or alarm.pressed.")
@click.option("--data", default="{}", callback=_json_object, help="JSON object of the event's data.")
@click.option("--ts", callback=_aware_time, help="Device time, RFC 3339 with offset. [default: now]")
@click.option("--id", "event_id", help="Event id; the same id again is the same event. [default: a new ULID]")
@click.option(
    "--timeout",
    default=10.0,
    show_default=True,
    type=click.FloatRange(min=0.1),
    help="Seconds to wait for the broker and its PUBACK.",
)
def send(
    *,
    credentials_path: Path,
    device: str,
    kind: str,
    data: dict[str, Any],
    ts: str | None,
    event_id: str | None,
    timeout: float,
) -> None:
    """Publish one event as one device, wait for the PUBACK and print what was sent as JSON.

    alarm.* goes to the device's alarm topic, everything else to its event topic. It uses the device's own
    login but a client id of its own and no last will, so it doesn't disturb a running `town`.

    Ends with 0 when the broker acknowledged, with 1 when it didn't within --timeout. A broker may acknowledge
    and still discard what this login has no right to publish.

    \b
    Press the button of the first school:
      python -m simulators send --credentials devices.json --device school-1-button \\
          --kind alarm.pressed --data '{"point": "gatehouse"}'
    """  # noqa: D301, \b is how click is told to keep lines as they are
    try:
        known = read_credentials(credentials_path)
        client_id = f"{known.station}-{device}-send-{secrets.token_hex(4)}"
        sender = Device(device, known, announces=False, client_id=client_id)
    except CredentialsError as error:
        raise click.ClickException(str(error)) from error
    event = sender.report(kind, data, ts=ts, event_id=event_id)
    fleet = Fleet([sender])
    started = time.monotonic()
    while sender.waiting and time.monotonic() < started + timeout:
        fleet.turn(0.1)
    waited_s = time.monotonic() - started
    fleet.close(0)
    if sender.waiting:
        raise click.ClickException(
            f"no PUBACK from {known.host}:{known.port} within {timeout:g} s: is it up, is the login right?"
        )
    sent = {"topic": sender.topic(event.lane), "acked_ms": round(waited_s * 1000, 1)}
    click.echo(json.dumps({**sent, **json.loads(event.payload())}, ensure_ascii=False))
