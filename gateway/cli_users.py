"""`anxin user`: accounts from the server's own command line, for the first admin and for whoever is locked out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.rows import TupleRow

    from gateway.accounts.acts import Role
    from gateway.incidents.acts import Actor
    from gateway.settings import Settings

#: Who acts, in the audit trail: whoever may run commands on the server.
COMMAND_LINE = "_command_line"
ROLES = ("operator", "officer", "commander", "grid_worker", "auditor", "admin")


@click.group()
def user() -> None:
    """Accounts of people."""


@user.command("add")
@click.argument("username")
@click.option("--name", required=True, help="What colleagues call them.")
@click.option("--role", required=True, type=click.Choice(ROLES))
@click.option("--area", "areas", multiple=True, help="An area they work in; again for more.  [default: the station]")
@click.option("--auxiliary", is_flag=True, help="An auxiliary (辅警).")
@click.password_option(help="Asked for when not given.")
def add(username: str, name: str, role: Role, areas: tuple[str, ...], auxiliary: bool, password: str) -> None:
    """Make an account named USERNAME. A site file that is imported later may change it."""
    from gateway.accounts import acts  # noqa: PLC0415

    with _acting() as (connection, actor, _):
        acts.add(
            connection, actor, username=username, name=name, role=role, areas=list(areas) or None, auxiliary=auxiliary,
            password=password,
        )  # fmt: skip
    click.echo(f"{username} added")


@user.command("password")
@click.argument("username")
@click.password_option(help="Asked for when not given.")
def password_(username: str, password: str) -> None:
    """Set the password of USERNAME, a user of the station; their sessions end."""
    from gateway.accounts import acts  # noqa: PLC0415

    with _acting() as (connection, actor, _):
        acts.set_password(connection, actor, username, password)
    click.echo(f"password of {username} set")


@user.command("disable")
@click.argument("username")
@click.option("--again", is_flag=True, help="Let them log in again instead.")
def disable(username: str, again: bool) -> None:
    """Let USERNAME log in no more, and end their sessions. What they did stays under their name."""
    from gateway.accounts import acts  # noqa: PLC0415

    with _acting() as (connection, actor, _):
        acts.change(connection, actor, username, {"disabled": not again})
    click.echo(f"{username} may {'log in again' if again else 'log in no more'}")


@user.command("totp")
@click.argument("username")
def totp(username: str) -> None:
    """Give USERNAME a second factor: shows a code to scan, asks for the digits, prints the recovery codes."""
    import segno  # noqa: PLC0415

    from gateway.accounts import acts, second_factor  # noqa: PLC0415
    from gateway.clock import clock_of  # noqa: PLC0415
    from gateway.sealing_up import know_key, sealer_for  # noqa: PLC0415

    with _acting() as (connection, actor, settings):
        acts.must_exist(connection, actor, username)
        sealer = sealer_for(settings, connection)
        know_key(connection, sealer)
        secret, uri = second_factor.enrol(connection, sealer, username, settings.station)
    segno.make(uri).terminal(compact=True)
    digits = click.prompt(f"scan it, or type {secret} into the app; then the six digits it shows")
    with _acting() as (connection, actor, settings):
        now = clock_of(settings.clock).now()
        codes = second_factor.confirm(connection, sealer, username, "".join(digits.split()), now)
        acts.note_second_factor(connection, actor, username)
    click.echo("recovery codes, each good once; they are shown this once:")
    click.echo("\n".join(codes))


@user.command("totp-reset")
@click.argument("username")
def totp_reset(username: str) -> None:
    """Take the second factor of USERNAME away, when the phone is lost; their sessions end."""
    from gateway.accounts import acts  # noqa: PLC0415

    with _acting() as (connection, actor, _):
        acts.take_second_factor(connection, actor, username)
    click.echo(f"{username} has no second factor any more; they enrol anew at the next log-in")


@contextmanager
def _acting() -> Iterator[tuple[Connection[TupleRow], Actor, Settings]]:
    """One transaction, in the name of whoever runs commands on the server."""
    from gateway.clock import clock_of  # noqa: PLC0415
    from gateway.incidents.acts import Actor  # noqa: PLC0415
    from gateway.model.scope import Scope  # noqa: PLC0415
    from gateway.settings import read_settings, require  # noqa: PLC0415
    from gateway.store.pool import connect, reaching_store  # noqa: PLC0415

    settings = read_settings()
    require(settings, "database_url")
    with reaching_store(), connect(settings.database, "user") as connection:
        actor = Actor(COMMAND_LINE, "admin", Scope(settings.station), clock_of(settings.clock).now())
        yield connection, actor, settings
