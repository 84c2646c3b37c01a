"""`anxin`: one command for everything people start by hand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import click

from gateway.cli_backtest import backtest
from gateway.cli_camera import camera
from gateway.cli_county import county
from gateway.cli_devices import dead_letters, device
from gateway.cli_duty import duty
from gateway.cli_evidence import evidence
from gateway.cli_import import export, import_, import_sheet
from gateway.cli_install import health, make_secrets
from gateway.cli_mappings import mapping
from gateway.cli_retention import retention
from gateway.cli_rules import rules
from gateway.cli_time import backfill, drill, simulate
from gateway.cli_users import user
from gateway.model.errors import AnxinError

#: Exit code for a mistake the person can mend (a setting, a file, a taken port).
MISTAKE = 2


class Sentences(click.Group):
    """A group whose commands end with a sentence instead of a trace when Anxin knows what went wrong."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except AnxinError as error:
            click.echo(f"anxin: {error}", err=True)
            ctx.exit(MISTAKE)


@click.group(cls=Sentences, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="anxin")
def main() -> None:
    """Anxin (安心网关): an alerting gateway for a police station's neighbourhood.

    Try it: `anxin demo` brings a database, a broker, a made-up county town and the console.
    Settings come from ANXIN_* variables over $ANXIN_HOME/anxin.toml; docs/settings.md lists them.
    """


for command in (
    make_secrets, import_, import_sheet, export, health, device, dead_letters, backfill, simulate, drill, duty, rules,
    backtest, user, evidence, retention, camera, mapping, county,
):  # fmt: skip
    main.add_command(command)


@main.command()
@click.option(
    "--home",
    type=click.Path(path_type=Path),
    envvar="ANXIN_HOME",
    default=Path(".anxin"),
    show_default=True,
    show_envvar=True,
    help="Where all state lives.",
)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    envvar="ANXIN_HTTP_PORT",
    default=8000,
    show_default=True,
    show_envvar=True,
    help="Port of the console and API.",
)
@click.option(
    "--mqtt-port",
    type=click.IntRange(1, 65535),
    envvar="ANXIN_MQTT_PORT",
    show_envvar=True,
    help="Port of the MQTT broker.  [default: the last one used, 1883, or any free one]",
)
@click.option(
    "--simulators/--no-simulators", default=True, help="Let a simulated town live, or bring your own devices."
)
@click.option(
    "--cameras/--no-cameras", default=True, help="Watch two cameras of the made-up town, with rendered films."
)
@click.option("--site", type=click.Path(path_type=Path, exists=True), help="Your station instead of a made-up county.")
@click.option("--seed", default=1, show_default=True, help="Which made-up county town.")
@click.option(
    "--history-days",
    type=click.FloatRange(0, 170),
    default=30,
    show_default=True,
    help="How far back the town has a past; 0: none, and nothing of the time the demo was off.",
)
@click.option(
    "--postgres-bin",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    envvar="ANXIN_POSTGRES_BIN",
    show_envvar=True,
    help="The programs of another PostgreSQL, one with TimescaleDB for instance.",
)
def demo(  # one parameter per option
    home: Path, port: int, mqtt_port: int | None, simulators: bool, cameras: bool, site: Path | None, seed: int,
    history_days: float, postgres_bin: Path | None,
) -> None:  # fmt: skip
    """Start everything embedded on this machine, and stop it all with Ctrl-C.

    The first start makes a county town and fills in a month of its history, ringing nobody. A second start goes on with
    the same data, after filling in what happened meanwhile. $ANXIN_HOME/demo.json says where everything is and who may
    log in. While it runs it follows its site file: `anxin device add` brings a device of yours in.
    """
    from gateway.embedded.demo import Demo, DemoOptions  # noqa: PLC0415  # keep `anxin --help` quick

    told = DemoOptions(home, port, simulators, site, seed, history_days, postgres_bin, mqtt_port, cameras)
    Demo(told, click.echo).run()


@main.command()
def run() -> None:
    """Run gateway and API together against ANXIN_DATABASE_URL and ANXIN_MQTT_URL.

    Migrations are applied first. Import the station once with `anxin import SITE.yaml`.
    """
    from gateway.embedded.run import run_both  # noqa: PLC0415

    run_both(_settings("database_url", "mqtt_url"), click.echo)


@main.command()
def gateway() -> None:
    """Run the gateway alone: the road, the timers and the delivery."""
    from gateway.app import run_gateway  # noqa: PLC0415
    from gateway.logs import set_up  # noqa: PLC0415

    settings = _settings("database_url", "mqtt_url")
    set_up(settings.log_level, "gateway")
    sys.exit(run_gateway(settings))


@main.command()
def api() -> None:
    """Run the API and console alone."""
    # The one place below `api/` that reaches up: the command line starts processes, it does not use them.
    from importlib import import_module  # noqa: PLC0415

    from gateway.logs import set_up  # noqa: PLC0415

    settings = _settings("database_url")
    set_up(settings.log_level, "api")
    import_module("api.serve").serve(settings)


@main.command()
def migrate() -> None:
    """Bring the database's schema up to date and seal what is still readable. Safe at any time, also twice at once."""
    from gateway.sealing_up import bring_up_to_date  # noqa: PLC0415

    applied = bring_up_to_date(_settings("database_url"))
    click.echo(f"applied: {', '.join(applied)}" if applied else "the schema is up to date")


@main.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def load(arguments: tuple[str, ...]) -> None:
    """Publish load at a rate and keep a ledger of what the broker acknowledged (see `anxin load --help`)."""
    sys.exit(subprocess.call([sys.executable, "-m", "simulators", "load", *arguments]))


@main.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def send(arguments: tuple[str, ...]) -> None:
    """Publish one event as one device: press a button (see `anxin send --help`)."""
    sys.exit(subprocess.call([sys.executable, "-m", "simulators", "send", *arguments]))


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--with-secrets", is_flag=True, help="Add the secrets of $ANXIN_HOME: who has the file can then log in.")
@click.option("--json", "as_json", is_flag=True, help="Print the manifest, for scripts.")
def backup(file: Path, with_secrets: bool, as_json: bool) -> None:
    """Write the whole database to FILE while everything runs.

    One consistent moment: events, alerts, incidents, accounts, the rules' state. FILE appears, or is replaced, when all
    of it is on disk; only you may read it. Needs pg_dump: from PATH, ANXIN_POSTGRES_BIN or the embedded PostgreSQL.
    What lies in $ANXIN_HOME (secrets.json, devices.json, anxin.toml) is not in it unless --with-secrets.
    Personal data in it is sealed; the data key is never in it: keep data.key (or ANXIN_DATA_KEY) elsewhere.
    """
    from gateway.backup.report import report  # noqa: PLC0415
    from gateway.backup.take import take  # noqa: PLC0415

    manifest = take(_settings("database_url"), file, _aside, with_secrets=with_secrets)
    click.echo(report(manifest, file, as_json=as_json))


@main.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--into", metavar="URL|NAME", help="Another database than ANXIN_DATABASE_URL; a NAME is on its server.")
@click.option("--with-secrets", is_flag=True, help="Put the backup's secrets into $ANXIN_HOME too, where missing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def restore(file: Path, into: str | None, with_secrets: bool, yes: bool) -> None:
    """Fill an empty database from a backup FILE: all of it, counted, or nothing.

    A database that is not there is made. Afterwards the schema is brought up to date, and ids go on far above what they
    were, so that nothing given after the backup ever means something else. Start `anxin run` when it is done; devices
    that send again what they sent since the backup do no harm.
    """
    from gateway.backup.report import about, swapping  # noqa: PLC0415
    from gateway.backup.restore import open_backup, put_home, where  # noqa: PLC0415
    from gateway.backup.restore import restore as fill  # noqa: PLC0415
    from gateway.sealing_up import after_restore  # noqa: PLC0415

    settings = _settings()
    database_url = where(settings, into)
    opened = open_backup(file, _aside)
    click.echo(about(opened.manifest, database_url))
    if not yes:
        click.confirm("Restore it?", abort=True)
    applied = fill(opened, database_url, _aside)
    rows = sum(opened.manifest.rows.values())
    click.echo(f"restored and counted: {rows:,} rows in {len(opened.manifest.rows)} tables, as in the manifest")
    click.echo(f"migrations applied: {', '.join(applied)}" if applied else "the schema is up to date")
    click.echo(after_restore(settings, database_url))
    if swap := swapping(settings, database_url):
        click.echo(swap)
    if with_secrets:
        click.echo(
            f"into {settings.home}: {', '.join(put_home(opened, settings.home)) or 'nothing, it has no secrets'}"
        )
    opened.close()


@main.command()
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def doctor(as_json: bool) -> None:
    """Look at every part, say what to do about what is wrong, and print the settings, secrets masked.

    ok is well, WARN wants to be looked at, BAD means that something is lost or nobody is told. Nothing is changed and
    nobody is rung. Ends with 1 when anything is BAD.
    """
    from gateway.doctor.examine import examine  # noqa: PLC0415

    sys.exit(examine(_settings(), click.echo, _aside, as_json=as_json))


def _aside(told: str) -> None:
    """Say how far something is, beside what it prints."""
    click.echo(told, err=True)


def _settings(*required: str) -> Any:
    from gateway.settings import read_settings, require  # noqa: PLC0415

    settings = read_settings()
    require(settings, *required)
    return settings


if __name__ == "__main__":
    main()
