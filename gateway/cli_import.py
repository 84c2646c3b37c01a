"""The commands that bring a registry in and out: site files, spreadsheets."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gateway.settings import read_settings, require

if TYPE_CHECKING:
    from gateway.registering.writing import Plan

#: So many changes are shown without --verbose.
SHOWN = 20
KINDS = click.Choice(["persons", "devices"])


@click.command("import")
@click.argument("site", type=click.Path(path_type=Path))
@click.option(
    "--logins",
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder `logins` that `anxin secrets` made: the devices' secrets, and a first password for each user who "
    "has none.",
)
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option(
    "--prune/--keep", default=False, help="Remove what is not in the file as far as nothing needs it.  [default: keep]"
)
@click.option("--yes", is_flag=True, help="Do not ask before something is removed.")
@click.option("--verbose", is_flag=True, help=f"Show every change, not the first {SHOWN}.")
@click.option("--by", default="command line", show_default=True, help="Who imports it, for the audit trail.")
def import_(site: Path, logins: Path | None, dry_run: bool, prune: bool, yes: bool, verbose: bool, by: str) -> None:
    """Read a station's SITE.yaml into the registry: all of it or nothing, again without harm.

    What would change is shown first. What the file does not name stays, unless --prune. Personal data is never shown.
    """
    from gateway.registering.reading import read_site  # noqa: PLC0415  # keep `anxin --help` quick
    from gateway.registering.writing import counts, plan  # noqa: PLC0415
    from gateway.sealing import sealer_of  # noqa: PLC0415
    from gateway.store.pool import connect, reaching_store  # noqa: PLC0415

    settings = read_settings()
    require(settings, "database_url")
    read = read_site(site)
    sealer = sealer_of(settings)
    with reaching_store(), connect(settings.database, "import") as connection:
        planned = plan(connection, read, sealer, prune=prune)
        connection.rollback()  # nobody's hands are tied while somebody thinks
    _show(planned, verbose=verbose)
    if dry_run:
        click.echo("nothing was written (--dry-run)", err=True)
        return
    if planned.removed and not yes:
        if not _is_asked():
            raise click.ClickException(f"{len(planned.removed)} entries would be removed; say --yes, or --keep them")
        click.confirm(f"Remove {len(planned.removed)} entries?", abort=True)
    _write(settings, planned, logins, prune=prune, by=by)
    told = ", ".join(f"{count} {what}" for what, count in counts(read).items())
    click.echo(f"station {read.station.id}: {told}")


def _is_asked() -> bool:
    """Whether somebody sits there who can be asked."""
    return sys.stdin.isatty()


def _show(planned: Plan, *, verbose: bool) -> None:
    from gateway.registering.writing import told_changes  # noqa: PLC0415

    if planned.empty:
        click.echo("nothing to change")
    else:
        by_sort = {sort: dict(by_what) for sort, by_what in planned.difference.counts().items()}
        for sort, _ in planned.removed:
            by_sort.setdefault(sort, {}).setdefault("removed", 0)
            by_sort[sort]["removed"] += 1
        for sort, by_what in by_sort.items():
            click.echo(f"{sort}: " + ", ".join(f"{count} {what}" for what, count in by_what.items()))
        _some([f"  {line}" for line in told_changes(planned.difference.changes, planned.removed)], verbose=verbose)
    if planned.kept:
        click.echo(f"not in the file, and kept: {len(planned.kept)}")
        plain = "not in the file"
        _some(
            [f"  {sort} {name or 'of the station'}" + (f" ({why})" if why != plain else "")
             for (sort, name), why in planned.kept.items()], verbose=verbose,
        )  # fmt: skip


def _some(lines: list[str], *, verbose: bool) -> None:
    shown = lines if verbose else lines[:SHOWN]
    for line in shown:
        click.echo(line)
    if len(lines) > len(shown):
        click.echo(f"  … and {len(lines) - len(shown)} more; --verbose shows all")


def _write(settings: Any, shown: Plan, logins: Path | None, *, prune: bool, by: str) -> None:
    """Write what was shown, or nothing when the registry is no longer as it was."""
    from gateway.clock import clock_of  # noqa: PLC0415
    from gateway.credentials import device_secrets, first_passwords  # noqa: PLC0415
    from gateway.duty.acts import check_site_roster  # noqa: PLC0415
    from gateway.model.errors import Conflict  # noqa: PLC0415
    from gateway.passwords import hash_password  # noqa: PLC0415
    from gateway.registering.writing import plan, without_password, write  # noqa: PLC0415
    from gateway.sealing import sealer_of  # noqa: PLC0415
    from gateway.store import accounts  # noqa: PLC0415
    from gateway.store.pool import connect, reaching_store  # noqa: PLC0415

    sealer, site = sealer_of(settings), shown.asked
    devices: Mapping[str, str] = device_secrets(logins) if logins else {}
    passwords = first_passwords(logins) if logins else {}
    with reaching_store(), connect(settings.database, "import") as connection:
        new = without_password(connection, [user.username for user in site.users if user.username in passwords])
        hashes = {username: hash_password(passwords[username]) for username in new}
        planned = plan(connection, site, sealer, prune=prune)
        if (planned.difference, planned.removed) != (shown.difference, shown.removed):
            raise Conflict("the registry was changed meanwhile; nothing was written: run it again")
        write(connection, planned, sealer, device_secrets=devices, password_hashes=hashes)
        # A roster that leaves somebody with nobody takes the whole import back.
        for doubt in check_site_roster(connection, site.station.id, clock_of(settings.clock).now()):
            click.echo(f"WARN  {doubt['said']['en']}", err=True)
        if not planned.empty:
            accounts.write_audit(
                connection, at=clock_of(settings.clock).now(), station=site.station.id, username=by,
                act="registry.import", object_=f"station/{site.station.id}",
                detail={"changes": planned.difference.counts(), "removed": [list(key) for key in planned.removed]},
            )  # fmt: skip


@click.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option(
    "--personal", is_flag=True, help="With residents' names and the ways to reach people; needs the data key, audited."
)
@click.option("--by", default="command line", show_default=True, help="Who exports it, for the audit trail.")
def export(file: Path | None, personal: bool, by: str) -> None:
    """Write the registry as a site file to FILE, or to standard output; `anxin import` of it changes nothing.

    Without --personal names and contacts are left out, and an import of the file leaves them as they are.
    """
    from gateway.clock import clock_of  # noqa: PLC0415
    from gateway.embedded.secrets import write_private_text  # noqa: PLC0415
    from gateway.model.errors import Misconfigured  # noqa: PLC0415
    from gateway.registering.exporting import exported, site_text  # noqa: PLC0415
    from gateway.registering.present import present  # noqa: PLC0415
    from gateway.sealing import sealer_of  # noqa: PLC0415
    from gateway.store import accounts  # noqa: PLC0415
    from gateway.store.pool import connect, reaching_store  # noqa: PLC0415

    settings = read_settings()
    require(settings, "database_url")
    with reaching_store(), connect(settings.database, "export") as connection:
        site = present(connection, settings.station, sealer_of(settings) if personal else None)
        if site is None:
            raise Misconfigured(f"there is no station {settings.station!r} in the database; nothing to export")
        if personal:
            accounts.write_audit(
                connection, at=clock_of(settings.clock).now(), station=settings.station, username=by,
                act="registry.export", object_=f"station/{settings.station}",
                detail={"persons": len(site.persons), "users": len(site.users), "personal": True},
            )  # fmt: skip
        connection.commit()  # whoever gets the data stands in the trail
    text = site_text(exported(site, personal=personal))
    if file is None:
        click.echo(text, nl=False)
        return
    try:
        write_private_text(file, text)
    except OSError as error:
        raise Misconfigured(f"{file} cannot be written: {error.strerror}") from error
    click.echo(f"station {site.station.id} written to {file}", err=True)


@click.command("import-sheet")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=False)
@click.option("--kind", type=KINDS, help="What the rows are.")
@click.option("--template", "wanted", type=KINDS, help="Print an empty sheet (CSV) of this kind instead.")
@click.option("--dry-run", is_flag=True, help="Check every row, and write nothing.")
@click.option("--good-rows", is_flag=True, help="Write the rows that nothing is wrong with. [default: all or none]")
@click.option(
    "--report", type=click.Path(path_type=Path, dir_okay=False),
    help="Write the sheet back with a column of what is wrong: a name ending in .csv or .xlsx.",
)  # fmt: skip
@click.option("--language", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help="Of the report.")
@click.option("--json", "as_json", is_flag=True, help="The report for scripts.")
@click.option("--by", default="command line", show_default=True, help="Who imports it, for the audit trail.")
def import_sheet(  # one parameter per option
    file: Path | None, kind: Any, wanted: Any, dry_run: bool, good_rows: bool, report: Path | None, language: str,
    as_json: bool, by: str,
) -> None:  # fmt: skip
    """Read residents or devices from a spreadsheet FILE (.xlsx, or .csv in UTF-8 or GB18030) into the registry.

    Every row is checked; what is wrong is said with its row, its column and what to write instead. Ends with 1 when
    something was wrong.
    """
    from gateway.registering import sheet_report  # noqa: PLC0415
    from gateway.registering.sheet_act import take_in  # noqa: PLC0415
    from gateway.registering.sheet_cells import MOST_BYTES, read_sheet  # noqa: PLC0415

    if wanted is not None:
        click.echo(sheet_report.template(wanted), nl=False)
        return
    if file is None or kind is None:
        raise click.UsageError("name the FILE and its --kind, or ask for a --template")
    if report is not None and report.suffix not in {".csv", ".xlsx"}:
        raise click.BadParameter("the report's name ends in .csv or .xlsx", param_hint="--report")
    settings = read_settings()
    require(settings, "database_url")
    with file.open("rb") as opened:
        sheet = read_sheet(opened.read(MOST_BYTES + 1))
    outcome = take_in(settings, kind, sheet, by=by, good_rows=good_rows, dry_run=dry_run)
    if as_json:
        click.echo(json.dumps(sheet_report.as_json(outcome), ensure_ascii=False))
    else:
        click.echo(sheet_report.as_text(outcome, language))
    if report is not None:
        write = sheet_report.as_xlsx if report.suffix == ".xlsx" else sheet_report.as_csv
        report.write_bytes(write(outcome.reading))
    sys.exit(1 if outcome.reading.problems else 0)
