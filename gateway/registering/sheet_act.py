"""Somebody brings a sheet: written in one transaction, and noted in the audit trail."""

from __future__ import annotations

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.clock import clock_of
from gateway.incidents.acts import Actor
from gateway.model.errors import Forbidden
from gateway.model.scope import Scope
from gateway.registering.sheet_cells import Sheet
from gateway.registering.sheet_columns import Kind
from gateway.registering.sheets import Outcome, import_rows
from gateway.sealing import Sealer, sealer_of
from gateway.settings import Settings
from gateway.store import accounts
from gateway.store.pool import connect, reaching_store


def take_in(settings: Settings, kind: Kind, sheet: Sheet, *, by: str, good_rows: bool, dry_run: bool) -> Outcome:
    """Write a sheet at the command line. Raises as `bring`."""
    actor = Actor(by, "admin", Scope(settings.station), clock_of(settings.clock).now())
    with reaching_store(), connect(settings.database, "import sheet") as connection:
        return bring(connection, actor, kind, sheet, sealer_of(settings), good_rows=good_rows, dry_run=dry_run)


def bring(  # one argument per question
    connection: Connection[TupleRow],
    actor: Actor,
    kind: Kind,
    sheet: Sheet,
    sealer: Sealer,
    *,
    good_rows: bool,
    dry_run: bool,
) -> Outcome:
    """Write a sheet within the caller's transaction, in somebody's name.

    Raises `Forbidden` unless they are an administrator of the whole station, and as `import_rows`.
    """
    if actor.role != "admin" or actor.scope.areas is not None:
        raise Forbidden("sheets are imported by an administrator of the whole station")
    station = actor.scope.station
    outcome = import_rows(connection, station, kind, sheet, sealer, good_rows=good_rows, dry_run=dry_run)
    if outcome.written:
        accounts.write_audit(
            connection, at=actor.at, station=station, username=actor.username, act="registry.sheet",
            object_=f"station/{station}",
            detail={
                "kind": kind, "rows": len(outcome.reading.rows), "added": outcome.added, "changed": outcome.changed,
                "left_out": len(outcome.reading.bad()),
            },
        )  # fmt: skip
    return outcome
