"""The platforms of the county's file, asked for video; why there is none is a sentence that says whom to call."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar

import structlog

from connectors.wvp.adapter import Wvp
from connectors.wvp.config import PlatformConfig, Played, VideoConfig
from connectors.wvp.streams import Streams, VideoFailed, Why, origin_of
from connectors.wvp.template import Templates
from gateway.county.config import password_of, read_county
from gateway.model.errors import Misconfigured, VideoUnavailable
from gateway.model.video import VideoSource
from gateway.settings import Settings

log = structlog.get_logger()
T = TypeVar("T")


class Adapter(Protocol):
    """What is asked of a platform. Each raises `VideoFailed`; moments are aware."""

    async def live(self, source: VideoSource) -> Streams:
        """Return where a channel is live."""

    async def playback(self, source: VideoSource, begin: datetime, end: datetime) -> Streams:
        """Return where a channel's recording of a time is."""

    async def snapshot(self, source: VideoSource) -> bytes:
        """Return a JPEG of what a channel shows now."""

    async def close(self) -> None:
        """Let go of connections."""


class Platforms:
    """All of one station. `beside` is the folder of the county's file. Raises `Misconfigured`."""

    def __init__(self, config: VideoConfig | None = None, beside: Path = Path()) -> None:
        self._told: Mapping[str, PlatformConfig] = {one.name: one for one in (config.platforms if config else ())}
        self._adapters = {name: _adapter(one, beside) for name, one in self._told.items()}

    @property
    def names(self) -> list[str]:
        """What platforms are called."""
        return list(self._told)

    @property
    def origins(self) -> list[str]:
        """From where pages may load streams, in order."""
        return sorted({origin for one in self._told.values() for origin in one.origins()})

    async def live(self, source: VideoSource) -> Streams:
        """Return where a channel is live. Raises `VideoUnavailable`."""
        return await self._of(source, self._adapter(source).live(source))

    async def playback(self, source: VideoSource, begin: datetime, end: datetime) -> Streams:
        """Return where a channel's recording of a time (aware) is. Raises `VideoUnavailable`."""
        return await self._of(source, self._adapter(source).playback(source, begin, end))

    async def snapshot(self, source: VideoSource) -> bytes:
        """Return a JPEG of what a channel shows now. Raises `VideoUnavailable`."""
        return await self._of(source, self._adapter(source).snapshot(source))

    def played(self, source: VideoSource, streams: Streams) -> Played | None:
        """Return as what a page plays these: the first that is preferred, there, and from where it may load."""
        origins = self._told[source.platform].origins()
        for kind in self._told[source.platform].prefer:
            url = streams.hls if kind == "hls" else streams.fmp4
            if url is not None and origin_of(url) in origins:
                return kind
        return None

    async def close(self) -> None:
        """Let go of connections."""
        for one in self._adapters.values():
            await one.close()

    def _adapter(self, source: VideoSource) -> Adapter:
        found = self._adapters.get(source.platform)
        if found is None:
            raise VideoUnavailable(
                f"the county's file has no video platform {source.platform}: whoever runs the server adds it",
                reason="video_unknown",
            )
        return found

    async def _of(self, source: VideoSource, answer: Awaitable[T]) -> T:
        try:
            return await answer
        except VideoFailed as failed:
            log.warning("no video", platform=source.platform, why=failed.why, told=failed.told)
            raise _sentence(failed, source, self._told[source.platform].contact or "its operator") from failed


def platforms_of(settings: Settings) -> Platforms:
    """Return the platforms of the county's file. One that is wrong stops no API: it is logged, and there are none."""
    if settings.county_file is None:
        return Platforms()
    try:
        return Platforms(read_county(settings.county_file).video, settings.county_file.parent)
    except Misconfigured as error:
        log.error("no video: the county's file is wrong", error=str(error))  # noqa: TRY400  # no news in its trace
        return Platforms()


def _adapter(config: PlatformConfig, beside: Path) -> Adapter:
    if config.kind == "template":
        return Templates(config)
    try:
        return Wvp(config, password_of(config, beside))
    except OSError as error:
        raise Misconfigured(f"{config.name}: ca_file {config.ca_file}: {error}") from error


def _sentence(failed: VideoFailed, source: VideoSource, whom: str) -> VideoUnavailable:
    name, told = source.platform, failed.told or "nothing more"
    said: dict[Why, VideoUnavailable] = {
        "unreachable": VideoUnavailable(f"the video platform {name} cannot be reached; call {whom}"),
        "timeout": VideoUnavailable(f"the video platform {name} did not answer in time; try again, then call {whom}"),
        "login": VideoUnavailable(f"the video platform {name} does not take our user, password or key; call {whom}"),
        "offline": VideoUnavailable(f"the camera is offline on the video platform {name}; call {whom}"),
        "silent": VideoUnavailable(
            f"the camera does not answer the video platform {name}; try again, then call {whom}"
        ),
        "unknown": VideoUnavailable(
            f"the video platform {name} knows no such camera; have the codes at the device compared by {whom}"
        ),
        "none": VideoUnavailable(f"the video platform {name} has no recording of that time"),
        "no_snapshot": VideoUnavailable(f"the video platform {name} takes no pictures; attach one by hand"),
        "refused": VideoUnavailable(f"the video platform {name} refuses: {told}; call {whom}"),
        "unreadable": VideoUnavailable(f"the answer of the video platform {name} cannot be understood; call {whom}"),
    }
    error = said[failed.why]
    error.reason = f"video_{failed.why}"
    return error
