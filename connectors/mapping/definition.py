"""A mapping as it stands in its file: read strictly; whatever is wrong is told with file, line and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import yaml

from connectors.mapping.topics import covers
from gateway.model.errors import Misconfigured

CONNECTORS = Path(__file__).parents[1]
#: The mappings that come with Anxin, by name.
BUILT_IN = ("frigate", "onvif", "zigbee2mqtt")
#: The most a file may hold; bounds what one message can become.
MOST_EVENTS, MOST_TOPICS, MOST_FILE_BYTES = 64, 32, 1_000_000

Unit = Literal["s", "ms", "iso"]
Retained = Literal["state", "event"]
Cel = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
DeviceId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,64}\Z")]


class EventOf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing a message may say.

    `kind`: the event's; with `state`, the event's for each value of the state that makes one; `per`: whose state it is,
    where a device has several. `once`: what identifies the event, so that each repetition is the same one. The others
    go over the mapping's own.
    """

    kind: str | dict[str | bool | int, str]
    when: Cel | None = None
    state: Cel | None = None
    per: Cel | None = None
    data: dict[str, Any] = {}
    once: Cel | None = None
    at: Cel | None = None
    unit: Unit | None = None
    retained: Retained | None = None


class Definition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file. What `extends` names is read first: `events`, `ignore` and `values` are added to, the rest replaced."""

    name: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{0,31}\Z")]
    extends: Literal["frigate", "onvif", "zigbee2mqtt"] | None = None
    topics: Annotated[list[str], msgspec.Meta(min_length=1, max_length=MOST_TOPICS)] | None = None
    device: Cel | None = None
    devices: dict[str, DeviceId | None] | None = None
    at: Cel | None = None
    unit: Unit | None = None
    timezone: str | None = None
    events: Annotated[list[EventOf], msgspec.Meta(max_length=MOST_EVENTS)] = []
    ignore: Annotated[list[Cel], msgspec.Meta(max_length=MOST_EVENTS)] = []
    otherwise: Literal["tell", "ignore"] | None = None
    retained: Retained | None = None
    values: dict[str, Any] = {}
    publisher: DeviceId | None = None

    def over(self, base: Definition) -> Definition:
        """Return the base with this on top."""
        mine = {name: told for name in self.__struct_fields__ if (told := getattr(self, name)) is not None}
        return msgspec.structs.replace(
            base,
            **mine
            | {
                "events": [*self.events, *base.events],
                "ignore": [*self.ignore, *base.ignore],
                "values": base.values | self.values,
            },
        )


class Source(msgspec.Struct, frozen=True):
    """Where a definition stands: for errors."""

    file: str
    root: yaml.Node | None

    def wrong(self, path: Sequence[str | int], problem: str) -> Misconfigured:
        """Return the error about one field, with the line it stands in."""
        field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
        return Misconfigured(f"{self.file}, line {self._line(path)}{f', {field}' if field else ''}: {problem}")

    def _line(self, path: Sequence[str | int]) -> int:
        node = self.root
        line = node.start_mark.line if node is not None else 0
        for part in path:
            found: yaml.Node | None = None
            if isinstance(node, yaml.MappingNode):
                found = next((value for key, value in node.value if key.value == str(part)), None)
                line = next((key.start_mark.line for key, _ in node.value if key.value == str(part)), line)
            elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
                found = node.value[part]
                line = node.value[part].start_mark.line
            if found is None:
                break
            node = found
        return line + 1


def parse(text: str, file: str) -> tuple[Definition, Source]:
    """Read one definition, alone: what it extends is not looked at. Raises `Misconfigured`."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        told = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark is not None else ""
        raise Misconfigured(f"{file}{line}: no YAML: {getattr(error, 'problem', None) or error}") from error
    except (RecursionError, ValueError) as error:  # a bottomless alias, a date that is none
        raise Misconfigured(f"{file}: no YAML: {error}") from error
    source = Source(file, root)
    try:
        return msgspec.convert(told, Definition), source
    except (msgspec.ValidationError, RecursionError) as error:
        problem, _, where = str(error).partition(" - at `$")
        raise source.wrong(_path(where.rstrip("`")), f"{problem}; docs/connectors.md lists the fields") from error


def read(path: Path) -> tuple[Definition, Source]:
    """Read a file, or a built-in by its bare name, with what it extends below it. Raises `Misconfigured`."""
    if str(path) in BUILT_IN and not path.exists():
        path = CONNECTORS / str(path) / "mapping.yaml"
    try:
        if path.stat().st_size > MOST_FILE_BYTES:
            raise Misconfigured(f"{path} has more than {MOST_FILE_BYTES} bytes: that is no mapping")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise Misconfigured(
            f"{path} cannot be read: {error.strerror}; ANXIN_MAPPINGS takes files, folders and {', '.join(BUILT_IN)}"
        ) from error
    except UnicodeDecodeError as error:
        raise Misconfigured(f"{path} is no UTF-8: {error}") from error
    definition, source = parse(text, str(path))
    if definition.extends is not None:
        base, _ = read(CONNECTORS / definition.extends / "mapping.yaml")
        definition = definition.over(base)
    for field in ("topics", "device", "events"):
        if not getattr(definition, field):
            raise source.wrong((), f"`{field}` is missing, and nothing it extends has it")
    return definition, source


def files(told: Iterable[Path]) -> list[Path]:
    """Return the files that files, folders and names of built-ins mean, in order; of a folder its *.yaml, by name."""
    found: list[Path] = []
    for path in told:
        found.extend(sorted(path.glob("*.yaml")) if path.is_dir() and str(path) not in BUILT_IN else [path])
    return found


def check_apart(mappings: Iterable[tuple[str, Sequence[str]]]) -> None:
    """Refuse a pattern that reads all that another does: brokers deliver such messages twice, and only one decodes.

    Takes each mapping's name and filters. Raises `Misconfigured`.
    """
    seen: list[tuple[str, str]] = []
    for name, filters in mappings:
        for one in filters:
            for other_name, other in seen:
                if covers(one, other) or covers(other, one):
                    raise Misconfigured(
                        f"the mappings {other_name} and {name} read the same topics: {other} and {one}; "
                        "take one out, or write it narrower (docs/connectors.md)"
                    )
            seen.append((name, one))


def _path(told: str) -> list[str | int]:
    """Take `.events[0].kind` apart."""
    parts: list[str | int] = []
    for part in told.replace("[", ".[").split("."):
        if part.startswith("["):
            inside = part.strip("[]")
            parts.append(int(inside) if inside.isdecimal() else inside)
        elif part:
            parts.append(part)
    return parts
