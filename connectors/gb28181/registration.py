"""Being registered at the platform (GB/T 28181 9.1): asked, challenged, granted, renewed, refused, redirected, ended.

Pure: it says which REGISTER to send next and when, and is told what came of it.
"""

from __future__ import annotations

import random
import re
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Literal, NamedTuple

from connectors.digest import Unsupported, authorization, read_challenge
from connectors.gb28181.config import LinkConfig, host_port
from connectors.gb28181.envelope import Envelope
from connectors.gb28181.manscdp import read_time
from connectors.gb28181.message import Request, Response, address_of

State = Literal["off", "registering", "online", "waiting", "leaving"]
#: Renewed after this part of what was granted.
RENEW_AFTER = 2 / 3
#: So often credentials are tried at one go: the second time only for a nonce that is stale.
MOST_TRIES = 2
_EXPIRES = re.compile(r";\s*expires\s*=\s*\"?(\d{1,9})", re.IGNORECASE)


class Step(NamedTuple):
    """What follows from an answer: a request to send now, the new state, and what to tell people."""

    request: Request | None = None
    state: State | None = None
    #: The answer's status, 0 without one.
    status: int = 0
    why: str = ""


class Registration:
    """One registration. `now` is monotonic seconds."""

    def __init__(self, config: LinkConfig, envelope: Envelope, password: str, server: str) -> None:
        self._config, self._envelope, self._password = config, envelope, password
        self._home = self.server = server
        self.server_id = config.server_id
        self._call_id, self._tag = envelope.call_id(), envelope.token()
        self._cseq = self._tries = 0
        self.expires = config.expires_s
        self.state: State = "off"
        #: When something is to be done by itself: renew, or try again.
        self.at = float("inf")
        self.registered_at: float | None = None
        #: What the platform's clock is ahead by, in seconds, by its Date.
        self.clock_offset: float | None = None
        self.version = ""

    @property
    def uri(self) -> str:
        """The Request-URI of the platform that we are, or want to be, registered at."""
        return self._envelope.platform(self.server_id, self.server)

    @property
    def redirected(self) -> bool:
        """Whether we were sent to another server."""
        return self.server != self._home

    def begin(self) -> Request:
        """Ask for a registration, or for its renewal."""
        self._tries = 0
        self.at = float("inf")
        if self.state not in ("online", "leaving"):
            self.state = "registering"
        return self._register("")

    def leave(self) -> Request:
        """Ask to be let go."""
        self.state, self._tries = "leaving", 0
        return self._register("")

    def answered(self, asked: Request, response: Response, now: float, wall: datetime) -> Step:
        """Take the answer to a REGISTER."""
        self.version = response.headers.first("X-GB-Ver") or self.version
        if response.status in (401, 407):
            return self._challenged(asked, response, now)
        if self.state == "leaving":
            self.state, self.registered_at = "off", None
            return Step(state="off", status=response.status)
        if 200 <= response.status < 300:
            return self._granted(response, now, wall)
        if response.status == 302:
            return self._sent_elsewhere(response, now)
        if response.status == 423 and (least := response.headers.first("Min-Expires")).isdigit():
            self.expires = int(least[:9])
            return Step(self._register(""))
        return self.refused(now, response.status, f"{response.status} {response.reason}")

    def refused(self, now: float, status: int, why: str) -> Step:
        """It did not come about: wait, and try again."""
        if self.redirected:  # the one we were sent to fails: the first one knows another
            self.server, self.server_id = self._home, self._config.server_id
        if self.state == "leaving":
            self.state = "off"
            return Step(state="off", status=status, why=why)
        self.state, self.registered_at = "waiting", None
        # A random part, so that a whole county does not come back in one second after a power cut.
        self.at = now + self._config.retry_s * (1 + random.random())  # noqa: S311  # no secret
        return Step(state="waiting", status=status, why=why)

    def lost(self, now: float) -> None:
        """The platform is gone: ask again now."""
        if self.redirected:
            self.server, self.server_id = self._home, self._config.server_id
        self.state, self.registered_at, self.at = "registering", None, now

    def _register(self, credentials: str) -> Request:
        self._cseq += 1
        expires = 0 if self.state == "leaving" else self.expires
        more = [("Contact", self._envelope.contact), ("Expires", str(expires))]
        if credentials:
            more.append(("Authorization", credentials))
        if self._config.edition == "2022":
            more.append(("X-GB-Ver", self._config.dialect.version))
        return self._envelope.request(
            "REGISTER", self.uri, to=self._envelope.us, tag=self._tag, call_id=self._call_id, cseq=self._cseq, more=more
        )

    def _challenged(self, asked: Request, response: Response, now: float) -> Step:
        header = response.headers.first("WWW-Authenticate") or response.headers.first("Proxy-Authenticate")
        try:
            challenge = read_challenge(header)
        except Unsupported as error:
            return self.refused(now, response.status, str(error))
        tried = bool(asked.headers.first("Authorization"))
        if tried and (not challenge.stale or self._tries >= MOST_TRIES):
            return self.refused(
                now, response.status, "the platform does not accept our code or password: bad credentials"
            )
        self._tries += 1
        username = self._config.username or self._config.device_id
        return Step(
            self._register(
                authorization(challenge, "REGISTER", self.uri, username, self._password, self._envelope.token())
            )
        )

    def _granted(self, response: Response, now: float, wall: datetime) -> Step:
        told = self._mine(response) or response.headers.first("Expires").strip()
        granted = int(told[:9]) if told.isascii() and told.isdigit() else self.expires
        if granted == 0:
            return self.refused(now, response.status, "the platform granted no time")
        renewed = self.state == "online"
        self.state, self.at = "online", now + granted * RENEW_AFTER
        self.registered_at = self.registered_at or now
        if (date := _date(response.headers.first("Date"))) is not None:
            self.clock_offset = (date - wall).total_seconds()
        return Step(state=None if renewed else "online", status=response.status)

    def _mine(self, response: Response) -> str:
        """A registrar may list the contacts of several connections: ours is the one that is as we said it."""
        ours = address_of(self._envelope.contact)
        for header in response.headers.every("Contact"):
            for contact in header.split(","):
                if address_of(contact) == ours and (found := _EXPIRES.search(contact)):
                    return found[1]
        return ""

    def _sent_elsewhere(self, response: Response, now: float) -> Step:
        to = address_of(response.headers.first("Contact"))
        if not to.host or self.redirected:
            return self.refused(now, response.status, "the platform sends us elsewhere, and does not say where")
        _, port = host_port(self._home)
        host = f"[{to.host}]" if ":" in to.host and not to.host.startswith("[") else to.host
        self.server, self.server_id = f"{host}:{to.port or port}", to.user or self._config.server_id
        self._tries = 0
        return Step(self._register(""), status=302)


def _date(text: str) -> datetime | None:
    """The standard's own form, or RFC 1123's."""
    if not text:
        return None
    if (at := read_time(text)) is not None:
        return at
    try:
        at = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return at if at.tzinfo is not None else None
