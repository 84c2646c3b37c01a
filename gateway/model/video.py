"""Where a camera's video is to be had: an attribute of its device, and nothing secret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

#: What a platform is called by in the county's file, and codes of devices and channels: 20 digits by GB/T 28181.
_Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}\Z")]


class VideoSource(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The platform of the county's file that has a camera's video, and its codes of device and channel there."""

    platform: _Name
    device: _Name
    channel: _Name


def source_of(attributes: Mapping[str, Any]) -> VideoSource | None:
    """Return where a device's video is, None when it says nothing. Raises `msgspec.ValidationError`."""
    told = attributes.get("video")
    return msgspec.convert(told, VideoSource) if told is not None else None
