"""`anxin backtest`: what a rule would have said of the stored past."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from gateway.settings import read_settings, require

#: How far back it looks when nobody says.
USUAL = timedelta(days=30)


def moment(told: str) -> datetime:
    """A day or a moment; the station's time unless it carries an offset."""
    try:
        return datetime.fromisoformat(told)
    except ValueError:
        message = f"{told!r} is no moment; write 2026-11-01, or 2026-11-01T08:00:00+08:00"
        raise click.BadParameter(message) from None


@click.command()
@click.argument("rule")
@click.option("--from", "since", type=moment, metavar="MOMENT", help="First moment.  [default: 30 days before --to]")
@click.option("--to", "until", type=moment, metavar="MOMENT", help="First moment no longer looked at.  [default: now]")
@click.option(
    "--definition",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A definition not written down yet.",
)
@click.option("--version", type=int, help="A version written down.  [default: the one that runs]")
@click.option("--against", type=click.Choice(["running"]), help="Compare with the version that runs, side by side.")
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Of explanations.")
@click.option("--by", default="command line", show_default=True, help="Who asks; kept in the audit trail.")
@click.option("--json", "as_json", is_flag=True, help="The whole report as JSON, for scripts.")
def backtest(  # one parameter per option
    rule: str, since: datetime | None, until: datetime | None, definition: Path | None, version: int | None,
    against: str | None, language: str, by: str, as_json: bool,
) -> None:  # fmt: skip
    """Say what RULE would have raised over a stretch of the stored past, and why.

    The same code as live, by a virtual clock, with the registry as it was then; nothing live is touched. It reads back
    as far before --from as the rule remembers, so that its states are what they would have been. You get: how many
    alerts, per grid and hour, the first with their explanations, the difference to the running version, the floods an
    operator would have met, and, where incidents were closed with a disposition, how many were real.

    \b
      anxin backtest door-held --from 2026-11-01 --to 2026-11-15
      anxin backtest door-held --definition door-held.yaml --against running

    The result is kept under the id that is printed last: `anxin rules activate` and the API take it as the proof that a
    version was tried. One at a time per station. A day means the station's midnight.
    """  # noqa: D301  # \b is how click is told to keep lines as they are
    from gateway import backtest_job  # noqa: PLC0415  # keep `anxin --help` quick
    from gateway.backtest_text import told  # noqa: PLC0415
    from gateway.clock import clock_of  # noqa: PLC0415
    from gateway.incidents.acts import Actor  # noqa: PLC0415
    from gateway.logs import set_up  # noqa: PLC0415
    from gateway.model.errors import Misconfigured  # noqa: PLC0415
    from gateway.model.scope import Scope  # noqa: PLC0415
    from gateway.store import registry  # noqa: PLC0415
    from gateway.store.pool import connect, reaching_store  # noqa: PLC0415
    from rules.load import read_definition  # noqa: PLC0415
    from rules.replay import RuleFailed  # noqa: PLC0415

    if definition is not None and version is not None:
        raise click.UsageError("either --definition or --version")
    settings = read_settings()
    require(settings, "database_url")
    set_up("warning", "backtest")
    now = clock_of(settings.clock).now()
    with reaching_store(), connect(settings.database, "backtest") as connection:
        station = registry.station(connection, settings.station)
        if station is None:
            raise Misconfigured(f"there is no station {settings.station!r}; import its site first")
        end = _at(until, station.time_zone) if until is not None else now
        begin = _at(since, station.time_zone) if since is not None else end - USUAL
        backtest_id = backtest_job.begin(
            connection, settings, Actor(by, "admin", Scope(settings.station), now), rule, begin, end,
            definition=read_definition(definition) if definition is not None else None,
            version=version, against_running=against is not None,
        )  # fmt: skip
    try:
        report = backtest_job.run(settings, backtest_id, _Progress())
    except RuleFailed as error:
        raise Misconfigured(f"{error} (backtest {backtest_id})") from error
    if as_json:
        click.echo(json.dumps({"id": backtest_id, **report}, ensure_ascii=False))
        return
    for line in told(report, language):
        click.echo(line)
    click.echo(f"\nkept as backtest {backtest_id}")


def _at(moment: datetime, zone: str) -> datetime:
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


class _Progress:
    """How far it is, how fast, and how long it still takes, about once a second, on standard error."""

    def __init__(self) -> None:
        from gateway.clock import monotonic  # noqa: PLC0415

        self._clock = monotonic
        self._began = self._told = monotonic()

    def __call__(self, events: int, count: int, moment: datetime) -> None:
        """Say it, unless it has just been said."""
        now = self._clock()
        if events == 0:
            click.echo(f"  {count:,} events to read", err=True)
        if events == 0 or (now - self._told < 1 and events < count):
            return
        self._told = now
        rate = events / max(now - self._began, 1e-9)
        left = max(count - events, 0) / max(rate, 1e-9)
        click.echo(
            f"  {min(100, 100 * events / max(count, 1)):3.0f} % · {moment:%Y-%m-%d %H:%M} UTC · {events:,} events · "
            f"{rate:,.0f}/s · {left:,.0f} s to go",
            err=True,
        )
