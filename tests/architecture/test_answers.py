"""Every route says what it answers, by a schema of its own; the schemas' codes are the gateway's."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, get_args

import httpx2 as httpx
import pytest

from api.answers import words
from gateway.incidents import view
from gateway.model import incident
from gateway.model.alert import Alert
from gateway.model.incident import Incident
from gateway.model.quiet import FloodSpan, Shelf
from tests.answers import complaints, document, hold_to_document

#: What answers no JSON: files, the live stream, and what Prometheus reads.
NO_JSON = {
    "GET /api/v1/alerts/{alert_id}/pictures/{picture_id}",
    "GET /api/v1/devices/{device}/still",
    "GET /api/v1/incidents/{incident_id}/attachments/{attachment_id}",
    "GET /api/v1/incidents/{incident_id}/evidence/{record_id}/{content}",
    "POST /api/v1/incidents/{incident_id}/evidence/bundle",
    "GET /api/v1/patrols/rounds/{round_id}/looks/{look_id}/picture",
    "GET /api/v1/places/{place}/plan",
    "GET /api/v1/stream",
    "GET /map/base.pmtiles",
    "HEAD /map/base.pmtiles",
    "GET /metrics",
}


def operations() -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": told
        for path, methods in document()["paths"].items()
        for method, told in methods.items()
    }


def answers(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {status: one for status, one in told["responses"].items() if status.startswith("2")}


@pytest.mark.parametrize("name", sorted(operations().keys() - NO_JSON))
def test_a_route_says_what_it_answers(name: str) -> None:
    found = answers(operations()[name])
    assert found, "no answer at all"
    for status, answer in found.items():
        if status == "204":
            assert "content" not in answer
            continue
        schema = answer["content"]["application/json"]["schema"]
        assert list(schema) == ["$ref"], f"{status}: add responses=answers(Model) to the route"


@pytest.mark.parametrize("name", sorted(NO_JSON))
def test_what_is_no_json_says_so(name: str) -> None:
    for status, answer in answers(operations()[name]).items():
        assert answer.get("content") or status == "204", "of what type is it?"
        if status == "204":
            assert "content" not in answer
            continue
        assert "application/json" not in answer["content"]


def test_every_route_answers_problems() -> None:
    for name, told in operations().items():
        assert told["responses"]["default"] == {"$ref": "#/components/responses/Problem"}, name
        assert "422" not in told["responses"], name


def test_operations_and_schemas_have_names_that_stay() -> None:
    ids = [told["operationId"] for told in operations().values()]
    assert [name for name, count in Counter(ids).items() if count > 1] == []
    assert [name for name in ids if not re.fullmatch(r"[a-z][a-z_]*", name)] == []
    schemas = document()["components"]["schemas"]
    assert [name for name in schemas if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", name)] == []


def test_every_schema_of_an_answer_explains_itself() -> None:
    assert [name for name, told in document()["components"]["schemas"].items() if not told.get("description")] == []


def test_codes_are_the_models() -> None:
    assert set(get_args(words.IncidentState)) == incident.OPEN | incident.OVER
    assert get_args(words.Disposition) == incident.DISPOSITIONS
    assert set(get_args(words.Act)) == incident.ACTS.keys()
    more = {"attach", "dispute", "trail"}
    assert set(get_args(words.May)) == incident.ACTS.keys() | more
    assert more <= set(view._more.__code__.co_consts)
    assert set(get_args(words.Act)) < set(get_args(words.Line))


def test_frames_have_the_fields_of_what_the_stream_sends() -> None:
    schemas = document()["components"]["schemas"]
    frames = schemas["Frames"]["properties"]
    assert frames.keys() == {
        "hello", "reset", "heartbeat", "alert", "work_item", "incident", "shelf", "flood", "picture",
    }  # fmt: skip
    assert set(schemas["Alert"]["required"]) == {*Alert.__struct_fields__, "state", "acknowledged"}
    assert set(schemas["Incident"]["required"]) == {*Incident.__struct_fields__, "alerts"}
    assert set(schemas["Shelf"]["required"]) == {*Shelf.__struct_fields__, "standing"} - {"reason_sealed"}
    assert set(schemas["Flood"]["required"]) == {*FloodSpan.__struct_fields__, "standing"}
    [content] = answers(operations()["GET /api/v1/stream"])["200"]["content"].values()
    assert content["x-frames"] == {"$ref": "#/components/schemas/Frames"}


@pytest.mark.parametrize(
    ("position", "complaint"),
    [
        ({"position": 1}, ""),
        ({"position": None}, "None is not of type 'integer'"),
        ({}, "'position' is a required property"),
        ({"position": 1, "more": 2}, "'more' was unexpected"),
    ],
)
def test_an_answer_that_is_not_as_documented_is_found(position: dict[str, Any], complaint: str) -> None:
    found = " ".join(complaints("Position", position))
    assert complaint in found
    assert bool(found) == bool(complaint)


def test_a_wrong_answer_fails_the_test_that_got_it() -> None:
    asked = httpx.Request("GET", "http://127.0.0.1/api/v1/alerts")

    def got(status: int, told: Any, kind: str = "application/json", *, ours: bool = True) -> None:
        headers = {"content-type": kind} | ({"Content-Security-Policy": "default-src 'self'"} if ours else {})
        hold_to_document(httpx.Response(status, request=asked, json=told, headers=headers))

    got(200, {"items": [], "next": None})
    got(404, {"items": None})
    problem = {"type": "urn:anxin:problem:x", "title": "x", "status": 409, "detail": "x", "gaps": []}
    got(409, problem, "application/problem+json")
    with pytest.raises(AssertionError, match="is no Problem"):
        got(409, problem | {"by": 5}, "application/problem+json")
    with pytest.raises(AssertionError, match=r"GET /api/v1/alerts is no AlertPage"):
        got(200, {"items": [], "next": "5"})
    got(200, {"status": "success", "data": {}}, ours=False)
