"""REGISTER: challenge, judgement, who is registered from where until when."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import format_datetime

from simulators.county_platform.digest import Challenge, Guard, Verdict, fields
from simulators.county_platform.manscdp import Fault
from simulators.county_platform.settings import CountySettings
from simulators.county_platform.sip import Message, address
from simulators.county_platform.wire import Source

#: As the reference has it: a refused registration is tried twice, then the peer waits.
_TRIES = 2


@dataclass
class Registered:
    """A device that registered. Moments are monotonic seconds."""

    device: str
    contact: str
    source: Source
    call_id: str
    expires_at: float
    granted_s: int
    online: bool = True
    last_seen: float = field(default_factory=time.monotonic)
    keepalives: int = 0


@dataclass(frozen=True)
class Answer:
    """What a request is answered: status, further headers, and what the peer broke."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    faults: tuple[Fault, ...] = ()


class Registrar:
    """Who may register, and who has. `came(registered, first)` is told of each, `went(device, why)` of who leaves."""

    def __init__(
        self,
        settings: CountySettings,
        came: Callable[[Registered, bool], None],
        went: Callable[[str, str], None],
    ) -> None:
        self._settings, self._came, self._went = settings, came, went
        self.guard = Guard(
            Challenge(settings.realm or settings.sip_domain, settings.qop, settings.algorithm, settings.opaque)
        )
        self.redirect = settings.redirect
        self.registered: dict[str, Registered] = {}
        self.registrations = 0
        #: Of each device: refusals in a row and when the last one was.
        self._refused: dict[str, tuple[int, float]] = {}
        #: Nonce → the Call-ID and the From tag it was given to.
        self._asked: dict[str, tuple[str, str]] = {}

    def forget(self) -> None:
        """Know nobody any more, as after a restart."""
        self.registered.clear()
        self._refused.clear()
        self._asked.clear()
        self.guard.change_nonce()

    def hear(self, message: Message, source: Source) -> Answer:
        """Answer a REGISTER."""
        device = address(message.headers.first("From")).user
        expires = message.headers.first("Expires")
        if not expires.isdecimal():
            return Answer(400)
        if device not in self._settings.devices:
            return Answer(self._settings.unknown_status)
        faults = [*self._too_soon(device)]
        known = self.registered.get(device)
        refresh = known is not None and known.call_id == message.call_id and int(expires) > 0
        if not (refresh and self._settings.trusts_refresh):
            credentials = message.headers.first("Authorization")
            if not credentials:
                return self._challenge(message, faults, stale=False)
            faults += self._same_dialog(message, credentials)
            verdict, more = self.guard.judge(
                credentials,
                user=self._settings.usernames.get(device, device),
                password=self._settings.devices[device],
                method="REGISTER",
                uri=message.uri,
            )
            faults += more
            if verdict is Verdict.STALE:
                return self._challenge(message, faults, stale=True)
            if verdict is Verdict.WRONG:
                self._refused[device] = (self._refused.get(device, (0, 0))[0] + 1, time.monotonic())
                return Answer(403, (), tuple(faults))
        self._refused.pop(device, None)
        return self._accept(message, device, source, faults)

    def expire(self) -> None:
        """Drop who has expired and put offline who was silent for too long."""
        now, settings = time.monotonic(), self._settings
        for known in list(self.registered.values()):
            if now >= known.expires_at:
                del self.registered[known.device]
                self._went(known.device, "expired")
            elif known.online and now - known.last_seen > settings.keepalive_s * settings.keepalive_misses:
                known.online = False
                self._went(known.device, f"{settings.keepalive_misses} keepalives missed")

    def _accept(self, message: Message, device: str, source: Source, faults: list[Fault]) -> Answer:
        settings = self._settings
        asked = int(message.headers.first("Expires"))
        if self.redirect is not None and asked:
            server, host, port = self.redirect
            moved = (("Contact", f"<sip:{server}@{host}:{port}>"), ("Expires", str(min(asked, settings.grant_s))))
            return Answer(302, (*moved, *self._edition()), tuple(faults))
        if not asked:
            if self.registered.pop(device, None) is not None:
                self._went(device, "unregistered")
            return Answer(200, (("Date", self._date()), ("Expires", "0"), *self._edition()), tuple(faults))
        granted = min(asked, settings.grant_s)
        contact = message.headers.first("Contact")
        before = self.registered.get(device)
        now = Registered(device, contact, source, message.call_id, time.monotonic() + granted, granted)
        if before is not None:
            now.keepalives = before.keepalives
        self.registered[device] = now
        self.registrations += 1
        self._came(now, before is None or not before.online or before.call_id != message.call_id)
        bare = contact.partition(">")[0] + ">"
        headers: list[tuple[str, str]] = [("Date", self._date())]
        if settings.other_contact is not None:
            other, seconds = settings.other_contact
            headers += [("Contact", f"<{other}>;expires={seconds}, {bare};expires={granted}")]
        else:
            headers += [("Contact", f"{bare};expires={granted}"), ("Expires", str(granted))]
        return Answer(200, (*headers, *self._edition()), tuple(faults))

    def _challenge(self, message: Message, faults: list[Fault], *, stale: bool) -> Answer:
        asked = self.guard.ask(stale=stale)
        tag = address(message.headers.first("From")).tag
        self._asked[fields(asked)["nonce"]] = (message.call_id, tag)
        return Answer(401, (("WWW-Authenticate", asked), *self._edition()), tuple(faults))

    def _same_dialog(self, message: Message, credentials: str) -> list[Fault]:
        """Judge whether a challenge is answered by the Call-ID and From tag it was given to."""
        asked = self._asked.pop(fields(credentials).get("nonce", ""), None)
        if asked is None:
            return []
        told = (message.call_id, address(message.headers.first("From")).tag)
        return [] if asked == told else [("register-call-id", f"challenged {asked}, answered by {told}")]

    def _too_soon(self, device: str) -> list[Fault]:
        count, at = self._refused.get(device, (0, 0.0))
        waited = time.monotonic() - at
        if count < _TRIES or waited >= self._settings.backoff_s:
            return []
        return [("register-too-soon", f"refused {count} times, tried again after {waited:.1f} s")]

    def _edition(self) -> tuple[tuple[str, str], ...]:
        return (("X-GB-Ver", "3.0"),) if self._settings.dialect == "2022" else ()

    def _date(self) -> str:
        if self._settings.rfc1123_date:
            return format_datetime(self._settings.now().astimezone(UTC), usegmt=True)
        return self._settings.beijing_now.isoformat(timespec="milliseconds")
