"""The commands of whoever connects devices: a new one, its log-in, and why a message of it did not count."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import click

from gateway.settings import read_settings, require, running_demo

#: How long a running demo may take to let a new device in.
TAKEN_IN_S = 20.0


@click.group()
def device() -> None:
    """Devices: add one, tell what it logs in with."""


@device.command("add")
@click.argument("device_id", metavar="ID")
@click.option("--kind", required=True, help="One of the kinds in docs/mqtt.md, such as door_controller.")
@click.option("--place", required=True, help="The id of a place of the site file.")
@click.option("--name", help="What people call it. [default: the id]")
@click.option("--via", help="The gateway that speaks for it; without one it connects itself.")
@click.option("--site", type=click.Path(path_type=Path), help="The site file. [default: the demo's]")
def device_add(device_id: str, kind: str, place: str, name: str | None, via: str | None, site: Path | None) -> None:
    """Add the device ID to the site file.

    A running demo takes it in at once, and its log-in is printed. Elsewhere run what is printed: `anxin secrets` and
    `anxin import` with the changed file.

    \b
      anxin device add my-door --kind door_controller --place school-1
    """  # noqa: D301, \b is how click is told to keep lines as they are
    from gateway.enrol import enrol  # noqa: PLC0415  # keep `anxin --help` quick
    from gateway.model.registry import Device  # noqa: PLC0415

    home = read_settings().home
    demo = running_demo(home)
    path = site or Path(demo.get("site_file", home / "site.yaml"))
    running = bool(demo) and str(path.resolve()) == demo["site_file"]
    enrol(path, Device(device_id, kind, place, name or device_id, via))
    click.echo(f"{device_id} added to {path}", err=True)
    if not running:
        click.echo(
            f"next: `anxin secrets DIR --site {path}`, `anxin import {path} --logins DIR/logins`, and SIGHUP to "
            "Mosquitto; a demo takes it in when it starts",
            err=True,
        )
        return
    deadline = time.monotonic() + TAKEN_IN_S
    while device_id not in ((_read(home / "devices.json") or {}).get("devices", {})):
        if time.monotonic() > deadline:
            raise click.ClickException("the demo has not taken it in; what it printed says why")
        time.sleep(0.1)
    _tell_login(home / "devices.json", device_id)


@device.command("login")
@click.argument("device_id", metavar="ID")
@click.option(
    "--credentials", type=click.Path(path_type=Path), help="[default: devices.json of ANXIN_HOME; else what "
    "`anxin secrets` wrote to DIR/logins/devices.json]",
)  # fmt: skip
@click.option("--mosquitto", is_flag=True, help="As options of mosquitto_pub and mosquitto_sub.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def device_login(device_id: str, credentials: Path | None, mosquitto: bool, as_json: bool) -> None:
    """Tell where the device ID connects, as whom, and on which topics.

    \b
      mosquitto_pub $(anxin device login my-door --mosquitto) -q 1 -t … -m …
    """  # noqa: D301, \b is how click is told to keep lines as they are
    _tell_login(credentials or read_settings().home / "devices.json", device_id, mosquitto=mosquitto, as_json=as_json)


@click.command("dead-letters")
@click.option("--reason", help="Only those of this reason.")
@click.option("--device", help="Only those on this device's topics.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many, newest first.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line, the whole payload in base64.")
def dead_letters(reason: str | None, device: str | None, limit: int, as_json: bool) -> None:
    """Say which messages could not become events, why, and what to do about it.

    docs/mqtt.md lists the reasons. The same message again is one dead letter, with how often it came.

    \b
      anxin dead-letters --device my-door
    """  # noqa: D301, \b is how click is told to keep lines as they are
    from gateway.dead_letters import tell  # noqa: PLC0415

    settings = read_settings()
    require(settings, "database_url")
    for line in tell(settings, reason=reason, device=device, limit=limit, as_json=as_json):
        click.echo(line)


def _tell_login(path: Path, device_id: str, *, mosquitto: bool = False, as_json: bool = False) -> None:
    told = _read(path)
    if told is None:
        raise click.ClickException(f"{path} is not there; name the file with --credentials")
    login = told["devices"].get(device_id)
    if login is None:
        raise click.ClickException(f"{path} knows no device {device_id!r}; add it with `anxin device add`")
    topics = {lane: f"anxin/v1/{told['station']}/{device_id}/{lane}" for lane in ("event", "alarm", "status")}
    if mosquitto:
        click.echo(f"-h {told['host']} -p {told['port']} -u {login['username']} -P {login['password']}")
    elif as_json:
        click.echo(json.dumps({"host": told["host"], "port": told["port"], **login, "topics": topics}))
    else:
        click.echo(f"broker    {told['host']}:{told['port']}")
        click.echo(f"user      {login['username']}")
        click.echo(f"password  {login['password']}")
        for lane, topic in topics.items():
            click.echo(f"{lane:<8}  {topic}")


def _read(path: Path) -> dict[str, Any] | None:
    try:
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        click.echo(f"anxin: {path} cannot be read: {error}", err=True)
        sys.exit(2)
    return told
