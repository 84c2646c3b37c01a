"""What a platform answers when it is asked for video, and why it does not."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

import msgspec

#: What a stream is played as. Browsers play HLS and fMP4; the others are for programs beside it.
Kind = Literal["hls", "fmp4", "flv", "webrtc", "rtsp"]
#: The longest address that is believed, in characters.
LONGEST = 2048
_SCHEMES = {"rtsp": ("rtsp", "rtsps")}
_WEB = ("http", "https")

#: `login`: user, password or key; `silent`: the camera did not answer the platform, `offline`: it says it is off;
#: `unknown`: it has no such channel; `none`: it has no recording; `no_snapshot`: of this kind there are none;
#: `refused`: everything else it says; `unreadable`: its answer is none.
Why = Literal[
    "unreachable", "timeout", "login", "offline", "silent", "unknown", "none", "no_snapshot", "refused", "unreadable"
]


class VideoFailed(Exception):
    """There is no video: why, and in the platform's own words (no secret, no address), empty where it has none."""

    def __init__(self, why: Why, told: str = "") -> None:
        super().__init__(f"{why}: {told}" if told else why)
        self.why: Why = why
        self.told = told


class Streams(msgspec.Struct, frozen=True):
    """Where one stream is to be had, each None where the platform does not say. Never kept, never logged."""

    hls: str | None = None
    fmp4: str | None = None
    flv: str | None = None
    webrtc: str | None = None
    rtsp: str | None = None


def is_stream(kind: Kind, url: object) -> bool:
    """Say whether what somebody told is an address of a stream: one a page may be given."""
    if not isinstance(url, str) or len(url) > LONGEST or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in _SCHEMES.get(kind, _WEB) and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def origin_of(url: str) -> str:
    """Return scheme, host and port of an address, as a browser names an origin. Raises `ValueError`."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    port = "" if parts.port in (None, usual) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"
