"""What people decide about rules: write a version down, let it run, retire a rule. Each act leaves its mark.

A version runs only after a backtest of that very version, or for a reason a named person gives (docs/rules.md). What is
asked for here the gateway does: see `gateway.activation`.
"""

from __future__ import annotations

from typing import Any

import yaml
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway import trail
from gateway.incidents.acts import Actor
from gateway.model.errors import BadInput, Conflict, Forbidden, Misconfigured, NotFound
from gateway.rule_book import words
from gateway.store import rule_versions
from gateway.trace import trace
from rules.check import check, parse_cases
from rules.load import parse_definition

#: Who may change what is judged.
ROLES = frozenset({"commander", "admin"})
#: A reason is a sentence, not a full stop.
SHORTEST_REASON = 8


def write_version(connection: Connection[TupleRow], actor: Actor, rule: str, definition: str, tests: str) -> int:
    """Write a definition (YAML) down as a version of a rule, after its tests (YAML) pass; returns the version.

    Raises `Forbidden`, `BadInput` with every complaint. It does not run yet.
    """
    _must_decide(actor)
    try:
        parsed = parse_definition(_plain(definition), rule)
        failures = check(parsed, parse_cases(_plain(tests), "tests"))
    except (Misconfigured, yaml.YAMLError) as error:
        raise BadInput(str(error), reason="definition") from error
    if parsed.id != rule:
        raise BadInput(f"the definition is of {parsed.id!r}, not of {rule!r}", reason="definition")
    if failures:
        raise BadInput("; ".join(failures), reason="tests")
    version, _ = rule_versions.publish(connection, rule, words(parsed), actor.at, tests)
    trail.note(connection, actor, "rule.version", f"rule/{rule}", {"version": version})
    return version


def activate(  # one argument per thing that is kept
    connection: Connection[TupleRow], actor: Actor, rule: str, version: int, *, backtest: int | None, reason: str | None
) -> int:
    """Ask for a version to run; returns the request's id.

    `backtest` is a finished one of that very version; without one, `reason` says why it runs untried. Raises
    `Forbidden`, `NotFound`, `BadInput`, and `Conflict` when it runs already or is asked for.
    """
    _must_decide(actor)
    row = rule_versions.version_of(connection, rule, version)
    if row is None:
        raise NotFound(f"rule {rule!r} has no version {version}")
    if row["active"]:
        raise Conflict(f"version {version} of {rule} runs already")
    if backtest is not None:
        if not rule_versions.was_tried(connection, actor.scope.station, backtest, rule, row["digest"]):
            raise BadInput(f"backtest {backtest} is not a finished one of this version", reason="backtest")
    elif reason is None or len(reason.strip()) < SHORTEST_REASON:
        raise BadInput("give a backtest of this version, or the reason why it runs without one", reason="reason")
    told = reason or f"backtest {backtest}"
    return _ask(connection, actor, rule, version, told, backtest)


def retire(connection: Connection[TupleRow], actor: Actor, rule: str, reason: str) -> int:
    """Ask for a rule to run no more; returns the request's id.

    Raises `Forbidden`, `NotFound`, `BadInput`, `Conflict`.
    """
    _must_decide(actor)
    if rule not in rule_versions.running(connection):
        raise NotFound(f"no rule {rule!r} runs")
    if len(reason.strip()) < SHORTEST_REASON:
        raise BadInput("say why nobody is to be warned by this rule any more", reason="reason")
    return _ask(connection, actor, rule, None, reason, None)


def why(connection: Connection[TupleRow], actor: Actor, rule: str, subject: str) -> dict[str, Any]:
    """Return what a rule makes of a subject just now (see `gateway.trace`); looking somebody up leaves its mark."""
    told = trace(connection, actor.scope, rule, subject, actor.at)
    if subject.startswith("person:"):
        trail.note(connection, actor, "rule.why", f"rule/{rule}", {"subject": subject})
    return told


def _ask(  # one argument per thing that is kept
    connection: Connection[TupleRow], actor: Actor, rule: str, version: int | None, reason: str, backtest: int | None
) -> int:
    asked = rule_versions.ask(
        connection, actor.scope.station, rule, version,
        by=actor.username, at=actor.at, reason=reason, backtest=backtest,
    )  # fmt: skip
    if asked is None:
        raise Conflict(f"that is asked for already; see GET /api/v1/rules/{rule}")
    act = "rule.activate" if version is not None else "rule.retire"
    trail.note(connection, actor, act, f"rule/{rule}", {"version": version, "reason": reason, "backtest": backtest})
    return asked


class _NoAliases(yaml.SafeLoader):
    """A few bytes of aliases can stand for gigabytes."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Refuse what points elsewhere."""
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not taken here; write it out")
        return super().compose_node(parent, index)


def _plain(text: str) -> Any:
    return yaml.load(text, _NoAliases)  # noqa: S506  # a safe one


def _must_decide(actor: Actor) -> None:
    if actor.role not in ROLES or actor.scope.areas is not None:
        raise Forbidden("rules are decided by a commander or an administrator of the whole station")
