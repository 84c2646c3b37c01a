"""The house rules: who may import whom, who alone speaks SQL, MQTT and reads the time, how long a file may be."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.store.sql import QUERIES, SHARED, queries

ROOT = Path(__file__).parents[2]
PACKAGES = ("gateway", "rules", "connectors", "api", "simulators")

#: Each package and what of ours it may import. A longer name is a narrower permission.
ARROWS: dict[str, tuple[str, ...]] = {
    "gateway.model": ("gateway.model",),
    "rules": ("rules", "gateway.model"),
    "connectors": ("connectors", "gateway.model"),
    "gateway.store": ("gateway.store", "gateway.model"),
    "gateway": ("gateway", "rules", "connectors"),
    "api": ("api", "gateway"),
    "simulators": ("simulators",),
}

LONGEST = 300
#: Files allowed to be longer, with the reason.
LONGER: dict[str, str] = {
    "gateway/settings.py": "every setting stands in one class, with what it means",
    "gateway/road.py": "the road is one list in one file, with all that may travel it",
    "connectors/mqtt.py": "one connection's life in one file: what paho calls and what the road calls share its state",
}


def sources(package: str = "") -> Iterator[Path]:
    for name in PACKAGES:
        if not package or name == package:
            yield from sorted((ROOT / name).rglob("*.py"))


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports_of(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


@pytest.mark.parametrize("path", list(sources()), ids=module_of)
def test_imports_follow_the_arrows(path: Path) -> None:
    module = module_of(path)
    owner = max((package for package in ARROWS if within(module, package)), key=len)
    ours = {name for name in imports_of(path) if name.partition(".")[0] in PACKAGES}
    strays = {name for name in ours if not any(within(name, allowed) for allowed in ARROWS[owner])}
    assert not strays, f"{module} may import {ARROWS[owner]} only"


def test_the_arrows_themselves_can_be_broken() -> None:
    assert within("gateway.model.event", "gateway.model")
    assert not within("gateway.modelling", "gateway.model")


def test_only_the_store_speaks_sql() -> None:
    speaks = re.compile(r"\b(select\b.+\bfrom|insert into|update \w+ set|delete from|create table)\b", re.IGNORECASE)
    for path in sources():
        if within(module_of(path), "gateway.store") or within(module_of(path), "simulators"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "\n" not in node.value:
                assert not speaks.search(node.value), f"{path}: {node.value!r}"


def test_one_file_speaks_mqtt_inwards_and_one_as_a_device() -> None:
    users = {module_of(path) for path in sources() if any("paho" in name for name in imports_of(path))}
    assert {name for name in users if not within(name, "simulators")} == {
        "connectors.mqtt",
        "connectors.camera.line",
    }


def test_only_the_clock_reads_the_time() -> None:
    reads = {"datetime.now", "datetime.utcnow", "time.time", "date.today", "datetime.today"}
    for path in sources():
        module = module_of(path)
        if module == "gateway.clock" or within(module, "simulators"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                assert f"{node.value.id}.{node.attr}" not in reads, f"{module} line {node.lineno}"


def test_rules_do_nothing_but_judge() -> None:
    forbidden = ("psycopg", "httpx2", "paho", "socket", "random", "time", "threading", "asyncio", "subprocess")
    for path in sources("rules"):
        strays = {name for name in imports_of(path) if name.partition(".")[0] in forbidden}
        assert not strays, f"{module_of(path)} imports {strays}"


@pytest.mark.parametrize("path", list(sources()), ids=module_of)
def test_files_are_short(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    name = str(path.relative_to(ROOT))
    limit = 400 if name in LONGER else LONGEST
    assert lines <= limit, f"{lines} lines; split it, or say in LONGER why not"


def test_every_query_has_a_sentence_or_a_telling_name_and_is_used() -> None:
    used = "\n".join(path.read_text(encoding="utf-8") for path in sources("gateway"))
    texts = {file: file.read_text(encoding="utf-8") for file in sorted(QUERIES.glob("*.sql"))}
    for file, text in texts.items():
        within = "\n".join(texts.values()) if file.stem == SHARED else text
        for name in re.findall(r"^-- name: (\w+)$", text, re.MULTILINE):
            assert f'"{name}"' in used or f"{{{name}}}" in within, f"{file.name}: {name} is used nowhere"


def test_every_query_asked_for_is_there() -> None:
    for path in sources("gateway"):
        text = path.read_text(encoding="utf-8")
        for file in re.findall(r'^SQL = queries\("(\w+)"\)$', text, re.MULTILINE):
            there = set(queries(file))
            asked = set(re.findall(r'SQL\["(\w+)"\]', text))
            assert asked <= there, f"{path}: {asked - there} is not in {file}.sql"


def test_every_package_opens_with_a_readme() -> None:
    for name in PACKAGES:
        assert (ROOT / name / "README.md").exists(), name


def test_lock_files_carry_hashes_and_no_addresses() -> None:
    for path in ROOT.glob("requirements*.lock"):
        text = path.read_text(encoding="utf-8")
        assert "--hash=sha256:" in text
        assert "://" not in text, path.name
