"""The commands of an installation on other people's parts: its secrets, is it well."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import click


def _address(_context: click.Context, _option: click.Parameter, told: str) -> str:
    host, _, port = told.rpartition(":")
    if not host or not port.isdecimal():
        raise click.BadParameter(f"{told!r} is not HOST:PORT, like broker:1883")
    return told


@click.command("secrets")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--site", required=True, type=click.Path(path_type=Path), help="The station's site file.")
@click.option(
    "--database", default="localhost:5432", show_default=True, callback=_address, help="Where PostgreSQL is, HOST:PORT."
)
@click.option(
    "--broker", default="localhost:1883", show_default=True, callback=_address, help="Where Mosquitto is, HOST:PORT."
)
@click.option(
    "--mapping",
    multiple=True,
    type=click.Path(path_type=Path),
    default=lambda: json.loads(os.environ.get("ANXIN_MAPPINGS") or "[]"),
    help="A mapping whose topics the access list lets through, once for each.  [default: ANXIN_MAPPINGS]",
)
def make_secrets(folder: Path, site: Path, database: str, broker: str, mapping: tuple[Path, ...]) -> None:
    """Make the secrets of an installation in DIR: what is missing, each in a file only its owner reads.

    \b
    anxin_*           settings in files: give DIR to gateway and API as ANXIN_SECRETS_DIR
    postgres_password, grafana_password      what those two are started with
    logins/           devices, first passwords of users, the integrator: for `anxin import --logins`
    broker/           Mosquitto's password file and access list

    Run it again when the site file has grown: no secret is ever overwritten. Then tell Mosquitto (SIGHUP).
    """  # noqa: D301, \b is how click is told to keep lines as they are
    from connectors.decoders import load_mappings  # noqa: PLC0415
    from gateway.credentials import Secrets  # noqa: PLC0415
    from gateway.mapped_rights import rights_of  # noqa: PLC0415
    from gateway.registering.reading import read_site  # noqa: PLC0415

    mapped = rights_of(load_mappings(mapping))
    written = Secrets(folder, read_site(site), database=database, broker=broker, mapped=mapped).make()
    click.echo(f"written: {', '.join(written)}" if written else "nothing was missing")


@click.command()
@click.argument("process", type=click.Choice(["gateway", "api", "county"]))
def health(process: str) -> None:
    """Say whether PROCESS is well; exit 1 when it is not. For health checks; people ask `anxin doctor`."""
    from gateway.health import judge_api, judge_county, judge_gateway  # noqa: PLC0415
    from gateway.settings import read_settings, require  # noqa: PLC0415

    settings = read_settings()
    if process != "api":
        require(settings, "database_url")
    told = {"gateway": judge_gateway, "api": judge_api, "county": judge_county}[process](settings)
    click.echo(f"{process}: {told.unwell or 'well'}" + (f"; but {told.degraded}" if told.degraded else ""))
    sys.exit(1 if told.unwell else 0)
