"""What a camera worker tells when it is asked what it looks at: places in the picture, hours, settings, cost.

Never where its pictures come from, nor what it logs in with: there is no field for it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

#: A zone that is looked at, one outside of which nothing counts, one where nothing counts; a line that is crossed; two
#: marks of a scale (the ground's, then that of the level of `floor`); where the ground is.
Sort = Literal["zone", "watched", "ignored", "line", "scale", "ground"]
#: It looks; not at this hour; for want of a detector it cannot; it failed so often that it is left out.
State = Literal["looking", "off_hours", "resting", "left_out"]
_Words = Annotated[str, Meta(max_length=200)]
#: In parts of the picture; what is marked may lie beyond its edge, as the ground may.
_Part = Annotated[float, Meta(ge=-100, le=100)]
_Moment = Annotated[datetime, Meta(tz=True)]


class Shape(msgspec.Struct, frozen=True):
    """Something in the picture: points (x, y) in parts of it from the upper left corner. `floor`: of a scale."""

    sort: Sort
    name: _Words
    points: Annotated[tuple[tuple[_Part, _Part], ...], Meta(min_length=2, max_length=200)]
    floor: int | None = None


class Looks(msgspec.Struct, frozen=True):
    """One analytic of a camera. `hours` as its worker's file says, the station's time; empty: always.

    `settings`: its own, but for the shapes; `told`: which of its settings the file says, the others are defaults.
    `look_ms`: what one look has cost so far, on average; None before the first. `said`, `said_at`: its last sighting.
    """

    notice: _Words
    state: State
    hours: Annotated[tuple[_Words, ...], Meta(max_length=50)] = ()
    settings: Annotated[dict[_Words, bool | int | float | _Words | list[_Words] | None], Meta(max_length=50)] = {}
    told: Annotated[tuple[_Words, ...], Meta(max_length=50)] = ()
    shapes: Annotated[tuple[Shape, ...], Meta(max_length=200)] = ()
    look_ms: Annotated[float, Meta(ge=0, le=1e6)] | None = None
    said: _Words | None = None
    said_at: _Moment | None = None


class Description(msgspec.Struct, frozen=True):
    """A camera as its worker looks at it: the size of its pictures (pixels; None before the first), its analytics."""

    width: Annotated[int, Meta(ge=1, le=65535)] | None
    height: Annotated[int, Meta(ge=1, le=65535)] | None
    analytics: Annotated[tuple[Looks, ...], Meta(max_length=100)] = ()
