"""`anxin rules`: definitions checked, versions that run or wait, and why a rule says (or does not say) something."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.settings import Settings, read_settings, require

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.rows import TupleRow


@click.group()
def rules() -> None:
    """Rules: check definitions, see and change which versions run, ask one why."""


@rules.command("check")
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path, exists=True, file_okay=False))
def rules_check(folders: tuple[Path, ...]) -> None:
    """Check every definition in FOLDERS (default: the built-in catalogue) and run the tests beside it."""
    from rules.check import check_file  # noqa: PLC0415  # keep `anxin --help` quick
    from rules.load import CATALOG, TEST_SUFFIX, read_definitions  # noqa: PLC0415

    where = list(folders) or [CATALOG]
    read_definitions(where)
    failures: list[str] = []
    for folder in where:
        for path in sorted(folder.glob("*.yaml")):
            if path.name.endswith(TEST_SUFFIX):
                continue
            failed = check_file(path)
            failures.extend(failed)
            click.echo(f"{'FAIL' if failed else 'ok  '}  {path.stem}")
    for failure in failures:
        click.echo(failure, err=True)
    if failures:
        sys.exit(1)


@rules.command("publish")
@click.option("--activate", is_flag=True, help="Let what has changed run, too.")
@click.option("--reason", help="Why it runs without a backtest; kept in the audit trail. Goes with --activate.")
@click.option("--by", default="command line", show_default=True, help="Who decides.")
def rules_publish(activate: bool, reason: str | None, by: str) -> None:
    """Write down, without a restart, what the files say now: the catalogue and the folders of ANXIN_RULES_FOLDERS.

    All of them or none: each must be well formed, carry its record, and pass the tests beside it.
    """
    from gateway import rule_acts  # noqa: PLC0415
    from gateway.clock import clock_of  # noqa: PLC0415
    from gateway.incidents.acts import Actor  # noqa: PLC0415
    from gateway.model.scope import Scope  # noqa: PLC0415
    from gateway.rule_book import definitions_of, tests_of, words  # noqa: PLC0415
    from gateway.store import rule_versions  # noqa: PLC0415
    from rules.check import check_file  # noqa: PLC0415
    from rules.load import TEST_SUFFIX  # noqa: PLC0415

    settings = read_settings()
    definitions, tests = definitions_of(settings), tests_of(settings)
    own = [path for folder in settings.rules_folders for path in sorted(Path(folder).glob("*.yaml"))]
    failures = [told for path in own if not path.name.endswith(TEST_SUFFIX) for told in check_file(path)]
    if failures:
        raise click.ClickException("nothing is published; tests fail: " + "; ".join(failures))
    with _store() as (connection, _):
        actor = Actor(by, "admin", Scope(settings.station), clock_of(settings.clock).now())
        changed = 0
        retired = rule_versions.retired(connection, settings.station)
        for definition in definitions:
            version, runs = rule_versions.publish(
                connection, definition.id, words(definition), actor.at, tests.get(definition.id)
            )
            if runs or definition.id in retired:
                continue
            changed += 1
            click.echo(f"{definition.id}: version {version} {'is asked for' if activate else 'waits'}")
            if activate:
                rule_acts.activate(connection, actor, definition.id, version, backtest=None, reason=reason)
    click.echo(f"{changed} changed, {len(definitions) - changed} as they were")


@rules.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for scripts.")
def rules_list(as_json: bool) -> None:
    """Which version of each rule runs, and which waits to be activated."""
    from gateway.store import rule_versions  # noqa: PLC0415

    with _store() as (connection, _):
        running = rule_versions.running(connection)
        newest = {rule: rule_versions.versions(connection, rule)[0]["version"] for rule in running}
    if as_json:
        told = [{"rule": rule, "runs": running[rule][0], "newest": newest[rule]} for rule in sorted(running)]
        click.echo(json.dumps(told))
        return
    for rule, (version, _) in sorted(running.items()):
        waits = f"   version {newest[rule]} waits: anxin rules activate {rule}" if newest[rule] != version else ""
        click.echo(f"{rule:<28} version {version}{waits}")


@rules.command("activate")
@click.argument("names", nargs=-1, metavar="[RULE]...")
@click.option("--version", type=int, help="Which version of one RULE.  [default: its newest]")
@click.option("--all", "everything", is_flag=True, help="The newest version of every rule that has one waiting.")
@click.option("--backtest", type=int, metavar="ID", help="A finished backtest of that version.")
@click.option("--reason", help="Why it runs without one; kept in the audit trail.")
@click.option("--by", default="command line", show_default=True, help="Who decides.")
def rules_activate(  # one parameter per option
    names: tuple[str, ...], version: int | None, everything: bool, backtest: int | None, reason: str | None, by: str
) -> None:
    """Let the newest version of each RULE run: it learns from the stored past, then takes over from one commit on.

    All that are named together run together or not at all. The running gateway does it; see `anxin rules list`.
    """
    from gateway import rule_acts  # noqa: PLC0415
    from gateway.clock import clock_of  # noqa: PLC0415
    from gateway.incidents.acts import Actor  # noqa: PLC0415
    from gateway.model.scope import Scope  # noqa: PLC0415
    from gateway.store import rule_versions  # noqa: PLC0415

    if bool(names) == everything:
        raise click.UsageError("name the rules, or say --all")
    if version is not None and len(names) != 1:
        raise click.UsageError("--version goes with one RULE")
    with _store() as (connection, settings):
        actor = Actor(by, "admin", Scope(settings.station), clock_of(settings.clock).now())
        running = rule_versions.running(connection)
        for rule in names or sorted(running):
            known = rule_versions.versions(connection, rule)
            wanted = version or (known[0]["version"] if known else 1)
            if everything and running[rule][0] == wanted:
                continue
            rule_acts.activate(connection, actor, rule, wanted, backtest=backtest, reason=reason)
            click.echo(f"{rule}: version {wanted} is asked for")


@rules.command("retire")
@click.argument("rule")
@click.option("--reason", required=True, help="Why nobody is to be warned by it any more; kept in the audit trail.")
@click.option("--by", default="command line", show_default=True, help="Who decides.")
def rules_retire(rule: str, reason: str, by: str) -> None:
    """Let RULE run no more; what it raised ends."""
    from gateway import rule_acts  # noqa: PLC0415
    from gateway.clock import clock_of  # noqa: PLC0415
    from gateway.incidents.acts import Actor  # noqa: PLC0415
    from gateway.model.scope import Scope  # noqa: PLC0415

    with _store() as (connection, settings):
        actor = Actor(by, "admin", Scope(settings.station), clock_of(settings.clock).now())
        rule_acts.retire(connection, actor, rule, reason)
    click.echo(f"{rule}: to be retired")


@rules.command("why")
@click.argument("rule")
@click.argument("subject")
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Of what you read.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for scripts.")
def rules_why(rule: str, subject: str, language: str, as_json: bool) -> None:
    """What RULE makes of SUBJECT (device:door-1, person:p-001, place:…) just now, and why it did not ring."""
    import msgspec  # noqa: PLC0415

    from gateway.clock import clock_of  # noqa: PLC0415
    from gateway.model.scope import Scope  # noqa: PLC0415
    from gateway.trace import trace  # noqa: PLC0415

    with _store() as (connection, settings):
        told = trace(connection, Scope(settings.station), rule, subject, clock_of(settings.clock).now())
    if as_json:
        click.echo(msgspec.json.encode(told).decode())
        return
    click.echo(f"{rule} version {told['version']}, {subject}: {'stands' if told['stands'] else 'does not stand'}")
    for line in told["lines"]:
        click.echo(f"  {line[language]}")
    for event in told["events"]:
        why = "counts" if not event["refused_by"] else f"does not count: {'; '.join(event['refused_by'])}"
        click.echo(f"  {event['ts'].isoformat(timespec='seconds')} {event['kind']} {event['event']}: {why}")


@contextmanager
def _store() -> Iterator[tuple[Connection[TupleRow], Settings]]:
    from gateway.store.pool import connect, reaching_store  # noqa: PLC0415

    settings = read_settings()
    require(settings, "database_url")
    with reaching_store(), connect(settings.database, "rules") as connection:
        yield connection, settings
