"""Which rules run: the definitions of the catalogue and of the site's own folders, published into the store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.settings import Settings
from gateway.store import rule_state
from rules.definition import Definition
from rules.load import CATALOG, RuleBook, read_definitions, rule_book


def definitions_of(settings: Settings) -> list[Definition]:
    """Read the catalogue and the site's own folders. Raises `Misconfigured` naming the file that is wrong."""
    return read_definitions([CATALOG, *map(Path, settings.rules_folders)])


def publish(connection: Connection[TupleRow], definitions: Sequence[Definition], now: datetime) -> RuleBook:
    """Make these definitions the ones that run, within the caller's transaction, and bring them to life."""
    by_id = {definition.id: definition for definition in definitions}
    versions = rule_state.publish(
        connection, {rule: definition.model_dump(mode="json") for rule, definition in by_id.items()}, now
    )
    return rule_book({rule: (definition, versions[rule]) for rule, definition in by_id.items()})
