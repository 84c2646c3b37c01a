"""`load`: many events as cheaply as possible, with a ledger of what the broker acknowledged."""

import asyncio
import ipaddress
import json
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from simulators.load_ledger import Ledger
from simulators.load_link import LARGEST_WINDOW, Broker
from simulators.load_mix import TOWN_MIX
from simulators.load_run import LoadError, LoadRun, Plan

FROM_BROKER = ("host", "port", "username", "password")


@click.command(short_help="Many events as cheaply as possible, with a ledger of what was acked.")
@click.option(
    "--target",
    type=click.Path(path_type=Path, dir_okay=False),
    help='JSON {"mqtt": {"host", "port", "username", "password"}, "station"}; options win over it.',
)
@click.option("--host", help="Broker address. [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(1, 65535), help="Broker port.")
@click.option("--username", help="A login that may publish for all the devices.")
@click.option("--password", help="Its password.")
@click.option("--station", help="Station id, the second level of every topic.")
@click.option("--device", "devices", multiple=True, metavar="ID", help="A device to speak for; repeatable.")
@click.option("--device-prefix", default="load-", show_default=True, help="With --device-count: PREFIX0, PREFIX1 …")
@click.option("--device-count", type=click.IntRange(1, 1_000_000), help="How many devices to make up.")
@click.option(
    "--rate",
    required=True,
    type=click.FloatRange(min=0),
    help="Events per second; 0: as fast as acknowledged.",
)
@click.option("--seconds", required=True, type=click.FloatRange(min=0.1), help="How long to offer events.")
@click.option(
    "--drain",
    default=30.0,
    show_default=True,
    type=click.FloatRange(min=0),
    help="Seconds to wait afterwards for outstanding PUBACKs.",
)
@click.option("--connections", default=4, show_default=True, type=click.IntRange(1, 1000), help="TCP connections.")
@click.option(
    "--window",
    default=1000,
    show_default=True,
    type=click.IntRange(1, LARGEST_WINDOW),
    help="Unacknowledged events per connection.",
)
@click.option(
    "--kinds",
    default="mix",
    show_default=True,
    help="mix, or kinds with commas between: door.opened,door.closed.",
)
@click.option("--alarm-every", type=click.FloatRange(min=0.01), metavar="SECONDS", help="Press an alarm this often.")
@click.option("--alarm-device", metavar="ID", help="The button that is pressed, on a connection of its own.")
@click.option(
    "--ledger", type=click.Path(path_type=Path, dir_okay=False), help="File to append acknowledged events to."
)
@click.option("--seed", default=1, show_default=True, help="The same seed draws the same devices and kinds.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@click.option("--allow-remote", is_flag=True, help="Allow a broker that isn't on this machine.")
def load(
    *,
    target: Path | None,
    host: str | None,
    port: int | None,
    username: str | None,
    password: str | None,
    station: str | None,
    devices: tuple[str, ...],
    device_prefix: str,
    device_count: int | None,
    rate: float,
    seconds: float,
    drain: float,
    connections: int,
    window: int,
    kinds: str,
    alarm_every: float | None,
    alarm_device: str | None,
    ledger: Path | None,
    seed: int,
    as_json: bool,
    allow_remote: bool,
) -> None:
    """Publish a town's mix of events at a rate, QoS 1, and account for every one.

    It offers --rate events a second for --seconds, whether or not the broker keeps up; what doesn't fit the
    windows queues and is sent later with the time it was due. On a lost connection it reconnects and sends
    what isn't acknowledged again, under the same event ids. The ledger holds one line for each event that the
    broker acknowledged: DEVICE ID KIND TS. No alarms are sent unless asked for.

    Progress goes to stderr, the summary to stdout. Ends with 0 when everything offered was acknowledged, with
    1 when something still wasn't --drain seconds later. Ctrl-C ends offering early, twice also waiting.

    \b
    A thousand events a second for ten seconds, and a press every second:
      python -m simulators load --target demo.json --device-count 200 --rate 1000 --seconds 10 \\
          --alarm-every 1 --alarm-device load-button --ledger acked.txt
    """  # noqa: D301, \b is how click is told to keep lines as they are
    given = {"host": host, "port": port, "username": username, "password": password, "station": station}
    where = _where(_read_target(target) if target else {}, given)
    broker = Broker(str(where["host"]), int(where["port"]), str(where["username"]), str(where["password"]))
    if not allow_remote and not _is_loopback(broker.host):
        raise click.UsageError(f"{broker.host} isn't this machine; --allow-remote if that is what you want")
    if (alarm_every is None) != (alarm_device is None):
        raise click.UsageError("--alarm-every and --alarm-device belong together")
    plan = Plan(
        broker,
        station=str(where["station"]),
        devices=_devices(devices, device_prefix, device_count),
        kinds=TOWN_MIX if kinds == "mix" else dict.fromkeys(kinds.split(","), 1),
        rate=rate,
        seconds=seconds,
        drain_s=drain,
        connections=connections,
        window=window,
        seed=seed,
        alarm_device=alarm_device,
        alarm_every_s=alarm_every or 0.0,
    )
    try:
        summary = asyncio.run(LoadRun(plan, Ledger(ledger)).run())
    except (LoadError, OSError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(json.dumps(summary) if as_json else _readable(summary))
    click.get_current_context().exit(0 if summary["acked"] == summary["offered"] else 1)


def _read_target(path: Path) -> dict[str, Any]:
    """Read a target file into the names of the options."""
    try:
        raw: Any = json.loads(path.read_text(encoding="utf-8"))
        return {
            **{name: raw["mqtt"][name] for name in FROM_BROKER if name in raw["mqtt"]},
            "station": raw["station"],
        }
    except OSError as error:
        raise click.ClickException(f"can't read {path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise click.ClickException(f"{path} is no target file: {error!r}") from error


def _where(target: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Join the target file and the options, which win; raises UsageError for what neither says."""
    said = {name: value for name, value in given.items() if value is not None}
    where = {"host": "127.0.0.1", **target, **said}
    missing = [f"--{name}" for name in given if name not in where]
    if missing:
        raise click.UsageError(f"{', '.join(missing)} must be given, or a --target that says so")
    return where


def _devices(named: Sequence[str], prefix: str, count: int | None) -> Sequence[str]:
    if bool(named) == (count is not None):
        raise click.UsageError("give either --device (once or more) or --device-count")
    return named or [f"{prefix}{number}" for number in range(count or 0)]


def _is_loopback(host: str) -> bool:
    try:
        addresses = {found[4][0] for found in socket.getaddrinfo(host, None)}
    except OSError as error:
        raise click.UsageError(f"can't find {host}: {error}") from error
    return all(ipaddress.ip_address(address).is_loopback for address in addresses)


def _readable(summary: Mapping[str, Any]) -> str:
    lines = [
        "offered {offered}, sent {sent}, acked {acked}, resent {resent}, reconnects {reconnects}".format_map(summary),
        "{rate} acked/s over {seconds} s, {cpu_s} s of CPU here".format_map(summary),
        "PUBACK within {p50} ms (half), {p99} ms (99 %)".format_map(summary["puback_ms"]),
    ]
    if "alarms" in summary:
        alarms = summary["alarms"]
        lines.append("of these, alarms: offered {offered}, acked {acked}".format_map(alarms))
        lines.append("  PUBACK within {p50} ms (half), {p99} ms (99 %)".format_map(alarms["puback_ms"]))
    return "\n".join(lines)
