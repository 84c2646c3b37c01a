"""`town`: all devices of a site, living in real time."""

import heapq
import itertools
import logging
import signal
import time
from datetime import datetime
from pathlib import Path

import click

from simulators.credentials import Credentials, CredentialsError, read_credentials
from simulators.device import Device
from simulators.fleet import Fleet
from simulators.habits import Cue, Habit, Scene, habits_of
from simulators.opening_scene import opening_scene
from simulators.site_file import Site, SiteError, read_site

log = logging.getLogger(__name__)

LONGEST_TURN_S = 0.5
TELL_EVERY_S = 60.0
TELL_CHANGE_EVERY_S = 1.0
MAINS = frozenset({"camera", "door_controller"})
"""Kinds that are powered from the wall: their battery is always full."""


class Town:
    """A site's devices and their habits on one clock.

    The agenda is a heap of moments (monotonic seconds): a device's next line, or a habit's next time.
    """

    def __init__(self, site: Site, credentials: Credentials, *, seed: int, speed: float, opening: bool) -> None:
        present = [device for device in site.devices if device.id in credentials.devices]
        for device in site.devices:
            if device not in present:
                log.warning("%s has no login in the credentials file and stays dark", device.id)
        self._site = site
        self._speed = speed
        self._opening = opening_scene(site) if opening else []
        self._habits = habits_of(site, seed)
        self._agenda: list[tuple[float, int, Cue | Habit]] = []
        self._order = itertools.count()
        self._said = 0
        self._stopped = False
        self._told_at = 0.0
        self._told_online = -1
        self.fleet = Fleet(
            Device(
                device.id,
                credentials,
                zone=site.time_zone,
                battery=100 if device.kind in MAINS else 60 + (seed + number * 7) % 40,
            )
            for number, device in enumerate(present)
        )

    def stop(self) -> None:
        """Let `run` end after its current turn."""
        self._stopped = True

    def run(self) -> None:
        """Live until `stop`; a broker that is away is waited for, and events are kept meanwhile."""
        now = time.monotonic()
        for habit in self._habits:
            self._plan_habit(habit, now)
        while not self._stopped:
            self.fleet.turn(self._until_next(time.monotonic()))
            now = time.monotonic()
            self._open_when_ready(now)
            self._play(now)
            self._tell(now)
        self.fleet.close()
        log.info("the town sleeps: %d events said, %d not acknowledged", self._said, self.fleet.waiting)

    def _open_when_ready(self, now: float) -> None:
        """Start the opening scene once its devices are all connected, so that nothing in it arrives late."""
        devices = (self.fleet.devices.get(cue.device) for cue in self._opening)
        if self._opening and all(device.online for device in devices if device is not None):
            log.info("the opening scene starts: %.0f s", self._opening[-1].at_s)
            self._plan_scene(self._opening, now)
            self._opening = []

    def _play(self, now: float) -> None:
        while self._agenda and self._agenda[0][0] <= now:
            _, _, entry = heapq.heappop(self._agenda)
            if isinstance(entry, Habit):
                scene = entry.scene(datetime.now(self._site.time_zone))
                self._plan_scene(scene, now)
                # Counted from the scene's end, so that nobody enters a door that is still falling shut.
                self._plan_habit(entry, now + max((cue.at_s for cue in scene), default=0.0))
            elif entry.device in self.fleet.devices:
                event = self.fleet.devices[entry.device].report(entry.step.kind, entry.step.data)
                self._said += 1
                log.debug("%s %s %s", event.ts, entry.device, event.kind)

    def _plan_habit(self, habit: Habit, after: float) -> None:
        wait_s = habit.wait_s(datetime.now(self._site.time_zone)) / self._speed
        heapq.heappush(self._agenda, (after + wait_s, next(self._order), habit))

    def _plan_scene(self, scene: Scene, now: float) -> None:
        for cue in scene:
            heapq.heappush(self._agenda, (now + cue.at_s, next(self._order), cue))

    def _until_next(self, now: float) -> float:
        if not self._agenda:
            return LONGEST_TURN_S
        return min(max(self._agenda[0][0] - now, 0.0), LONGEST_TURN_S)

    def _tell(self, now: float) -> None:
        """Say how it goes: once a minute, at most once a second while devices come and go."""
        changed = self.fleet.online != self._told_online
        if now < self._told_at + (TELL_CHANGE_EVERY_S if changed else TELL_EVERY_S):
            return
        self._told_at, self._told_online = now, self.fleet.online
        log.info(
            "%d of %d devices online, %d events said, %d waiting for the broker",
            self.fleet.online,
            len(self.fleet.devices),
            self._said,
            self.fleet.waiting,
        )


@click.command(short_help="A county town of doors, cameras and buttons, in real time.")
@click.option(
    "--site",
    "site_path",
    default=Path(__file__).with_name("site.yaml"),
    type=click.Path(path_type=Path, dir_okay=False),
    help="Site file (YAML). [default: the demo station]",
)
@click.option(
    "--credentials",
    "credentials_path",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Credentials file (JSON): broker, station, a login for each device.",
)
@click.option("--seed", default=1, show_default=True, help="The same seed lives the same habits.")
@click.option(
    "--speed",
    default=1.0,
    show_default=True,
    type=click.FloatRange(min=0.01, max=100.0),
    help="How many times as often habits happen; time itself stays real.",
)
@click.option(
    "--opening-scene/--no-opening-scene",
    "opening",
    default=True,
    show_default=True,
    help="Play two lively minutes first: a button, refused cards, a held door, a forced door.",
)
@click.option("--verbose", "-v", is_flag=True, help="Say every event.")
def town(*, site_path: Path, credentials_path: Path, seed: int, speed: float, opening: bool, verbose: bool) -> None:
    """Run every device of a site in real time, until SIGTERM or Ctrl-C.

    Residents come and go, more by day than by night; cameras see people and vehicles; buttons stay quiet
    after the opening scene. About one event in two seconds at busy hours.

    It waits for a broker that isn't there yet and survives its restarts: each device keeps its events and
    sends them again, under the same ids, until the broker has acknowledged them. At the end all devices
    disconnect properly, so their last wills aren't published.

    \b
    The credentials file:
      {"host": "127.0.0.1", "port": 1883, "station": "chengguan",
       "devices": {"school-1-button": {"username": "...", "password": "..."}}}
    """  # noqa: D301, \b is how click is told to keep lines as they are
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    try:
        site, credentials = read_site(site_path), read_credentials(credentials_path)
    except (SiteError, CredentialsError) as error:
        raise click.ClickException(str(error)) from error
    life = Town(site, credentials, seed=seed, speed=speed, opening=opening)
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: life.stop())
    life.run()
