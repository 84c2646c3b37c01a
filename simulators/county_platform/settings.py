"""What a county platform is told before it starts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Literal

BEIJING = timezone(timedelta(hours=8))
#: RFC 3261's T1 and T2, seconds, and how many T1 a transaction waits (timers B and F).
T1_S, T2_S, WAITS_T1 = 0.5, 4.0, 64


@dataclass(frozen=True)
class CountySettings:
    """A platform's configuration; `devices` has the password of each ID that may register.

    Durations are seconds. `now` gives the moment, aware. `port` 0 takes a free one. `dialect` is the edition. The
    challenge: `realm` (the domain where it is empty), `qop`, `algorithm`, `opaque`; None leaves a part out.
    """

    devices: Mapping[str, str]
    id: str = "34020000002000000001"
    domain: str = ""
    host: str = "127.0.0.1"
    port: int = 0
    dialect: Literal["2016", "2022"] = "2016"
    realm: str = ""
    qop: str | None = "auth"
    algorithm: str | None = "MD5"
    opaque: str | None = None
    #: Usernames that differ from the device's ID.
    usernames: Mapping[str, str] = field(default_factory=dict)
    #: What an unknown ID is told at REGISTER, and at MESSAGE.
    unknown_status: int = 403
    unregistered_status: int = 404
    #: The longest registration and subscription granted.
    grant_s: int = 86400
    subscription_s: int = 600
    #: WVP lets a refresh with the same Call-ID pass without credentials.
    trusts_refresh: bool = False
    #: After a refusal, nobody registers again before this; 0 does not care.
    backoff_s: float = 60.0
    #: Another contact that the 200 lists before the device's own, with its expiry, and no Expires header then.
    other_contact: tuple[str, int] | None = None
    #: 302 to REGISTER: (server's ID, host, port).
    redirect: tuple[str, str, int] | None = None
    rfc1123_date: bool = False
    keepalive_s: float = 60.0
    keepalive_misses: int = 3
    #: After the first registration, ask as WVP does.
    greets: bool = True
    subscribes_catalog: bool = False
    #: The Event of the alarm subscription, `presence`, `Alarm` or `Alarm;id=7`; None subscribes nothing.
    subscribes_alarm: str | None = None
    #: Answer each alarm with a MESSAGE Response of this Result; None answers with the 200 only, as WVP does.
    alarm_result: str | None = None
    #: The 2022 note: after an alarm of method 2, none of the same channel before it got ResetAlarm.
    wants_reset: bool = False
    t1_s: float = T1_S
    #: What a body of ours declares and what it is encoded in; empty is what the edition says.
    declared: str = ""
    encoded: str = ""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    @property
    def sip_domain(self) -> str:
        """The domain: the first ten digits of the server's ID where none is given."""
        return self.domain or self.id[:10]

    @property
    def beijing_now(self) -> datetime:
        """The moment by Beijing's clocks, naive."""
        return self.now().astimezone(BEIJING).replace(tzinfo=None)
