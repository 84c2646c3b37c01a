"""From YAML files to rules: every definition checked, every rule with its record and its tests, or none at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import yaml
from pydantic import ValidationError

from gateway.model.errors import Misconfigured
from gateway.model.incident import Category
from rules.definition import Definition
from rules.kinds import KINDS
from rules.rule import Rule

CATALOG = Path(__file__).parent / "catalog"
TEST_SUFFIX = ".test.yaml"


class RuleBook:
    """The rules that run, indexed so that an event meets only those that list its kind."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = {rule.id: rule for rule in rules}
        self._everywhere = tuple(rule for rule in self.rules.values() if "*" in rule.event_kinds)
        by_kind: dict[str, list[Rule]] = {}
        for rule in self.rules.values():
            for kind in rule.event_kinds:
                if kind != "*":
                    by_kind.setdefault(kind, []).append(rule)
        self._by_kind = {kind: (*listed, *self._everywhere) for kind, listed in by_kind.items()}
        self._listeners = {kind: tuple(listed) for kind, listed in by_kind.items()}

    def for_kind(self, kind: str) -> tuple[Rule, ...]:
        """The rules that may care about an event of this kind."""
        return self._by_kind.get(kind, self._everywhere)

    def listeners(self, kind: str) -> tuple[Rule, ...]:
        """The rules that ask for this very kind."""
        return self._listeners.get(kind, ())

    def knows(self, kind: str) -> bool:
        """Whether any rule asks for this very kind."""
        return kind in self._by_kind

    def inhibitors(self, rule: str) -> tuple[str, ...]:
        """The rules whose open alert in the same area explains one of this rule; none for the system's own alerts."""
        known = self.rules.get(rule)
        return known.definition.inhibited_by if known is not None else ()

    def category(self, rule: str) -> Category:
        """What sort of thing a rule sees; the system's own alerts are of the sort `system`."""
        known = self.rules.get(rule)
        return known.definition.category if known is not None else "system"

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules.values())


def read_definitions(folders: Iterable[Path]) -> list[Definition]:
    """Read every definition of these folders.

    Raises `Misconfigured` naming the file when one is not well formed, has no tests beside it, or repeats an id.
    """
    found: dict[str, Definition] = {}
    for folder in folders:
        paths = sorted(path for path in folder.glob("*.yaml") if not path.name.endswith(TEST_SUFFIX))
        for path in paths:
            definition = read_definition(path)
            if definition.id != path.stem:
                raise Misconfigured(f"{path}: the id is {definition.id!r}; name the file {definition.id}.yaml")
            if not test_file(path).exists():
                raise Misconfigured(f"{path}: no tests; write {test_file(path).name} beside it")
            if definition.id in found:
                raise Misconfigured(f"{path}: the id {definition.id!r} is taken by another rule")
            found[definition.id] = definition
    for definition in found.values():
        unknown = [rule for rule in definition.inhibited_by if rule not in found]
        if unknown:
            raise Misconfigured(f"{definition.id}: inhibited_by names {', '.join(unknown)}, and there is no such rule")
        for inhibitor in (found[rule] for rule in definition.inhibited_by):
            if definition.stream == "alert" and not _may_explain(inhibitor, definition):
                raise Misconfigured(
                    f"{definition.id}: {inhibitor.id} cannot explain it: an alert is kept quiet only by one about the "
                    "same subject that is at least as urgent; nobody is explained away"
                )
    return list(found.values())


def read_tests(folders: Iterable[Path]) -> dict[str, str]:
    """Return the tests of these folders, as they are written, by the rule they are beside."""
    return {
        path.name.removesuffix(TEST_SUFFIX): path.read_text(encoding="utf-8")
        for folder in folders
        for path in sorted(folder.glob(f"*{TEST_SUFFIX}"))
    }


def _may_explain(inhibitor: Definition, quieter: Definition) -> bool:
    return (
        inhibitor.stream == "alert" and inhibitor.priority <= quieter.priority and inhibitor.subject == quieter.subject
    )


def test_file(path: Path) -> Path:
    """Where the tests of a definition file stand."""
    return path.with_name(path.stem + TEST_SUFFIX)


def read_definition(path: Path) -> Definition:
    """Read one definition file. Raises `Misconfigured` with the file's name and every complaint."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise Misconfigured(f"{path}: cannot be read: {error}") from error
    return parse_definition(content, str(path))


def parse_definition(content: object, name: str) -> Definition:
    """Check one definition. Raises `Misconfigured`; also when its kind does not know its parameters."""
    try:
        definition = Definition.model_validate(content)
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'rule'}: {e['msg']}" for e in error.errors())
        raise Misconfigured(f"{name}: {told}") from error
    bring_to_life(definition)
    return definition


def bring_to_life(definition: Definition, version: int = 1) -> Rule:
    """Make the rule of a definition. Raises `Misconfigured` for an unknown kind or unfit parameters."""
    kind = KINDS.get(definition.kind)
    if kind is None:
        raise Misconfigured(f"{definition.id}: kind {definition.kind!r} is none of {', '.join(KINDS)}")
    try:
        return kind(definition, version)
    except KeyError as error:
        raise Misconfigured(f"{definition.id}: kind {definition.kind} needs params.{error.args[0]}") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise Misconfigured(f"{definition.id}: params do not fit kind {definition.kind}: {error}") from error


def rule_book(versions: Mapping[str, tuple[Definition, int]]) -> RuleBook:
    """Make the book of these definitions, by id, with their versions."""
    return RuleBook(bring_to_life(definition, version) for definition, version in versions.values())
