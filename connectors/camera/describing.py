"""What a worker says of a camera when it is asked what it looks at: places in the picture, settings, cost.

Made from the analytics' own settings, which know neither address nor password of the camera.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from connectors.camera.analytics.falling import Column, FallingSettings
from connectors.camera.config import Asked
from connectors.camera.seeing import Zone
from connectors.camera.watching import Watching
from gateway.model.camera import Description, Looks, Shape, Sort

#: What a zone is, by the setting that names it; any other is looked at.
_SORTS: dict[str, Sort] = {"watched": "watched", "ignored": "ignored"}


def description_of(
    analytics: Sequence[Asked], watching: Sequence[Watching], size: tuple[int, int] | None, now: datetime
) -> Description:
    """Describe what is asked of a camera, whose pictures have this width and height, and how it goes with it.

    `watching`: what of it can look; the others rest.
    """
    width, height = size or (None, None)
    by_asked = {id(one.asked): one for one in watching}
    return Description(width, height, tuple(_looks(asked, by_asked.get(id(asked)), now) for asked in analytics))


def _looks(asked: Asked, one: Watching | None, now: datetime) -> Looks:
    settings = asked.settings()
    shapes = tuple(shapes_of(settings))
    spoken = {
        name: list(told) if isinstance(told, tuple) else told
        for name in settings.__struct_fields__ if _is_plain(told := getattr(settings, name))
    }  # fmt: skip
    if any(shape.sort == "line" for shape in shapes):
        spoken = {name: told for name, told in spoken.items() if name not in {"line", "start", "end"}}
    last = one.last if one is not None else None
    return Looks(
        asked.notice, one.state(now) if one is not None else "resting", tuple(asked.hours), spoken,
        told=tuple(name for name in spoken if name in (asked.model_extra or {})), shapes=shapes,
        look_ms=round(one.cost_s / one.looks * 1000, 2) if one is not None and one.looks else None,
        said=last.kind if last is not None else None, said_at=last.at if last is not None else None,
    )  # fmt: skip


def shapes_of(settings: Any) -> Iterator[Shape]:
    """Yield what an analytic's settings name in the picture: zones, lines, scales, the ground."""
    for name in settings.__struct_fields__:
        told = getattr(settings, name)
        for one in told if isinstance(told, tuple) else (told,):
            if isinstance(one, Zone):
                yield Shape(_SORTS.get(name, "zone"), one.name, one.polygon)
            elif isinstance(one, Column):
                yield Shape("scale", "", ((one.x, one.ground), (one.x, one.line)), one.floor)
    if {"line", "start", "end"} <= set(settings.__struct_fields__):
        yield Shape("line", settings.line, (settings.start, settings.end))
    if isinstance(settings, FallingSettings) and not settings.columns:
        yield Shape("ground", "", ((0.0, settings.ground), (1.0, settings.ground)))


def _is_plain(told: object) -> bool:
    """Say whether a setting is a word, a number, a list of words, or nothing: no shape."""
    if isinstance(told, tuple):
        return bool(told) and all(isinstance(one, str) for one in told)
    return told is None or isinstance(told, bool | int | float | str)
