"""A backtest as a job: begun by somebody, run in a process of its own, kept in a row that says how far it has come.

    python -m gateway.backtest_job ID       what the API starts; `anxin backtest` does the same in its own process

One at a time per station: the past is read beside everything else.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import msgspec
import psycopg
import structlog
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.backtest import Progress, backtest
from gateway.incidents.acts import Actor
from gateway.model.errors import AnxinError, BadInput, Conflict, Forbidden, Misconfigured, NotFound, StoreUnavailable
from gateway.rule_acts import ROLES
from gateway.rule_book import definitions_of, words
from gateway.settings import Settings, read_settings
from gateway.store import accounts, backtests, rule_versions
from gateway.store.backtests import Order
from gateway.store.pool import connect, reaching_store, snapshot
from rules.definition import Definition
from rules.load import parse_definition
from rules.replay import RuleFailed

log = structlog.get_logger()

#: The road and the console come first.
NICE = 10
TOUCH_EVERY_S = 2.0


def begin(  # one argument per thing that is asked for
    connection: Connection[TupleRow],
    settings: Settings,
    actor: Actor,
    rule: str,
    since: datetime,
    until: datetime,
    *,
    definition: Definition | None = None,
    version: int | None = None,
    against_running: bool = False,
) -> int:
    """Note that a backtest begins; returns its id.

    Of `definition`, or a version written down, or else the one that runs. Raises `Forbidden`, `BadInput`, `NotFound`,
    and `Conflict` while another one runs.
    """
    if actor.role not in ROLES or actor.scope.areas is not None:
        raise Forbidden("a backtest shows the whole station: it is for a commander or an administrator of all of it")
    _must_be_past(since, until, actor.at)
    running = rule_versions.running(connection).get(rule)
    if against_running and running is None:
        raise NotFound(f"no version of {rule!r} runs; leave out against")
    number, told = _candidate(connection, settings, rule, definition, version)
    if (other := backtests.running(connection, settings.station)) is not None:
        raise Conflict(f"backtest {other.id} of {other.rule} runs since {other.asked_at.isoformat()}; wait for it")
    order = Order(rule, number, told, running[0] if running is not None and against_running else None, since, until)
    digest = rule_versions.digest(told)
    begun = backtests.begin(connection, settings.station, order, digest, by=actor.username, at=actor.at)
    accounts.write_audit(
        connection, at=actor.at, station=settings.station, username=actor.username, act="rule.backtest",
        object_=f"rule/{rule}",
        detail={"backtest": begun, "version": number, "since": since.isoformat(), "until": until.isoformat()},
    )  # fmt: skip
    return begun


def parse(definition: dict[str, Any], rule: str) -> Definition:
    """Check a definition that came as data. Raises `BadInput` with every complaint."""
    try:
        return parse_definition(definition, rule)
    except Misconfigured as error:
        raise BadInput(str(error), reason="definition") from error


def _must_be_past(since: datetime, until: datetime, now: datetime) -> None:
    if since >= until:
        raise BadInput("the stretch ends before it begins", reason="stretch")
    if until > now:
        raise BadInput(f"{until.isoformat()} is still to come; end the stretch by now", reason="stretch")


def _candidate(
    connection: Connection[TupleRow], settings: Settings, rule: str, definition: Definition | None, version: int | None
) -> tuple[int, dict[str, Any]]:
    """Return the version's number and words. One not written down yet has the number it would get."""
    known = rule_versions.versions(connection, rule)
    if definition is None and version is None and not known:  # a station whose gateway has not run yet
        definition = next((one for one in definitions_of(settings) if one.id == rule), None)
    if definition is not None:
        if definition.id != rule:
            raise BadInput(f"the definition is of {definition.id!r}, not of {rule!r}", reason="definition")
        told = words(definition)
        digest = rule_versions.digest(told)
        next_one = max((row["version"] for row in known), default=0) + 1
        return next((row["version"] for row in known if row["digest"] == digest), next_one), told
    for row in known:
        if row["version"] == version or (version is None and row["active"]):
            return row["version"], row["definition"]
    if version is not None:
        raise NotFound(f"rule {rule!r} has no version {version}")
    raise NotFound(f"no rule {rule!r} runs; name a version or give a definition")


def run(
    settings: Settings, backtest_id: int, progress: Progress = lambda _events, _of, _moment: None
) -> dict[str, Any]:
    """Do it: replay, and keep what came of it in its row; returns the report as plain data.

    Whatever goes wrong stands in the row too. Raises `RuleFailed`, `Misconfigured`, `StoreUnavailable`, `NotFound`.
    """
    with reaching_store(), connect(settings.database, "backtest", autocommit=True) as row:
        order = backtests.order(row, settings.station, backtest_id)
        if order is None:
            raise NotFound(f"there is no backtest {backtest_id}")
        try:
            with _telling(row, settings.station, backtest_id) as tell:

                def both(events: int, count: int, moment: datetime) -> None:
                    tell(events / count if count else 1.0)
                    progress(events, count, moment)

                late = timedelta(days=settings.store_late_days)
                with connect(settings.database, "backtest reads") as connection, snapshot(connection):
                    report = backtest(connection, settings.station, order, late, both)
        except BaseException as error:
            with row.transaction():
                backtests.failed(row, settings.station, backtest_id, _told(error))
            raise
        plain: dict[str, Any] = msgspec.to_builtins(report)
        backtests.done(row, settings.station, backtest_id, plain)
        return plain


def _told(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    return str(error) if isinstance(error, AnxinError | RuleFailed) else f"{type(error).__name__}: {error}"


@contextmanager
def _telling(row: Connection[TupleRow], station: str, backtest_id: int) -> Iterator[Callable[[float], None]]:
    """Say every other moment how far it is, also while the database sorts: who says nothing is taken for dead."""
    share, over = 0.0, threading.Event()

    def tell(now: float) -> None:
        nonlocal share
        share = min(now, 1.0)

    def keep_telling() -> None:
        while not over.wait(TOUCH_EVERY_S):
            try:
                backtests.touch(row, station, backtest_id, share)
            except psycopg.Error as error:
                log.warning("progress could not be told", error=str(error))

    thread = threading.Thread(target=keep_telling, name="progress", daemon=True)
    thread.start()
    try:
        yield tell
    finally:
        over.set()
        thread.join()


def start(settings: Settings, backtest_id: int) -> None:
    """Run it in a process of its own, behind everything else, and note it when that process dies."""
    child = subprocess.Popen(
        [sys.executable, "-m", "gateway.backtest_job", str(backtest_id)],
        stdin=subprocess.DEVNULL,
        env={**os.environ, "ANXIN_DATABASE_URL": settings.database, "ANXIN_STATION": settings.station},
    )

    def wait() -> None:
        code = child.wait()
        if code == 0:
            return
        try:
            with reaching_store(), connect(settings.database, "backtest", autocommit=True) as connection:
                backtests.failed(connection, settings.station, backtest_id, f"its process ended with {code}")
        except AnxinError as error:
            log.warning("a backtest's end could not be noted", backtest=backtest_id, error=str(error))

    threading.Thread(target=wait, name=f"backtest {backtest_id}", daemon=True).start()


def main() -> None:
    """Run the backtest that is named, as the API asked."""
    from gateway.logs import set_up  # noqa: PLC0415

    settings = read_settings()
    set_up(settings.log_level, "backtest")
    os.nice(NICE)
    try:
        run(settings, int(sys.argv[1]))
    except (RuleFailed, AnxinError) as error:
        log.error("a backtest failed", backtest=int(sys.argv[1]), error=str(error))  # noqa: TRY400
        # Its row says why; where even that could not be written, whoever started it must know.
        sys.exit(1 if isinstance(error, StoreUnavailable) else 0)


if __name__ == "__main__":
    main()
