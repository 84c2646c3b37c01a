"""What cameras look at, as their workers tell it."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from api.answers.documented import Answer
from gateway.model.camera import Sort, State


class CameraShape(Answer):
    """Something that is marked in a camera's picture."""

    sort: Sort
    name: str
    points: list[list[float]] = Field(description="(x, y) in parts of the picture, from its upper left corner")
    floor: int | None = Field(description="of a scale: the floor whose level its second mark is")


class CameraLooks(Answer):
    """What is asked of a camera, and how it goes."""

    notice: str = Field(description="what it notices, as the worker's file names it")
    state: State
    hours: list[str] = Field(description="`HH:MM-HH:MM`, the station's time; empty: always")
    settings: dict[str, bool | int | float | str | list[str] | None]
    told: list[str] = Field(description="which settings the worker's file says; the others are defaults")
    shapes: list[CameraShape]
    look_ms: float | None = Field(description="what one look has cost so far, on average")
    said: str | None = Field(description="the kind of what it said last")
    said_at: datetime | None


class CameraSeen(Answer):
    """What a camera's worker looks at. It never says where its pictures come from."""

    told_at: datetime
    width: int | None = Field(description="of its pictures as they come, pixels; null before the first")
    height: int | None
    analytics: list[CameraLooks]
