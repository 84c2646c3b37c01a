"""`anxin retention`: what is kept how long, and what would go if the gateway looked now. It changes nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from gateway.settings import read_settings, require

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.retention import Kept, Look

HEAD = f"{'class':<17} {'setting':<24} {'days':>5} {'floor':>5} {'ceiling':>7}  {'before':<10} {'goes':>9}  oldest left"
#: What the names say, where they do not say it.
NOTES = {
    "held": "held for a case (保全)",
    "open": "not over",
    "alert": "an alert names it, or one of it stands",
    "merged": "goes after what was merged into it",
    "follow_up": "a follow-up is to come",
    "case": "goes with its case",
    "fresh": "nobody has looked yet whether an alert names it",
    "record": "there is a record of the person",
}


@click.command("retention")
@click.option("--json", "as_json", is_flag=True, help="For scripts; times in UTC.")
def retention(as_json: bool) -> None:
    """Show what is kept how long, and what would go now: a dry run that changes nothing.

    One line for each class: its setting with floor and ceiling, before which moment things go, how many would go now,
    and of when the oldest is that stays. Below it: what is past its time and stays all the same, by the first reason
    that applies. Where only so many go at once, the rest follows each time the gateway looks.

    It asks the database what the deletion itself asks, in a read-only transaction. What went stands in the audit trail
    as `retention`. Settings are tried out by giving them:

    \b
      ANXIN_RECORDS_KEEP_DAYS=365 anxin retention
    """  # noqa: D301, \b is how click is told to keep lines as they are
    from gateway.clock import clock_of  # noqa: PLC0415  # keep `anxin --help` quick
    from gateway.retention import look  # noqa: PLC0415
    from gateway.store.pool import connect, reaching_store, snapshot  # noqa: PLC0415

    settings = read_settings()
    require(settings, "database_url")
    with reaching_store(), connect(settings.database, "retention") as connection, snapshot(connection):
        seen = look(connection, settings, clock_of(settings.clock).now())
    if as_json:
        click.echo(json.dumps(_told(seen), ensure_ascii=False))
        return
    click.echo(HEAD)
    for one in seen.classes:
        _show(one)
    click.echo(_when(seen))


def _show(one: Kept) -> None:
    click.echo(
        f"{one.name:<17} {one.setting:<24} {one.days:>5g} {one.floor:>5} {one.ceiling:>7}  {one.before:%Y-%m-%d} "
        f"{one.goes:>9,}  {_moment(one.oldest)}"
    )
    for why, count in sorted(one.stays.items()):
        click.echo(f"  stay: {count:,} {why}: {NOTES.get(why, why)}")
    if one.at_once is not None and one.goes > one.at_once:
        click.echo(f"  at most {one.at_once:,} of them each time")


def _when(seen: Look) -> str:
    if seen.last is None:
        return "The gateway has not looked yet; it does when it starts, and every six hours."
    if seen.next is None:
        return f"The gateway looked last at {_moment(seen.last)}; every six hours, and when it starts."
    if seen.next < seen.at:
        return f"The gateway looked last at {_moment(seen.last)} and should have again: does it run? `anxin doctor`"
    return f"The gateway looked last at {_moment(seen.last)}, and looks next at {_moment(seen.next)} or when it starts."


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at is not None else "–"


def _told(seen: Look) -> dict[str, object]:
    def said(at: datetime | None) -> str | None:
        return at.isoformat() if at is not None else None

    return {
        "at": said(seen.at), "last": said(seen.last), "next": said(seen.next),
        "classes": [
            {**one._asdict(), "before": said(one.before), "oldest": said(one.oldest)} for one in seen.classes
        ],
    }  # fmt: skip
