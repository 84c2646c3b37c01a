"""Video that platforms beside us have of cameras near an alert."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.answers.documented import Answer


class NearCamera(Answer):
    """A camera with video near an alert."""

    device: str
    name: str
    place: str = Field(description="what people call the place it hangs at")
    metres: int = Field(description="from the alert's place; 0 at the place itself and where nobody knows")


class NearCameras(Answer):
    """Cameras with video near an alert, the nearest first."""

    items: list[NearCamera]


class VideoStreams(Answer):
    """Where a camera's video is played from: for now and for nobody else, not to be kept."""

    hls: str | None
    fmp4: str | None
    flv: str | None
    webrtc: str | None
    rtsp: str | None
    play: Literal["hls", "fmp4"] | None = Field(description="which of them a page may load and play")
    begin: datetime | None = Field(description="of a recording; null: live")
    end: datetime | None


class VideoKept(Answer):
    """A picture that hangs on an incident now; `fresh` is false when the very same did."""

    incident: int
    attachment: int
    sha256: str
    fresh: bool
