"""How a route says what it answers. Answers are described, never validated while they are given.

A field that is unexpectedly null must not become a 500 in a command room, so routes go on returning plain dicts and
the models here only make the document; the tests hold every answer they get against it.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Answer(BaseModel):
    """What every answer is made of. What is always there has no default; what may be null is `X | None`."""

    model_config = ConfigDict(frozen=True)


class Said(Answer):
    """A text in both languages."""

    zh: str
    en: str


def absent(description: str | None = None) -> Any:
    """A field that may be left out of an answer; a default of null would say that null is sent."""
    return Field(default_factory=dict, description=description)


def answers(model: Any, *, status: int | tuple[int, ...] = 200) -> dict[int | str, dict[str, Any]]:
    """Say what a route answers: for `responses=` of its decorator. `status`: one or several of 2xx, each with this."""
    return {one: {"model": model} for one in (status if isinstance(status, tuple) else (status,))}


def frames() -> dict[int | str, dict[str, Any]]:
    """Say that a route answers the live stream, whose frames are the component `Frames`: for `responses=`."""
    return {200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}}


def file(*media_types: str) -> dict[int | str, dict[str, Any]]:
    """Say that a route answers a file of one of these types: for `responses=` of its decorator."""
    return {200: {"content": {one: {"schema": {"type": "string", "format": "binary"}} for one in media_types}}}
