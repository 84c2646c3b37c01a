"""Holds what the API answers against its own OpenAPI document: every 2xx answer as JSON that any test gets.

The document is the console's contract, and nothing validates answers while they are given; so the tests do, strictly:
what it does not name may not be there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cache
from typing import Any

import httpx2 as httpx
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from api.app import make_app
from gateway.settings import Settings

#: More of one list than this is looked at at both its ends.
MOST_ITEMS = 60
_formats = FormatChecker(formats=())


@_formats.checks("date-time", raises=ValueError)
def _is_moment(told: object) -> bool:
    return not isinstance(told, str) or datetime.fromisoformat(told).tzinfo is not None


@_formats.checks("date", raises=ValueError)
def _is_day(told: object) -> bool:
    return not isinstance(told, str) or bool(date.fromisoformat(told))


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document."""
    found: dict[str, Any] = make_app(Settings(database_url="postgresql://nowhere/none")).openapi()  # type: ignore[arg-type]
    return found


@cache
def _strict() -> Registry[Any]:
    """The document for validators: an object whose fields are named has no others."""

    def close(node: Any) -> Any:
        if isinstance(node, list):
            return [close(one) for one in node]
        if not isinstance(node, dict):
            return node
        closed = {name: close(one) for name, one in node.items()}
        if node.get("type") == "object" and isinstance(node.get("properties"), dict):
            closed.setdefault("additionalProperties", False)
        return closed

    schemas = {"components": {"schemas": close(document()["components"]["schemas"])}}
    return Registry().with_resource("urn:anxin", DRAFT202012.create_resource(schemas))


@cache
def _validator(schema: str) -> Draft202012Validator:
    """One for a component schema."""
    return Draft202012Validator(
        {"$ref": f"urn:anxin#/components/schemas/{schema}"}, registry=_strict(), format_checker=_formats
    )


@cache
def _paths() -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    """Each path as a pattern; those without placeholders first, as the application has them."""
    told = sorted(document()["paths"].items(), key=lambda one: one[0].count("{"))
    return [(re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path)), methods) for path, methods in told]


@cache
def schema_of(method: str, path: str, status: int) -> str | None:
    """Return the name of the schema of an answer; None where the document has none."""
    for pattern, methods in _paths():
        if pattern.fullmatch(path) and method.lower() in methods:
            told = methods[method.lower()]["responses"].get(str(status), {}).get("content", {})
            reference = told.get("application/json", {}).get("schema", {}).get("$ref")
            return reference.rpartition("/")[2] if reference is not None else None
    return None


def complaints(schema: str, told: Any) -> list[str]:
    """Return what is wrong with an answer, by its schema's name."""
    if isinstance(told, dict) and isinstance(items := told.get("items"), list) and len(items) > MOST_ITEMS:
        told = {**told, "items": items[: MOST_ITEMS // 2] + items[-MOST_ITEMS // 2 :]}
    return [_innermost(error) for error in _validator(schema).iter_errors(told)]


def _innermost(error: Any) -> str:
    while error.context:  # of several possibilities, what is wrong with the likeliest
        error = max(error.context, key=lambda one: len(one.absolute_path))
    return f"{error.json_path}: {error.message[:400]}"


def wrong_frames(changes: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return what is wrong with changes (`kind`, `body`) as frames of the live stream."""
    frames = document()["components"]["schemas"]["Frames"]["properties"]
    named = {kind: told["$ref"].rpartition("/")[2] for kind, told in frames.items()}
    return [
        f"{change['kind']} {complaint}"
        for change in changes
        for complaint in complaints(named[change["kind"]], change["body"])
    ]


def hold_to_document(answer: httpx.Response) -> None:
    """Fail where an answer of the API, or a refusal, is not what its document says."""
    if "Content-Security-Policy" not in answer.headers:
        return  # not ours: all our answers have it (`api/headers.py`), Prometheus has addresses like ours
    media_type = answer.headers.get("content-type", "").partition(";")[0]
    schema = None
    if media_type == "application/json" and answer.is_success:
        schema = schema_of(answer.request.method, answer.request.url.path, answer.status_code)
    elif media_type == "application/problem+json":
        schema = "Problem"
    if schema is None or answer.request.method == "HEAD":
        return
    wrong = complaints(schema, answer.json())
    asked = f"{answer.request.method} {answer.request.url.path}"
    assert not wrong, f"{asked} is no {schema} as /openapi.json says:\n" + "\n".join(wrong[:10])
