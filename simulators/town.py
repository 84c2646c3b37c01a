"""`town`: all devices of a site, living now: the plan of `history`, from this moment on, over MQTT."""

import logging
import os
import signal
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import click

from simulators import options
from simulators.clock import VARIABLE, Clock, ClockError, read_clock
from simulators.credentials import Credentials, CredentialsError, read_credentials
from simulators.device import Device
from simulators.fleet import Fleet
from simulators.life.message import Message
from simulators.life.plan import Life
from simulators.moment import aware
from simulators.site_file import DeviceEntry, Site, SiteError, read_site

log = logging.getLogger(__name__)

LONGEST_TURN_S = 0.5
MOST_AT_ONCE = 200
"""So many messages between two looks at the network, when much is late."""
TELL_EVERY_S = 60.0
TELL_CHANGE_EVERY_S = 1.0


class Town:
    """A site's devices on one clock, from `since` (aware) on.

    Gateways and what stands alone have a connection each; whatever is behind a gateway speaks through it. Those of
    `without` are somebody else's to play.
    """

    def __init__(  # one argument per part of a town
        self,
        site: Site,
        credentials: Credentials,
        life: Life,
        clock: Clock,
        since: datetime,
        without: frozenset[str] = frozenset(),
    ) -> None:
        self._clock = clock
        self._messages: Iterator[Message] = life.messages(since)
        self._next = next(self._messages)
        self._said = 0
        self._stopped = False
        self._told_at = 0.0
        self._told_online = -1
        self._hub: dict[str, Device] = {}
        for device in site.devices:
            if device.via is None and device.id not in without:
                self._connect(device, credentials, site)
        for device in site.devices:
            if device.via in self._hub:
                self._hub[device.id] = self._hub[device.via]
            elif device.via is not None:
                log.warning("%s is behind %s, which has no login, and stays dark", device.id, device.via)
        self.fleet = Fleet({id(hub): hub for hub in self._hub.values()}.values())
        for device_id in life.down(since) & self._hub.keys():
            self._hub[device_id].cut()

    def stop(self) -> None:
        """Let `run` end after its current turn."""
        self._stopped = True

    def run(self) -> None:
        """Live until `stop`; a broker that is away is waited for, and messages are kept meanwhile."""
        while not self._stopped:
            self.fleet.turn(min(max(self._clock.wait_s(self._next.at), 0.0), LONGEST_TURN_S))
            self._play(self._clock.now())
            self._tell(time.monotonic())
        self.fleet.close()
        log.info("the town sleeps: %d messages said, %d not acknowledged", self._said, self.fleet.waiting)

    def _connect(self, device: DeviceEntry, credentials: Credentials, site: Site) -> None:
        if device.id not in credentials.devices:
            log.warning("%s has no login in the credentials file and stays dark", device.id)
            return
        self._hub[device.id] = Device(device.id, credentials, zone=site.time_zone, battery=100)

    def _play(self, now: datetime) -> None:
        for _ in range(MOST_AT_ONCE):
            if self._next.at > now:
                return
            self._say(self._next)
            self._next = next(self._messages)

    def _say(self, message: Message) -> None:
        hub = self._hub.get(message.device)
        if hub is None:
            return
        log.debug("%s %s %s", message.at, message.device, message.payload)
        if message.lane == "status" and hub.id == message.device:
            # A connection comes and goes by itself: the broker says that it is gone, and it that it is back.
            if b'"online":false' in message.payload:
                hub.cut()
                return
            if hub.held_off:
                hub.mend()
                return
        self._said += 1
        hub.say(hub.topic(message.lane, message.device), message.payload, retain=message.lane == "status")

    def _tell(self, now: float) -> None:
        """Say how it goes: once a minute, at most once a second while connections come and go."""
        changed = self.fleet.online != self._told_online
        if now < self._told_at + (TELL_CHANGE_EVERY_S if changed else TELL_EVERY_S):
            return
        self._told_at, self._told_online = now, self.fleet.online
        log.info(
            "%d of %d connections online for %d devices, %d messages said, %d waiting for the broker",
            self.fleet.online,
            len(self.fleet.devices),
            len(self._hub),
            self._said,
            self.fleet.waiting,
        )


@click.command(short_help="A town of doors, cameras and buttons, living now.")
@options.site
@options.credentials
@options.seed
@click.option(
    "--opening-at", callback=aware, metavar="MOMENT", help="Arrange the demo's opening around this moment, RFC 3339."
)
@click.option(
    "--from",
    "since",
    callback=aware,
    metavar="MOMENT",
    help="Play from this moment on; what is late is said at once. [default: now]",
)
@click.option("--without", multiple=True, metavar="DEVICE", help="Leave this device to somebody else; any number.")
@click.option("--verbose", "-v", is_flag=True, help="Say every message.")
def town(
    *,
    site_path: Path,
    credentials_path: Path,
    seed: int,
    opening_at: datetime | None,
    since: datetime | None,
    without: tuple[str, ...],
    verbose: bool,
) -> None:
    """Run every device of a site, until SIGTERM or Ctrl-C.

    It says what `history` tells for the same site, seed and opening, each message at its moment, with the same
    ids and bytes: a history up to a moment and a town --from that moment fit together without a seam. What lies
    before --from is not said.

    It waits for a broker that isn't there yet and survives its restarts: each connection keeps its messages and
    sends them again, the same ones, until the broker has acknowledged them. Where the plan has a power cut the
    connection ends without a goodbye, so the broker publishes its last will. At the end all disconnect properly
    and no last will is published.

    With ANXIN_CLOCK=VIRTUAL@UNIXxSPEED in the environment it lives by that clock, as the gateway then does.

    \b
    The credentials file; a device behind a gateway has its gateway's login:
      {"host": "127.0.0.1", "port": 1883, "station": "chengguan",
       "devices": {"school-1-button": {"username": "...", "password": "..."},
                   "flat-1-101-door": {"username": "...", "password": "...", "via": "building-1-gateway"}}}
    """  # noqa: D301, \b is how click is told to keep lines as they are
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    try:
        clock = read_clock(os.environ.get(VARIABLE))
        site, credentials = read_site(site_path), read_credentials(credentials_path)
    except (ClockError, SiteError, CredentialsError) as error:
        raise click.ClickException(str(error)) from error
    life = Town(site, credentials, Life(site, seed, opening_at), clock, since or clock.now(), frozenset(without))
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: life.stop())
    life.run()
