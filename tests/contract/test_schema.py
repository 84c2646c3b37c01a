"""The published schemas, the decoder and the town agree: what one takes the other takes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from connectors.native.decode import decode
from gateway.history import read
from gateway.model.errors import BadInput
from gateway.model.event import EVENT_KINDS
from gateway.model.ports import Delivery
from tests.pages import DOCS, ROOT, blocks, coded, page, rows, section

SCHEMAS = {name: json.loads((DOCS / "schema" / f"{name}.schema.json").read_text()) for name in (
    "event", "status", "history-line",
)}  # fmt: skip
VALIDATORS = {name: Draft202012Validator(schema) for name, schema in SCHEMAS.items()}
NOW = datetime(2026, 11, 22, tzinfo=UTC)
TS = "2026-11-22T08:00:00+08:00"


def refusal(lane: str, payload: bytes) -> str | None:
    """Why the decoder refuses a message; None when it takes it."""
    try:
        decode(Delivery("test", f"anxin/v1/s/d/{lane}", payload, NOW, 1))
    except BadInput as error:
        return error.reason
    return None


def event(**told: Any) -> dict[str, Any]:
    return {"ts": TS, "kind": "door.opened", **told}


TAKEN: list[tuple[str, Any]] = [
    ("event", event()),
    ("event", event(id="x", data={"a": [1, {"b": None}]}, more=1)),
    ("event", event(id=None, station=None, device=None)),
    ("event", event(id="号" * 128)),
    ("event", event(station="s", device="d")),
    ("event", event(kind="acme.lift_stuck.twice2")),
    ("event", event(kind="a." + "b" * 62)),
    ("event", event(ts="2026-11-22T00:00:00Z")),
    ("event", event(ts="2026-11-22t00:00:00.123456789z")),
    ("event", event(ts="2026-11-22 00:00:00-23:59")),
    ("event", event(ts="2026-11-22T08:00:00+0800")),
    ("event", event(ts="1900-01-02T00:00:00Z")),
    ("event", event(ts="9998-12-31T00:00:00Z")),
    ("status", {"session": "s", "online": True}),
    ("status", {"session": "s" * 128, "online": False, "battery": None, "more": 1}),
    ("status", {"session": "s", "online": True, "battery": 0}),
    ("status", {"session": "s", "online": True, "battery": 100}),
]
REFUSED: list[tuple[str, Any, str]] = [
    ("event", [], "schema"),
    ("event", "door.opened", "schema"),
    ("event", None, "schema"),
    ("event", {"kind": "door.opened"}, "schema"),
    ("event", {"ts": TS}, "schema"),
    ("event", event(ts=1795312800), "schema"),
    ("event", event(ts=None), "schema"),
    ("event", event(ts="yesterday"), "schema"),
    ("event", event(ts="2026-11-22T08:00:00"), "schema"),
    ("event", event(ts="2026-11-22T08:00+08:00"), "schema"),
    ("event", event(ts="2026-11-22"), "schema"),
    ("event", event(ts="2026-13-22T08:00:00Z"), "schema"),
    ("event", event(ts="2026-11-32T08:00:00Z"), "schema"),
    ("event", event(ts="2026-11-22T24:00:00Z"), "schema"),
    ("event", event(ts="2026-11-22T08:00:60Z"), "schema"),
    ("event", event(ts="2026-11-22T08:00:00.Z"), "schema"),
    ("event", event(ts="2026-11-22T08:00:00,5Z"), "schema"),
    ("event", event(ts="2026-11-22T08:00:00+24:00"), "schema"),
    ("event", event(ts="2026-11-22T08:00:00+08"), "schema"),
    ("event", event(ts="1899-12-31T23:59:59Z"), "too_late"),
    ("event", event(ts="9999-01-02T00:00:00Z"), "absurd_ts"),
    ("event", event(kind="opened"), "schema"),
    ("event", event(kind="Door.opened"), "schema"),
    ("event", event(kind="door."), "schema"),
    ("event", event(kind=".opened"), "schema"),
    ("event", event(kind="1door.opened"), "schema"),
    ("event", event(kind="door opened"), "schema"),
    ("event", event(kind=""), "schema"),
    ("event", event(kind=None), "schema"),
    ("event", event(kind="a." + "b" * 63), "schema"),
    ("event", event(id=""), "schema"),
    ("event", event(id=1), "schema"),
    ("event", event(id="x" * 129), "schema"),
    ("event", event(data=None), "schema"),
    ("event", event(data=[]), "schema"),
    ("event", event(data="x"), "schema"),
    ("event", event(station=1), "schema"),
    ("event", event(device=[]), "schema"),
    ("event", event(id="a\0"), "nul_character"),
    ("event", event(data={"a": ["b", {"c": "\0"}]}), "nul_character"),
    ("event", event(data={"a\0": 1}), "nul_character"),
    ("event", event(more="\0"), "nul_character"),
    ("status", {}, "schema"),
    ("status", {"online": True}, "schema"),
    ("status", {"session": "s"}, "schema"),
    ("status", {"session": "", "online": True}, "schema"),
    ("status", {"session": "s" * 129, "online": True}, "schema"),
    ("status", {"session": None, "online": True}, "schema"),
    ("status", {"session": "s", "online": 1}, "schema"),
    ("status", {"session": "s", "online": "true"}, "schema"),
    ("status", {"session": "s", "online": True, "battery": -1}, "schema"),
    ("status", {"session": "s", "online": True, "battery": 101}, "schema"),
    ("status", {"session": "s", "online": True, "battery": 87.5}, "schema"),
    ("status", {"session": "s", "online": True, "battery": "87"}, "schema"),
    ("status", {"session": "a\0", "online": True}, "nul_character"),
]
#: What a schema cannot say; docs/mqtt.md does.
BEYOND: list[tuple[str, bytes, str]] = [
    ("event", json.dumps(event(ts="2026-02-30T08:00:00Z")).encode(), "schema"),
    ("event", json.dumps(event(device="another")).encode(), "claims"),
    ("event", json.dumps(event(data={"a": "x" * 65_536})).encode(), "oversized"),
    ("event", json.dumps(event(data={"a": json.loads("[" * 40 + "]" * 40)})).encode(), "too_deep"),
    ("event", json.dumps(event(data={"a": "half"})).replace("half", "\\ud800").encode(), "not_json"),
]


def known(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True)[:60]


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_a_schema_is_one(schema: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize(("lane", "told"), TAKEN, ids=known)
def test_both_take(lane: str, told: Any) -> None:
    assert list(VALIDATORS[lane].iter_errors(told)) == []
    assert refusal(lane, json.dumps(told).encode()) is None


@pytest.mark.parametrize(("lane", "told", "reason"), REFUSED, ids=known)
def test_both_refuse(lane: str, told: Any, reason: str) -> None:
    assert not VALIDATORS[lane].is_valid(told)
    assert refusal(lane, json.dumps(told).encode()) == reason


@pytest.mark.parametrize(("lane", "payload", "reason"), BEYOND, ids=lambda told: str(told)[:40])
def test_the_decoder_refuses_what_a_schema_cannot_say(lane: str, payload: bytes, reason: str) -> None:
    assert VALIDATORS[lane].is_valid(json.loads(payload))
    assert refusal(lane, payload) == reason


# ── the examples of the documentation ────────────────────────────────────────────────────────────────────────────────


def examples() -> Iterator[tuple[str, Any]]:
    for path in [*sorted(DOCS.glob("*.md")), ROOT / "README.md", ROOT / "simulators" / "README.md"]:
        for block in blocks(path.read_text(encoding="utf-8")):
            if block.language in {"json", "jsonl"}:
                texts = block.text.splitlines() if block.language == "jsonl" else [block.text]
                yield from ((f"{path.name}: {text[:40]}", json.loads(text)) for text in texts)


#: A line of JSON with none of these is no message of a device or of history: the API's answers stand in its own pages.
OF_MESSAGES = {"topic", "since", "person", "drill", "session", "ts", "kind"}


def sort_of(told: Any) -> str:
    if "topic" in told or "since" in told or "person" in told or "drill" in told:
        return "history-line"
    return "status" if "session" in told else "event"


@pytest.mark.parametrize(
    "told", [pytest.param(told, id=name) for name, told in examples() if OF_MESSAGES & told.keys()]
)
def test_an_example_is_true(told: Any) -> None:
    sort = sort_of(told)
    assert [error.message for error in VALIDATORS[sort].iter_errors(told)] == []
    if sort == "history-line":
        assert len(list(read([json.dumps(told).encode()]))) == 1
        lane = told.get("topic", "").rpartition("/")[2]
        told, sort = told.get("payload"), "status" if lane == "status" else "event"
    if told is not None:
        assert VALIDATORS[sort].is_valid(told)
        assert refusal(sort, json.dumps(told).encode()) is None


def test_examples_in_shell_commands_are_true_or_meant_to_be_wrong() -> None:
    text = re.sub(r"'?\$\((?:date|cat)[^)]*\)'?|'?\$now'?", TS, page("first-device.md"))
    told = [found.replace("'$n'", "1") for found in re.findall(r"-m '(\{.*?\})'$", text, re.MULTILINE)]
    wrong = [one for one in told if refusal("status" if "session" in one else "event", one.encode()) is not None]
    assert len(told) > 8
    assert len(wrong) == 2, "the two of «break it on purpose»"


@pytest.mark.parametrize(
    "path", sorted((ROOT / "connectors" / "native" / "samples").glob("*.json")), ids=lambda p: p.stem
)
def test_a_sample_of_the_connector_is_as_the_schema_says(path: Path) -> None:
    told = json.loads(path.read_text(encoding="utf-8"))
    assert VALIDATORS[sort_of(told["payload"])].is_valid(told["payload"])


# ── the town ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """What the county town says in a day with the demo's opening in it."""
    simulators = [sys.executable, "-m", "simulators"]
    site = tmp_path_factory.mktemp("town") / "site.yaml"
    site.write_bytes(subprocess.run([*simulators, "site", "--seed", "1"], capture_output=True, check=True).stdout)
    span = ["--from", "2026-11-18T00:00:00+08:00", "--to", "2026-11-19T00:00:00+08:00"]
    command = [*simulators, "history", "--site", str(site), "--seed", "1", *span]
    command += ["--opening-at", "2026-11-18T10:00:00+08:00"]
    return subprocess.run(command, capture_output=True, check=True).stdout.splitlines()


def data_fields() -> dict[str, set[str]]:
    """By kind, the fields of `data` that the documentation tells of."""
    told: dict[str, set[str]] = {}
    for row in rows(section(page("mqtt.md"), "Event kinds")):
        for kind in coded(row[0]):
            told[kind] = set(coded(row[2]))
    told["door.denied"] |= told["door.granted"]
    return told


def test_everything_the_town_says_is_as_the_schemas_say(day: list[bytes]) -> None:
    assert len(day) > 8000
    # Every kind of message with every set of fields, not every message: the rest is the same again.
    seen: dict[tuple[str, ...], dict[str, Any]] = {}
    fields: dict[str, set[str]] = defaultdict(set)
    for line in day:
        told = json.loads(line)
        payload = told["payload"]
        data = payload.get("data", payload)
        seen.setdefault((payload.get("kind", "status"), str("retained" in told), *sorted(data)), told)
        if "kind" in payload:
            fields[payload["kind"]] |= data.keys()
    assert len(seen) > 15
    for told in seen.values():
        lane = told["topic"].rpartition("/")[2]
        assert VALIDATORS["history-line"].is_valid(told)
        assert VALIDATORS["status" if lane == "status" else "event"].is_valid(told["payload"])
        assert refusal(lane, json.dumps(told["payload"]).encode()) is None
    assert fields.keys() <= set(EVENT_KINDS)
    documented = data_fields()
    assert {kind: said - documented[kind] for kind, said in fields.items() if said - documented[kind]} == {}
    assert sum(1 for _ in read(day)) == len(day)
