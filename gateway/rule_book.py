"""Which rules run: the rows of `rule_version`. Files publish into them; what runs changes when that is asked for.

A station that has not lived yet runs what the files say. Later a rule that is new is asked for by itself, and so is a
changed one where `rules_activate` says `files`; otherwise it waits for somebody to activate it (docs/rules.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from psycopg import Connection
from psycopg.rows import TupleRow
from pydantic import ValidationError

from gateway.model.errors import Misconfigured, NotFound
from gateway.settings import Settings
from gateway.store import road as road_store
from gateway.store import rule_versions
from rules.definition import Definition
from rules.load import CATALOG, RuleBook, bring_to_life, read_definitions, read_tests
from rules.rule import Rule

log = structlog.get_logger()

#: Who asks when nobody in particular does.
FILES = "files"


def definitions_of(settings: Settings) -> list[Definition]:
    """Read the catalogue and the site's own folders. Raises `Misconfigured` naming the file that is wrong."""
    return read_definitions([CATALOG, *map(Path, settings.rules_folders)])


def tests_of(settings: Settings) -> dict[str, str]:
    """Return the tests that stand beside the definitions, as they are written, by rule id."""
    return read_tests([CATALOG, *map(Path, settings.rules_folders)])


def open_book(
    connection: Connection[TupleRow], settings: Settings, definitions: Sequence[Definition], now: datetime
) -> RuleBook:
    """Publish these definitions within the caller's transaction and bring to life what runs.

    Raises `Misconfigured` when a version that runs cannot be brought to life and no file says otherwise.
    """
    before = rule_versions.running(connection)
    tests = tests_of(settings)
    published = {
        definition.id: rule_versions.publish(
            connection, definition.id, words(definition), now, tests.get(definition.id)
        )[0]
        for definition in definitions
    }
    if road_store.version(connection, settings.station) == 0:
        gone = [(rule, None) for rule in before if rule not in published]
        rule_versions.activate(connection, [*published.items(), *gone])
        return RuleBook(bring_to_life(definition, published[definition.id]) for definition in definitions)
    ran = {rule: version for rule, (version, _) in before.items()}
    _ask_for_what_changed(connection, settings, published, ran, now)
    return RuleBook(_running(connection, definitions, published))


def running_rule(connection: Connection[TupleRow], rule: str) -> Rule:
    """Return the version of a rule that runs. Raises `NotFound`."""
    found = rule_versions.running(connection).get(rule)
    if found is None:
        raise NotFound(f"no rule {rule!r} runs")
    return revive(rule, *found)


def words(definition: Definition) -> dict[str, Any]:
    """A definition as it is written down: what it says itself, so that a new default makes no new version."""
    return definition.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def revive(rule: str, version: int, definition: dict[str, Any]) -> Rule:
    """Bring a version to life as it was written down. Raises `Misconfigured` when this Anxin cannot follow it."""
    try:
        return bring_to_life(Definition.model_validate(definition), version)
    except ValidationError as error:
        raise Misconfigured(f"{rule} version {version}: {error.errors()[0]['msg']}") from error


def _ask_for_what_changed(
    connection: Connection[TupleRow],
    settings: Settings,
    published: Mapping[str, int],
    ran: Mapping[str, int],
    now: datetime,
) -> None:
    follows = settings.rules_activate == FILES
    retired = rule_versions.retired(connection, settings.station)
    wanted: dict[str, int | None] = {
        rule: version for rule, version in published.items() if rule not in ran and rule not in retired
    }
    changed = {rule: version for rule, version in published.items() if rule in ran and ran[rule] != version}
    gone = [rule for rule in ran if rule not in published]
    if follows:
        wanted |= changed | dict.fromkeys(gone)
    else:
        for rule, version in changed.items():
            log.warning("a rule's file has changed; the new version waits to be activated", rule=rule, version=version)
        for rule in gone:
            log.warning("a rule's file is gone; it runs on until it is retired", rule=rule, version=ran[rule])
    for rule, asked_for in wanted.items():
        told = "the file says so" if rule in ran else "published for the first time"
        rule_versions.ask(connection, settings.station, rule, asked_for, by=FILES, at=now, reason=told)


def _running(
    connection: Connection[TupleRow], definitions: Sequence[Definition], published: Mapping[str, int]
) -> list[Rule]:
    by_id = {definition.id: definition for definition in definitions}
    alive: list[Rule] = []
    for rule, (version, definition) in rule_versions.running(connection).items():
        try:
            alive.append(revive(rule, version, definition))
        except Misconfigured as error:
            if rule not in by_id:
                raise
            # Written for another Anxin: watching by the file's words is better than watching not at all.
            log.error("a version cannot be followed any more; the file's runs instead", rule=rule, error=str(error))  # noqa: TRY400
            rule_versions.activate(connection, [(rule, published[rule])])
            alive.append(bring_to_life(by_id[rule], published[rule]))
    return alive
