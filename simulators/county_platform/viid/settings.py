"""What an image database is told before it starts, and how it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from simulators.county_platform.settings import BEIJING


@dataclass(frozen=True)
class ViidSettings:
    """A database's configuration; `devices` has the password of each ID that may register. Durations are seconds."""

    devices: Mapping[str, str]
    id: str = "34020000005030000001"
    host: str = "127.0.0.1"
    port: int = 0
    realm: str = "viid"
    #: Who must answer a challenge: nobody, who registers, or everybody everywhere.
    challenges: Literal["nothing", "register", "everything"] = "register"
    #: What a Keepalive of somebody unknown is told: StatusCode 4, or HTTP 401.
    unknown_keepalive: Literal["4", "401"] = "4"
    #: A registration lives that long without traffic.
    idle_s: float = 300.0
    longest_body: int = 4_000_000
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    @property
    def beijing_now(self) -> datetime:
        """The moment by Beijing's clocks, naive."""
        return self.now().astimezone(BEIJING).replace(tzinfo=None)


@dataclass
class Answers:
    """How answers look; each way is seen in the field.

    `text_codes`: StatusCode as "0", not 0. `content_type`. `shape`: a list's answer as a list, as one object, or bare
    without an envelope.
    """

    text_codes: bool = False
    content_type: str = "application/VIID+JSON;charset=UTF-8"
    shape: Literal["list", "single", "bare"] = "list"
