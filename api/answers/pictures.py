"""Snapshots and clips that cameras took of an alert's events."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.answers.documented import Answer


class Picture(Answer):
    """A snapshot or a clip, without its bytes."""

    id: int
    camera: str = Field(description="which took it")
    device: str = Field(description="whose event it is of: the camera's own, or that of who spoke at its place")
    event: str = Field(description="the event")
    role: Literal["snapshot", "clip"]
    content_type: str
    size: int = Field(description="bytes")
    sha256: str
    from_at: datetime = Field(description="what it shows begins here")
    until_at: datetime = Field(description="and ends here; the same moment for a snapshot")


class PictureList(Answer):
    """What there is of an alert, oldest first."""

    items: list[Picture]


class PictureCame(Answer):
    """There is a picture of an alert now: fetch `/alerts/{id}/pictures`."""

    alert: int
    picture: int


class HandedIn(Answer):
    """A picture or clip as it stands. `fresh`: False when the very same was there already."""

    id: int
    sha256: str
    size: int
    fresh: bool
