"""A platform that is asked nothing: where its streams are, is known beforehand (ZLMediaKit, MediaMTX, a recorder)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

from connectors.wvp.config import PlatformConfig
from connectors.wvp.streams import Kind, Streams, VideoFailed
from gateway.model.video import VideoSource

CHINA = ZoneInfo("Asia/Shanghai")


class Templates:
    """Fills in addresses. Whether there is anything behind them, the player finds out."""

    def __init__(self, config: PlatformConfig) -> None:
        self._config = config

    async def live(self, source: VideoSource) -> Streams:
        """Return where a channel is live. Raises `VideoFailed`."""
        return _filled(self._config.live, {"device": source.device, "channel": source.channel})

    async def playback(self, source: VideoSource, begin: datetime, end: datetime) -> Streams:
        """Return where a channel's recording of a time (aware) is. Raises `VideoFailed`."""
        told = {
            "device": source.device, "channel": source.channel,
            "begin": begin.astimezone(CHINA).isoformat(timespec="seconds"),
            "end": end.astimezone(CHINA).isoformat(timespec="seconds"),
            "seconds": str(int((end - begin).total_seconds())),
        }  # fmt: skip
        return _filled(self._config.playback, told)

    async def snapshot(self, _source: VideoSource) -> bytes:
        """Raise `VideoFailed`: there is nobody to ask."""
        raise VideoFailed("no_snapshot")

    async def close(self) -> None:
        """Nothing to let go of."""


def _filled(templates: Mapping[Kind, str], told: Mapping[str, str]) -> Streams:
    if not templates:
        raise VideoFailed("none")
    safe = {name: quote(value, safe="") for name, value in told.items()}
    return Streams(**{kind: template.format(**safe) for kind, template in templates.items()})
