"""`anxin county`: the links to the county's video platform, their file checked, how they stand, what to hand over."""

from __future__ import annotations

import asyncio
import json
import signal
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.model.errors import Misconfigured
from gateway.settings import Settings, read_settings, require

if TYPE_CHECKING:
    from gateway.county.config import CountyConfig


@click.group()
def county() -> None:
    """The county's video platform (雪亮工程): GB/T 28181 and GA/T 1400 (docs/county.md)."""


@county.command("run")
def county_run() -> None:
    """Register at the county's platforms and serve them until stopped. The file is ANXIN_COUNTY_FILE.

    One process a station, beside gateway and API; `anxin run` and `anxin demo` start it where the file is set.
    """
    from gateway.county.worker import County  # noqa: PLC0415
    from gateway.logs import set_up  # noqa: PLC0415

    settings = _settings()
    set_up(settings.log_level, "county")
    config = _read(settings)
    if not config.platforms:
        raise Misconfigured(f"{settings.county_file} has no links: video needs no process of its own")

    async def run() -> None:
        ours = asyncio.current_task()
        if ours is not None:
            for number in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(number, ours.cancel)
        await County(settings, config, _folder(settings)).run()

    try:
        asyncio.run(run())
    except asyncio.CancelledError:
        return
    except ExceptionGroup as group:
        error: BaseException | None = group.subgroup(OSError)
        while isinstance(error, ExceptionGroup):
            error = error.exceptions[0]
        if error is None:
            raise
        raise Misconfigured(f"the address to listen at cannot be had: {error}") from group


@county.command("check")
def county_check() -> None:
    """Say whether ANXIN_COUNTY_FILE is right, and what in it is seldom meant. Exit code 2 names each wrong place."""
    from gateway.county.config import password_of  # noqa: PLC0415

    settings = _settings(database=False)
    config = _read(settings)
    for link in config.links:
        password_of(link, _folder(settings))
        click.echo(f"ok     {link.name:<12} {link.device_id} at {link.server_id} ({link.server}, {link.transport})")
        for advice in link.advice():
            click.echo(f"look   {link.name:<12} {advice}")
    for one in config.viid:
        password_of(one, _folder(settings))
        click.echo(f"ok     {one.name:<12} {one.device_id} at {one.server_id} ({one.url}, GA/T 1400, {one.mode})")
    for platform in config.video.platforms if config.video is not None else ():
        if platform.kind == "wvp":
            password_of(platform, _folder(settings))
        click.echo(f"ok     {platform.name:<12} video, pages load from {' '.join(sorted(platform.origins()))}")


@county.command("status")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def county_status(as_json: bool) -> None:
    """Say how each link stands, and what became of the last day's alarms. Exit code 1 when one is not online."""
    from gateway.clock import clock_of  # noqa: PLC0415
    from gateway.store import county as store  # noqa: PLC0415
    from gateway.store.pool import connect, reaching_store  # noqa: PLC0415

    settings = _settings()
    now = clock_of(settings.clock).now()
    with reaching_store(), connect(settings.database, "county status") as connection:
        links = store.links(connection, settings.station, now - timedelta(days=1))
    if as_json:
        click.echo(json.dumps(links, default=str, ensure_ascii=False))
    else:
        for one in links:
            viid = one["kind"] == "gat1400"
            click.echo(
                f"{one['name']:<12} {one['state']:<12} {one['status'] or '':<4} {one['why']}\n"
                f"  {one['device_code']} at {one['server']}; "
                + ("GA/T 1400" if viid else f"{one['items']} devices, told {one['told_at'] or 'never'}")
                + f"\n  {'pictures' if viid else 'alarms'} of a day: {one['sent']} sent, "
                f"{one['acknowledged']} acknowledged, {one['waiting']} waiting, "
                f"{one['refused']} refused, {one['expired']} expired, {one['contradicted']} answered with an error"
            )
    if not links or any(one["state"] != "online" for one in links):
        raise SystemExit(1)


@county.command("sheet")
def county_sheet() -> None:
    """Print what the county's operator has to enter for us, and which codes our devices have, in Chinese."""
    from gateway.county.sheet import sheet  # noqa: PLC0415
    from gateway.store import county as store  # noqa: PLC0415
    from gateway.store import registry as registry_store  # noqa: PLC0415
    from gateway.store.pool import connect, reaching_store  # noqa: PLC0415

    settings = _settings()
    config = _read(settings)
    with reaching_store(), connect(settings.database, "county sheet") as connection:
        registry = registry_store.load(connection, settings.station)
        known = store.codes(connection, settings.station)
    for line in sheet(config, registry, known):
        click.echo(line)


@county.command("capture")
@click.option("--link", "name", help="Which link; may be left out where the file names one.")
@click.option("--minutes", type=click.FloatRange(0, 60, min_open=True), required=True, help="For how long, at most 60.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Copy the recording there at the end.")
@click.option("--by", default="command line", show_default=True, help="Who asks, for the audit trail.")
def county_capture(name: str | None, minutes: float, output: Path | None, by: str) -> None:
    """Record what a running link says and hears, passwords and what is hashed with them left out.

    The link's process writes it below ANXIN_HOME, at most 10 MB; Ctrl-C ends it early. Asking stands in the trail.
    It holds every message: addresses, codes, names of places and devices, alarms. Delete it when it has served.
    """
    from gateway.clock import clock_of  # noqa: PLC0415
    from gateway.county.capturing import follow  # noqa: PLC0415

    settings = _settings()
    names = [link.name for link in _read(settings).links]
    if name is None and len(names) > 1:
        raise click.UsageError(f"say which --link: {', '.join(names)}")
    if name is not None and name not in names:
        raise click.UsageError(f"there is no link {name} in the file; there is {', '.join(names)}")
    follow(settings, clock_of(settings.clock), name or names[0], minutes, output, by, click.echo)


def _settings(*, database: bool = True) -> Settings:
    settings = read_settings()
    require(settings, *(["database_url"] if database else []), "county_file")
    return settings


def _folder(settings: Settings) -> Path:
    return settings.county_file.parent if settings.county_file is not None else Path()


def _read(settings: Settings) -> CountyConfig:
    from gateway.county.config import read_county  # noqa: PLC0415

    return read_county(settings.county_file or Path())
