"""What the gateway asks of a camera: stills while somebody watches, clips of what others said, what it looks at.

Decoded strictly and bounded; what is not understood is logged and ignored.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

#: A command is short: what is longer is none.
LONGEST = 4096

_Moment = Annotated[datetime, msgspec.Meta(tz=True)]
_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class Command(msgspec.Struct, frozen=True, tag_field="do", forbid_unknown_fields=True):
    """What all have: a name of their own, by which the same one said twice is known."""

    id: _Id


class StillsWanted(Command, frozen=True, tag="stills"):
    """Hand in a still every `every_s` seconds until a moment."""

    every_s: Annotated[float, msgspec.Meta(ge=0.5, le=60)]
    until: _Moment


class ClipWanted(Command, frozen=True, tag="clip"):
    """Hand in a clip that shows `from_at` to `until`, of what a device said at `at`."""

    device: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
    event: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    at: _Moment
    from_at: _Moment = msgspec.field(name="from")
    until: _Moment

    def __post_init__(self) -> None:
        """Raise `ValueError` for a clip of no possible time."""
        if not self.from_at <= self.at <= self.until:
            raise ValueError("a clip shows the moment it is of: from, at, until")


class DescriptionWanted(Command, frozen=True, tag="describe"):
    """Say once what is looked at in this camera's picture."""


Asked = StillsWanted | ClipWanted | DescriptionWanted
_decoder: msgspec.json.Decoder[Asked] = msgspec.json.Decoder(Asked)


def decode(payload: bytes) -> Asked:
    """Return a command. Raises `ValueError` with the reason for what is none."""
    if len(payload) > LONGEST:
        raise ValueError(f"{len(payload)} bytes are no command")
    return _decoder.decode(payload)
