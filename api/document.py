"""The OpenAPI document: FastAPI's, without what is useless or wrong in it, and with what it cannot know."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic.json_schema import models_json_schema

from api.answers.frames import Frames
from api.answers.problem import Problem

REFERENCE = "#/components/schemas/"
#: What no route's answer names: errors, and the frames of the stream.
BESIDE = (Problem, Frames)
#: FastAPI's own idea of a 422; ours are problems.
NOT_OURS = ("HTTPValidationError", "ValidationError")
METHODS = ("get", "head", "post", "put", "patch", "delete")


def operation_id(route: APIRoute) -> str:
    """Return what clients made from the document call a route: the name of its function."""
    return route.name


def install(app: FastAPI) -> None:
    """Let the application answer this document. It is made once, when it is first asked for."""
    made_by_fastapi = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = finished(made_by_fastapi())
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to do it


def finished(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document as it goes out."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    _, beside = models_json_schema([(model, "serialization") for model in BESIDE], ref_template=REFERENCE + "{model}")
    schemas.update(beside["$defs"])
    document["components"]["responses"] = {
        "Problem": {
            "description": "What went wrong, and what to do",
            "content": {"application/problem+json": {"schema": {"$ref": f"{REFERENCE}Problem"}}},
        }
    }
    for path in document["paths"].values():
        for method, operation in path.items():
            if method in METHODS:
                _finish(operation)
    for name in NOT_OURS:
        schemas.pop(name, None)
    document["components"]["schemas"] = dict(sorted(schemas.items()))
    return document


def _finish(operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    if any(REFERENCE + name in str(responses.get("422")) for name in NOT_OURS):
        del responses["422"]
    for response in responses.values():
        for content in response.get("content", {}).values():
            schema = content.get("schema", {})
            if "$ref" in schema:  # beside it stands what FastAPI made of `dict[str, Any]`
                content["schema"] = {"$ref": schema["$ref"]}
            elif str(schema.get("title", "")).startswith("Response "):
                del schema["title"]
            if content.get("schema") == {"type": "string"} and "text/event-stream" in response["content"]:
                content["x-frames"] = {"$ref": f"{REFERENCE}{Frames.__name__}"}
    responses["default"] = {"$ref": "#/components/responses/Problem"}
