"""Scenes that can be called by name."""

from __future__ import annotations

from collections.abc import Callable

from simulators.camera.entrance import Entrance
from simulators.camera.facade import Facade, Throw
from simulators.camera.lane import Lane, Stop
from simulators.camera.scene import Scene, dice
from simulators.camera.tampering import HARMFUL, HARMLESS, Tamper, Tampered
from simulators.camera.things.lens import Optics

#: The demo's own seed: neither one for tuning nor one for tests.
_DEMO = 999_002
_DEMO_FLOOR = 12


def _facade(seed: int, seconds: float | None) -> Scene:
    return Facade(seed, seconds=seconds or 6.0)


def _lane(seed: int, seconds: float | None) -> Scene:
    return Lane(seed, seconds=seconds or 120.0)


def _entrance(seed: int, seconds: float | None) -> Scene:
    return Entrance(seed, seconds=seconds or 60.0)


def _tampering(seed: int, seconds: float | None) -> Scene:
    """Tamper with a lane or an entrance: something harmless first, then, mostly, something that is not."""
    random = dice(seed, "tampering")
    lasts = seconds or 60.0
    scene = Lane(seed, seconds=lasts) if random.random() < 0.5 else Entrance(seed, seconds=lasts)  # either
    harmless, harmful = str(random.choice(HARMLESS)), str(random.choice(HARMFUL))
    tampers = [Tamper(harmless, round(lasts * 0.25, 1), round(lasts * 0.25 + 5, 1))]
    if random.random() < 0.8:  # the others have nothing to report
        tampers.append(Tamper(harmful, round(lasts * 0.55, 1)))
    return Tampered(scene, seed, tampers)


def _demo_facade(_seed: int, seconds: float | None) -> Scene:
    """Twenty quiet seconds with all that an ordinary day has, something thrown from the 12th floor, then quiet."""
    life = {
        "birds": 0.5,
        "residents": 1.2,
        "passers-by": 0.5,
        "laundry": 1.0,
        "lights": 0.4,
        "leaves": 0.3,
        "insects": 0.1,
    }
    thrown = Throw(at_s=20.0, floor=_DEMO_FLOOR, velocity=(0.8, 1.0, 2.2), size=0.34, terminal=32.0, contrast=-85.0)
    return Facade(
        _DEMO,
        seconds=seconds or 60.0,
        throws=[thrown],
        distractors=life,
        px_per_metre=18.0,
        night=False,
        optics=Optics(noise=1.6),
        exposure=1 / 60,
    )


def _demo_lane(_seed: int, seconds: float | None) -> Scene:
    """A car that comes at about 10 s and stands in the fire lane until near the end; people and cars pass by."""
    lasts = seconds or 300.0
    life = {"traffic": 0.5, "pedestrians": 0.6, "cyclists": 0.5, "clouds": 0.4}
    stops = [Stop(10.0, max(lasts - 15.0, 15.0), kind="suv"), Stop(None, None, in_zone=False)]
    return Lane(_DEMO, seconds=lasts, stops=stops, distractors=life, night=False, optics=Optics(noise=1.6), fps=5.0)


_NAMED: dict[str, Callable[[int, float | None], Scene]] = {
    "facade": _facade,
    "lane": _lane,
    "entrance": _entrance,
    "tampering": _tampering,
    "demo-facade": _demo_facade,
    "demo-lane": _demo_lane,
}
#: From which second on nothing happens any more in a scene that shows something: that part may go on for ever.
QUIET_FROM = {"demo-facade": 30.0, "demo-lane": 290.0}
#: The names, for a command line.
NAMES = tuple(_NAMED)


def named(name: str, seed: int = 1, seconds: float | None = None) -> Scene:
    """Return a scene by its name, one of `NAMES`; None takes the scene's own length. Demos have a seed of their own.

    Raises KeyError for another name.
    """
    return _NAMED[name](seed, seconds)
