"""What there is stands in the documentation, and what stands there is: settings, commands, metrics, kinds, routes, …"""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import get_args

import click
import pytest
from prometheus_client.core import Metric
from pydantic import SecretStr

from api.app import make_app
from api.metrics import _gateway
from api.routes.health import NotReady
from gateway.cli import main
from gateway.doctor.waiting import REMEDIES
from gateway.health import Reason
from gateway.model.event import ALERT_RAISED, EVENT_KINDS
from gateway.model.incident import ACTS, DISPOSITIONS, OVER, UNANSWERED
from gateway.model.registry import DEVICE_KINDS
from gateway.registering.site import Role
from gateway.road import STOPS
from gateway.settings import Settings
from rules.definition import Definition
from rules.kinds import KINDS
from rules.load import CATALOG, read_definitions
from simulators.__main__ import main as simulators
from tests.pages import DOCS, ROOT, coded, page, rows, section

#: Variables of the environment that are no fields of `Settings`.
OTHER_VARIABLES = {
    "ANXIN_CONFIG",
    "ANXIN_SECRETS_DIR",
    "ANXIN_FAILPOINTS",
    "ANXIN_MQTT_PORT",
    "ANXIN_POSTGRES_BIN",
    "ANXIN_BROKER_SYNC",
}
INCIDENT_STATES = UNANSWERED | OVER | {act.target for act in ACTS.values() if act.target is not None}
#: Commands whose options are those of a simulator's command.
HANDED_ON = ("load", "send")
#: Variables of the simulators.
SIMULATORS = {"ANXIN_SCENARIO_PASSWORD"}
#: Variables of the deployment, not of the programs.
DEPLOYMENT = {
    "ANXIN_SITE_FILE", "ANXIN_HTTP_BIND", "ANXIN_MQTT_BIND", "ANXIN_SIP_BIND", "ANXIN_SIP_PORT", "ANXIN_RECEIVERS_PORT",
    "ANXIN_CAMERAS_FILE",
    "ANXIN_RETENTION",
}  # fmt: skip


def first_column(text: str) -> list[str]:
    return [word for row in rows(text) for word in coded(row[0])]


# ── settings ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_settings() -> None:
    there = {f"ANXIN_{name.upper()}" for name in Settings.model_fields} | OTHER_VARIABLES
    text = page("settings.md")
    told = first_column(text)
    assert len(told) == len(set(told)), "a setting stands twice"
    assert set(told) | (set(coded(text)) & OTHER_VARIABLES) == there
    assert all(field.description for field in Settings.model_fields.values())


def test_defaults_of_settings() -> None:
    told = {coded(row[0])[0]: row[1].strip("`") for row in rows(page("settings.md")) if coded(row[0])}
    for name, field in Settings.model_fields.items():
        default = field.get_default(call_default_factory=True)
        shown = default.get_secret_value() if isinstance(default, SecretStr) else default
        text = json.dumps(shown) if isinstance(shown, dict | list) else str(shown)
        assert told[f"ANXIN_{name.upper()}"] == ("–" if shown is None or shown == "" else text), name


@pytest.mark.parametrize("path", [*sorted(DOCS.glob("*.md")), *sorted(ROOT.glob("README*.md"))], ids=lambda p: p.name)
def test_no_page_speaks_of_a_variable_that_is_not(path: Path) -> None:
    there = {f"ANXIN_{name.upper()}" for name in Settings.model_fields} | OTHER_VARIABLES | DEPLOYMENT | SIMULATORS
    told = set(re.findall(r"\bANXIN_[A-Z0-9_]+\b", path.read_text(encoding="utf-8")))
    assert {name for name in told if not name.startswith("ANXIN_TEST_")} <= there


# ── commands ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def commands(command: click.Command, name: str) -> dict[str, click.Command]:
    if isinstance(command, click.Group):
        return {
            full: leaf
            for each, one in command.commands.items()
            for full, leaf in commands(one, f"{name} {each}").items()
        }
    return {name: command}


def options(command: click.Command) -> set[str]:
    return {
        name
        for option in command.params
        if isinstance(option, click.Option)
        for name in (*option.opts, *option.secondary_opts)
        if name.startswith("--")
    }


COMMANDS = commands(main, "anxin")
COMMANDS |= {f"anxin {name}": simulators.commands[name] for name in HANDED_ON}  # type: ignore[attr-defined]


def documented_commands() -> dict[str, str]:
    """Each command of the page, without its arguments, and what stands below it."""
    text = page("cli.md")
    headings = re.findall(r"^### `([^`]+)`$", text, re.MULTILINE)
    return {re.sub(r" [A-Z]+$", "", heading): section(text, f"`{heading}`") for heading in headings}


def test_commands() -> None:
    assert documented_commands().keys() == COMMANDS.keys()


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_options(name: str) -> None:
    told = documented_commands()[name]
    prose = told.partition("```")[0]
    assert set(re.findall(r"--[a-z][a-z-]*", prose)) == options(COMMANDS[name])
    assert f"{name} " in told + " " or f"{name}\n" in told, "no example"
    example = told.partition("```")[2]
    assert set(re.findall(r"(?<= )--[a-z][a-z-]*", example)) <= options(COMMANDS[name]), (
        "the example has another option"
    )
    assert name in example


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_and_option_explains_itself(name: str) -> None:
    command = COMMANDS[name]
    assert command.help, name
    assert len(command.get_short_help_str(200)) > 15, name
    silent = [p.opts[0] for p in command.params if isinstance(p, click.Option) and not p.help and len(p.opts[0]) < 4]
    assert not silent


def words_of_commands(text: str) -> set[str]:
    """The `anxin …` commands a page's code speaks of."""
    found: set[str] = set()
    names = {name.removeprefix("anxin ") for name in COMMANDS}
    groups = {name.partition(" ")[0] for name in names if " " in name}
    for first, second in re.findall(r"(?:^|[`(/;]|&& |=\S+ )anxin ([a-z][a-z-]*)(?: ([a-z-]+))?", text, re.MULTILINE):
        found.add(f"{first} {second}" if first in groups else first)
    return found


@pytest.mark.parametrize("path", [*sorted(DOCS.glob("*.md")), *sorted(ROOT.glob("README*.md"))], ids=lambda p: p.name)
def test_no_page_names_a_command_that_is_not(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL)) + "\n".join(f"`{word}`" for word in coded(text))
    groups = {name.split()[1] for name in COMMANDS if name.count(" ") > 1}
    there = {name.removeprefix("anxin ") for name in COMMANDS} | {f"{group} " for group in groups}
    assert words_of_commands(code) - there == set()


# ── metrics ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def metric_names() -> set[str]:
    """Each family of api/metrics.py by the name Prometheus sees."""
    tree = ast.parse((ROOT / "api" / "metrics.py").read_text(encoding="utf-8"))
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id.endswith("MetricFamily"):
            assert isinstance(node.args[0], ast.Constant)
            name = str(node.args[0].value)
            found.add(f"{name}_total" if node.func.id.startswith("Counter") else name)
    return found


def test_metrics() -> None:
    assert set(first_column(page("metrics.md"))) == metric_names()


def test_labels_of_metrics() -> None:
    facts = {
        "horizon_lag_s": 0.0,
        "watchdog": {"age_s": 1.0, "late": False, "took_s": 0.1},
        "memory_mb": 80,
        "stop_seconds": {"admit": 0.1},
        "counts": {"events": 1, "suppressed_shelved": 1},
        "sources": {"mqtt-event": {"backlog": 0}},
        "delivery": {"phone": {"accepted": 1}},
        "breakers": {"phone": {"state": "open", "since": None}},
    }
    told = {coded(row[0])[0]: set(coded(row[1])) for row in rows(page("metrics.md")) if coded(row[0])}
    families: list[Metric] = list(_gateway(facts, 0.0))
    for family in families:
        for sample in family.samples:
            assert told[sample.name] == set(sample.labels), sample.name
    assert all(stop.__name__ in page("metrics.md") for stop in STOPS)


# ── what devices say ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_event_kinds() -> None:
    told = first_column(section(page("mqtt.md"), "Event kinds"))
    assert sorted(told) == sorted(EVENT_KINDS)


def test_device_kinds() -> None:
    told = first_column(section(page("mqtt.md"), "The registry"))
    assert sorted(told) == sorted(DEVICE_KINDS)


def test_event_kinds_of_rules_are_known() -> None:
    asked = {kind for rule in read_definitions([CATALOG]) for kind in rule.when.kinds}
    asked |= {kind for rule in read_definitions([CATALOG]) if rule.clear for kind in rule.clear.kinds}
    assert asked - set(EVENT_KINDS) == {"*", ALERT_RAISED}


def reasons() -> set[str]:
    """Each reason of a dead letter that stands in the code."""
    files = [
        ROOT / "connectors" / "native" / "decode.py",
        ROOT / "connectors" / "payload.py",
        ROOT / "gateway" / "road.py",
    ]
    files += sorted((ROOT / "connectors" / "mapping").glob("*.py"))
    files += sorted((ROOT / "gateway" / "stops").glob("*.py"))
    found: set[str] = set()
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and [ast.unparse(base) for base in node.bases] == ["BadInput"]:
                (reason,) = [line.value for line in node.body if isinstance(line, ast.Assign)]
                assert isinstance(reason, ast.Constant)
                found.add(str(reason.value))
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            if node.func.id == "dead_letter" and isinstance(node.args[1], ast.Constant):
                found.add(str(node.args[1].value))
            if node.func.id == "BadInput":
                told = [keyword.value for keyword in node.keywords if keyword.arg == "reason"]
                assert told, f"{path} line {node.lineno}: a dead letter without a reason"
                found |= {str(value.value) for value in told if isinstance(value, ast.Constant)}
                if any(isinstance(value, ast.Call) for value in told):  # why_not_json tells it
                    found |= {"not_utf8", "not_json"}
    return found


def test_reasons_of_dead_letters() -> None:
    told = first_column(section(page("mqtt.md"), "What becomes a dead letter"))
    assert sorted(told) == sorted(reasons())
    assert REMEDIES.keys() == reasons(), "the doctor says what to do about each"


# ── the API ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_routes() -> None:
    paths = make_app(Settings(database_url="postgresql://nowhere/none")).openapi()["paths"]  # type: ignore[arg-type]
    there = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    told = [(row[0], coded(row[1])[0]) for row in rows(page("api.md")) if row[0] != "method"]
    assert len(told) == len(set(told)), "a route stands twice"
    assert set(told) == there


def test_roles() -> None:
    told = {word for row in rows(page("api.md")) for word in re.findall(r"\w+", row[2])}
    known = set(get_args(Role.__value__ if hasattr(Role, "__value__") else Role))
    assert told & {"operator", "officer", "commander", "grid_worker", "auditor", "admin"} <= known
    assert all(role in page("api.md") for role in known)


# ── rules ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def catalogue() -> dict[str, list[str]]:
    return {coded(row[0])[0]: row for row in rows(section(page("rules.md"), "Catalogue")) if coded(row[0])}


def definitions() -> dict[str, Definition]:
    return {rule.id: rule for rule in read_definitions([CATALOG])}


def test_rules_of_the_catalogue() -> None:
    assert catalogue().keys() == definitions().keys()


@pytest.mark.parametrize("rule", definitions().values(), ids=lambda rule: rule.id)
def test_a_rule_is_what_the_catalogue_says(rule: Definition) -> None:
    row = catalogue()[rule.id]
    assert coded(row[1]) == [rule.kind]
    assert ("latched" in row[1]) == rule.latch
    assert row[2] == {"alert": rule.priority, "work_item": "work item", "probe": "probe"}[rule.stream]


def parameters(kind: str) -> set[str]:
    """What a kind reads from `params`."""
    text = (ROOT / "rules" / "kinds" / f"{kind}.py").read_text(encoding="utf-8")
    return set(re.findall(r'(?:params(?:\.get\(|\[)|self\.(?:seconds|parameter)\()"(\w+)"', text))


def test_kinds_of_rules_and_their_parameters() -> None:
    told = {coded(row[0])[0]: row for row in rows(section(page("rules.md"), "Kinds")) if coded(row[0])}
    assert told.keys() == KINDS.keys()
    for kind, row in told.items():
        there = parameters(kind)
        named = {part.strip().partition("`")[2].partition("`")[0] for part in row[2].split(";")} - {""}
        assert there <= set(coded(row[2])), kind
        assert named - {"device"} <= there, f"{kind} reads no such parameter"
        used = {name for rule in definitions().values() if rule.kind == kind for name in rule.params}
        assert used <= there, f"a definition of kind {kind} has a parameter nobody reads"


def test_words_of_a_definition() -> None:
    told = set(first_column(section(page("rules.md"), "Words of a definition")))
    elsewhere = {"id", "title", "priority", "rationalisation"}
    assert told | elsewhere == set(Definition.model_fields)
    assert all(name in page("rules.md") for name in elsewhere)


# ── scenarios, words, links ──────────────────────────────────────────────────────────────────────────────────────────


def test_scenarios() -> None:
    told = first_column(section(page("scenarios.md"), "The scenarios"))
    assert sorted(told) == sorted(path.stem for path in (ROOT / "simulators" / "scenarios").glob("*.yaml"))


WORDS = re.compile(r'^  "([^"]+)": \[\s*"((?:[^"\\]|\\.)*)",\s*"((?:[^"\\]|\\.)*)",?\s*\],$', re.MULTILINE)


def console_words() -> dict[str, tuple[str, str]]:
    """The console's dictionary: Chinese and English by key."""
    found: dict[str, tuple[str, str]] = {}
    for file in sorted((ROOT / "api" / "console" / "src" / "words").glob("*.ts")):
        for key, zh, en in WORDS.findall(file.read_text(encoding="utf-8")):
            assert key not in found, f"{file.name}: {key} stands in another file too"
            found[key] = (zh, en)
    return found


def test_every_word_of_the_console_stands_in_both_languages() -> None:
    words = console_words()
    assert len(words) > 250
    for key, (zh, en) in words.items():
        assert zh, key
        assert en, key
        assert set(re.findall(r"\{\w+\}", zh)) == set(re.findall(r"\{\w+\}", en)), key


def test_the_glossary_says_what_the_console_says() -> None:
    words = console_words()
    told = {coded(row[0])[0]: row for row in rows(page("glossary.md")) if coded(row[0])}
    for key, row in told.items():
        assert key in words, f"the console has no word {key}"
        bare = re.sub(r"\{\w+\}|[：（].*$|至", "", words[key][0]).strip()
        assert bare == row[1], f"{key}: the console says {words[key][0]}"
    for group, codes in {"incident": INCIDENT_STATES, "disposition": DISPOSITIONS}.items():
        assert {f"{group}.{code}" for code in codes} <= told.keys()


def test_the_console_has_a_word_for_every_kind_the_rules_ask_for() -> None:
    asked = {kind for rule in definitions().values() for kind in rule.when.kinds} - {"*"}
    assert {kind for kind in asked if f"kind.{kind}" not in console_words()} == set()


def test_every_reason_not_to_be_ready_is_told_in_both_languages_and_has_a_remedy() -> None:
    reasons = [str(reason) for reason in (*Reason, *NotReady)]
    refusals = (ROOT / "api" / "console" / "src" / "words" / "refusals.ts").read_text(encoding="utf-8")
    for reason in reasons:
        assert re.search(f'\\["[一-鿿]+[^"]*", "{re.escape(reason)}"\\]', refusals), reason
    told = [row[0] for row in rows(section(page("troubleshooting.md"), "The console says that it is not ready"))]
    assert sorted(told) == sorted(["it says", *reasons])


def pages_with_links() -> list[Path]:
    return [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md")), *(ROOT / name / "README.md" for name in (
        "api", "connectors", "gateway", "rules", "simulators"))]  # fmt: skip


def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", pages_with_links(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        there = (path.parent / file).resolve() if file else path
        assert there.exists(), f"{path.name}: {target} leads nowhere"
        if anchor:
            assert anchor in anchors(there), f"{path.name}: {target} leads to no heading"


@pytest.mark.parametrize("path", sorted(DOCS.glob("*.md")), ids=lambda path: path.name)
def test_readers_find_every_page(path: Path) -> None:
    linked = "".join(one.read_text(encoding="utf-8") for one in pages_with_links() if one != path)
    assert f"{path.name}" in linked, f"nothing links to {path.name}"
