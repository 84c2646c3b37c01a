"""What can go wrong, and what the caller should do about it.

    AnxinError
    ├── Permanent            park it (dead letter, refusal) and go on; trying again changes nothing
    │   ├── BadInput         a message, a file or a request that cannot be read
    │   ├── Misconfigured    a setting or a definition that cannot work; the sentence says what to change
    │   ├── NotFound         no such thing within reach
    │   ├── Conflict         somebody else changed it in between
    │   └── Forbidden        not for this role
    └── Transient            try again with back-off
        ├── StoreUnavailable the database is away
        ├── VideoUnavailable a platform beside us has no video now; the sentence says whom to call
        └── Fenced           another process has taken over this station's road

Each error carries a `reason`: a short stable word that is also its label in metrics and dead letters.
"""

from __future__ import annotations

from typing import Any


class AnxinError(Exception):
    """Something Anxin can name went wrong."""

    reason = "error"

    def __init__(self, message: str | None = None, *, reason: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").strip())
        #: What a machine may go by: who moved it, how it stands, where the gaps are. Part of the problem's body.
        self.facts: dict[str, Any] = {}
        if reason is not None:
            self.reason = reason


class Permanent(AnxinError):
    """Trying again changes nothing."""

    reason = "permanent"


class BadInput(Permanent):
    """The input cannot be read."""

    reason = "bad_input"


class Misconfigured(Permanent):
    """A setting or definition cannot work as it stands."""

    reason = "misconfigured"


class Transient(AnxinError):
    """Trying again later may work."""

    reason = "transient"


class StoreUnavailable(Transient):
    """The database does not answer."""

    reason = "store_unavailable"


class VideoUnavailable(Transient):
    """A platform beside us has no video now."""

    reason = "video_unavailable"


class Fenced(Transient):
    """Another process has taken over this station's road; this one must stop writing and start again."""

    reason = "fenced"


class NotFound(Permanent):
    """There is no such thing within reach of whoever asks."""

    reason = "not_found"


class Conflict(Permanent):
    """It is no longer as whoever asks believes; the sentence says what happened in between."""

    reason = "conflict"


class Forbidden(Permanent):
    """Whoever asks may not do this."""

    reason = "forbidden"
