"""`anxin duty`: who answers now, and where the roster leaves nobody."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from gateway.settings import Settings, read_settings, require

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.rows import TupleRow


@click.group()
def duty() -> None:
    """The roster: who answers now, and where it leaves nobody."""


@duty.command("now")
@click.option("--area", help="A beat or grid. Without area and place: the station as a whole.")
@click.option("--place", help="A place: guards who stand there come first.")
@click.option("--at", metavar="TIME", help='Another moment, like "2026-10-01T08:00". [default: now]')
@click.option("--json", "as_json", is_flag=True, help="As the API says it, for scripts.")
def duty_now(area: str | None, place: str | None, at: str | None, as_json: bool) -> None:
    """Say who answers for an area or a place, why, and who is nearest."""
    from gateway.duty import looked_up  # noqa: PLC0415  # keep `anxin --help` quick
    from gateway.model.scope import Scope  # noqa: PLC0415

    with _opened() as (settings, connection, now):
        found = looked_up.now(
            connection, Scope(settings.station), place=place, area=area,
            at=now if at is None else _moment(connection, settings.station, at),
        )  # fmt: skip
    if as_json:
        _print(found)
        return
    for one in found["answers"]:
        mute = "" if one["reachable"] else "  (cannot be reached)"
        click.echo(f"{one['duty_as']:<10} {one['user']:<20} {one['why']['en']}{mute}")
    if not found["answers"]:
        click.echo("nobody: the station has nobody with a contact")
    for one in found["nearest"]:
        if one["distance_m"] is not None:
            click.echo(f"{one['distance_m']:>8} m {one['user']:<20} by {one['where']}")


@duty.command("check")
@click.option("--days", default=60, show_default=True, type=click.IntRange(1, 366), help="How far ahead.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def duty_check(days: int, as_json: bool) -> None:
    """Name the times and areas the saved roster leaves with nobody; ends with 1 when there are any."""
    from gateway.duty import looked_up  # noqa: PLC0415
    from gateway.duty.acts import load  # noqa: PLC0415
    from gateway.model.scope import Scope  # noqa: PLC0415

    with _opened() as (settings, connection, now):
        found = looked_up.checked(load(connection, settings.station, now), Scope(settings.station), now, days)
    if as_json:
        _print(found)
    else:
        for one in found["gaps"]:
            click.echo(f"GAP   {one['said']['en']}")
        if found["gaps_total"] > len(found["gaps"]):
            click.echo(f"      and {found['gaps_total'] - len(found['gaps'])} more")
        for one in found["doubts"]:
            click.echo(f"WARN  {one['said']['en']}")
        if not found["gaps_total"]:
            click.echo(f"ok    somebody answers everywhere in the next {days} days")
    sys.exit(1 if found["gaps_total"] else 0)


@contextmanager
def _opened() -> Iterator[tuple[Settings, Connection[TupleRow], datetime]]:
    from gateway.clock import clock_of  # noqa: PLC0415
    from gateway.store.pool import connect, reaching_store  # noqa: PLC0415

    settings = read_settings()
    require(settings, "database_url")
    with reaching_store(), connect(settings.database, "duty") as connection:
        yield settings, connection, clock_of(settings.clock).now()


def _moment(connection: Connection[TupleRow], station: str, told: str) -> datetime:
    """What somebody wrote as a time; without an offset it is the station's."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415

    from gateway.store import registry  # noqa: PLC0415

    try:
        moment = datetime.fromisoformat(told)
    except ValueError as error:
        raise click.BadParameter(f"{told!r} is no time; write 2026-10-01T08:00", param_hint="--at") from error
    known = registry.station(connection, station)
    return moment if moment.tzinfo or known is None else moment.replace(tzinfo=ZoneInfo(known.time_zone))


def _print(found: dict[str, Any]) -> None:
    import msgspec  # noqa: PLC0415

    click.echo(msgspec.json.encode(found).decode())
