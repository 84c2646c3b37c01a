"""Commands that play with time: the past filled in, a scenario rehearsed, a drill announced."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

import click

from gateway.settings import read_settings, require


@click.command()
@click.argument("file", type=click.File("rb"))
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON, for scripts.")
def backfill(file: BinaryIO, as_json: bool) -> None:
    """Bring a station's past into the store from FILE (- for standard input): rules learn it, nobody is rung.

    FILE has one delivery per line, in the order they were received:

    \b
      {"at": "2026-11-01T08:00:00+08:00", "topic": "anxin/v1/STATION/DEVICE/event", "payload": {…}}

    The gateway must not be running. What the station has lived through already is skipped, so a backfill that was
    interrupted can be started again. What still stands at the end (an elder silent since last night) rings then.
    """  # noqa: D301  # \b is how click is told to keep lines as they are
    import msgspec  # noqa: PLC0415  # keep `anxin --help` quick

    from gateway.backfill import backfill as fill  # noqa: PLC0415
    from gateway.clock import clock_of  # noqa: PLC0415
    from gateway.logs import set_up  # noqa: PLC0415

    settings = read_settings()
    require(settings, "database_url")
    set_up("warning", "backfill")
    done = fill(settings, clock_of(settings.clock), file, lambda told: click.echo(f"  {told}", err=True))
    if as_json:
        click.echo(msgspec.json.encode(done).decode())
        return
    click.echo(
        f"{done.events:,} events in {done.seconds:.1f} s; {done.skipped:,} deliveries were known already, "
        f"{done.dead:,} became dead letters; {done.handed_over} alerts still stand and ring now"
    )


@click.command()
@click.argument("name", required=False)
@click.option("--list", "listing", is_flag=True, help="Name the scenarios there are.")
@click.option("--live", is_flag=True, help="Play it in real time on the running demo of ANXIN_HOME instead.")
@click.option("--seed", default=1, show_default=True, help="Which town lives around it.")
@click.option("--site", type=click.Path(path_type=Path, exists=True), help="Another station than the made-up county.")
@click.option("--begin", metavar="DATE", default="2026-11-18", show_default=True, help="The day it happens.")
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Of what you read.")
@click.option("--server", metavar="URL", help="A PostgreSQL to make a throw-away database on. [default: embedded]")
@click.option("--keep", type=click.Path(path_type=Path), help="Write what happened, as lines of JSON, to this file.")
@click.option("--json", "as_json", is_flag=True, help="The judgement as JSON, for scripts.")
def simulate(  # one parameter per option
    name: str | None, listing: bool, live: bool, seed: int, site: Path | None, begin: str, language: str,
    server: str | None, keep: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Play the scenario NAME and say whether what must happen happened, and nothing that must not.

    By a virtual clock, on a station of its own: a day passes in seconds and nothing running is touched. With --live in
    real time through the broker, phones and API of the running demo.
    """
    from gateway.embedded import scenario  # noqa: PLC0415
    from gateway.logs import set_up  # noqa: PLC0415

    set_up("warning", "simulate")
    if listing or name is None:
        code = scenario.listing(language=language, as_json=as_json)
        if not listing:
            click.echo("name the one to play, such as: anxin simulate elder-not-leaving", err=True)
        sys.exit(code)
    if live:
        sys.exit(scenario.play(name, read_settings().home, language=language))
    sys.exit(
        scenario.rehearse(
            name,
            seed=seed,
            site=site,
            begin=begin,
            language=language,
            server=server,
            keep=keep,
            as_json=as_json,
            say=lambda told: click.echo(told, err=True),
        )
    )


@click.command()
@click.argument("device")
@click.option("--minutes", default=15.0, show_default=True, type=click.FloatRange(1, 480), help="How long it lasts.")
@click.option("--note", default="", help="What is practised, for the timeline.")
@click.option("--by", default="command line", show_default=True, help="Who announces it.")
@click.option("--end", is_flag=True, help="End it now: what the device reports from here on is real.")
def drill(device: str, minutes: float, note: str, by: str, end: bool) -> None:
    """Announce a drill: for so long, what DEVICE reports rings as always and is marked as a drill everywhere."""
    from gateway import register  # noqa: PLC0415
    from gateway.clock import clock_of  # noqa: PLC0415
    from gateway.incidents.acts import Actor  # noqa: PLC0415
    from gateway.model.scope import Scope  # noqa: PLC0415
    from gateway.store.pool import connect, reaching_store  # noqa: PLC0415

    settings = read_settings()
    require(settings, "database_url")
    actor = Actor(by, "admin", Scope(settings.station), clock_of(settings.clock).now())
    with reaching_store(), connect(settings.database, "drill") as connection:
        if end:
            register.end_drill(connection, actor, device)
            click.echo(json.dumps({"device": device, "ends_at": actor.at.isoformat()}))
            return
        planned = register.announce_drill(connection, actor, device, timedelta(minutes=minutes), note)
    click.echo(json.dumps({"device": device, "ends_at": planned.ends_at.isoformat()}))
