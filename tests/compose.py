"""docker-compose.yml and Dockerfile as an engine reads them: variables filled in, services, mounts, ENV."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

ROOT = Path(__file__).parents[1]
COMPOSE = ROOT / "docker-compose.yml"
DOCKERFILE = ROOT / "Dockerfile"
#: `$$`, `${NAME}`, `${NAME:-default}` and `${NAME:+what stands there when it is set}`: all that our file uses.
_VARIABLE = re.compile(r"\$(?:\$|\{(?P<name>\w+)(?::(?P<how>[-+])(?P<other>[^}]*))?\})")


class Mount(NamedTuple):
    """`source` is a volume's name or a path of the host."""

    source: str
    target: str
    read_only: bool

    @property
    def named(self) -> bool:
        return not self.source.startswith((".", "/"))


def read_compose(variables: Mapping[str, str]) -> dict[str, Any]:
    """The whole file with these variables filled in."""
    return dict(_filled(yaml.safe_load(COMPOSE.read_text(encoding="utf-8")), variables))


def read_env(path: Path) -> dict[str, str]:
    """An env file's variables."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def mounts(service: Mapping[str, Any]) -> list[Mount]:
    """A service's mounts, in the short form our file keeps to."""
    found = []
    for told in service.get("volumes", []):
        source, target, *rest = told.split(":")
        found.append(Mount(source, target, "ro" in (rest[0].split(",") if rest else [])))
    return found


def in_order(services: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Service names, each after those it depends on."""
    done: list[str] = []

    def visit(name: str) -> None:
        for other in services[name].get("depends_on", {}):
            visit(other)
        if name not in done:
            done.append(name)

    for name in services:
        visit(name)
    return done


def dockerfile() -> Iterator[tuple[str, str]]:
    """Each instruction and its words, lines joined, comments gone."""
    text = re.sub(r"^\s*#.*\n", "", DOCKERFILE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    for line in re.sub(r"\\\n", " ", text).splitlines():
        if line.strip():
            instruction, _, words = line.strip().partition(" ")
            yield instruction.upper(), words.strip()


def last_stage() -> list[tuple[str, str]]:
    """The instructions of the image that runs."""
    told = list(dockerfile())
    start = max(number for number, (instruction, _) in enumerate(told) if instruction == "FROM")
    return told[start:]


def image_environment() -> dict[str, str]:
    """What the image's ENV sets."""
    pairs = [pair for instruction, words in last_stage() if instruction == "ENV" for pair in shlex.split(words)]
    return dict(pair.split("=", 1) for pair in pairs)


def _filled(told: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(told, dict):
        return {name: _filled(value, variables) for name, value in told.items()}
    if isinstance(told, list):
        return [_filled(value, variables) for value in told]
    if not isinstance(told, str):
        return told

    def fill(match: re.Match[str]) -> str:
        if match["name"] is None:
            return "$"
        told, other = variables.get(match["name"]), match["other"] or ""
        if match["how"] == "+":
            return other if told else ""
        return told or other

    return _VARIABLE.sub(fill, told)
