"""Who stands in the fire lane: on drawn cars."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings

from connectors.camera.analytics.parked import Parked, ParkedSettings
from connectors.camera.seeing import Frame, Sighting, Zone
from tests.unit.moving_pictures import START, frame, noisy, said, strange_frames, street, with_car

pytestmark = pytest.mark.unit
LANE = Zone("fire_lane", ((0.0, 0.3), (1.0, 0.3), (1.0, 0.8), (0.0, 0.8)))
SETTINGS = ParkedSettings(LANE, warn_s=8, dwell_s=12, min_area=0.01)
COMES, STOOD, GROUND = 3.0, 5.0, street()


def drive(
    until: float, lasts: float, fps: float = 5.0, change: Callable[[Any, float], Any] | None = None, on: Any = GROUND
) -> list[Frame]:
    """A car rolls in, stands from 5 s until `until` and leaves."""
    frames = []
    for number in range(round(lasts * fps)):
        s = number / fps
        x = 60 - 70 * max(STOOD - s, 0) / 2 + 50 * max(s - until, 0)
        seen = with_car(on, x) if s > COMES and x < 160 else on
        frames.append(frame(noisy(seen if change is None else change(seen, s), number), s))
    return frames


def begun(one: Sighting) -> float:
    """When what is said began, in seconds of the film."""
    assert one.begins_at is not None
    return (one.begins_at - START).total_seconds()


def states(happened: list[tuple[float, Sighting]]) -> list[str]:
    return [one.data["state"] for _, one in happened]


@pytest.mark.parametrize("fps", [2.0, 5.0, 10.0])
def test_a_car_that_stands_is_said_twice_and_then_left_at_any_rate(fps: float) -> None:
    happened = said(Parked(SETTINGS), drive(25, 32, fps))
    assert states(happened) == ["parked", "parked", "left"]
    (_, warned), (_, again), (cleared_s, left) = happened
    assert (warned.kind, warned.data["zone"]) == ("camera.parked", "fire_lane")
    assert abs(begun(warned) - STOOD) <= 1.5
    assert warned.begins_at == again.begins_at
    assert (again.at - warned.at).total_seconds() == pytest.approx(
        again.data["parked_s"] - warned.data["parked_s"], abs=1.5
    )
    assert again.data["parked_s"] >= SETTINGS.dwell_s
    assert warned.evidence
    assert not left.evidence
    assert cleared_s - 25 <= 5
    assert warned.box is not None
    assert abs(warned.box.x0 - 60 / 160) < 0.08
    assert abs(left.data["parked_s"] - 20) <= 2.5


def test_a_short_stop_is_silent() -> None:
    assert said(Parked(SETTINGS), drive(11, 30)) == []


def test_a_car_elsewhere_is_silent() -> None:
    kerb = Zone("fire_lane", ((0.0, 0.8), (1.0, 0.8), (1.0, 1.0), (0.0, 1.0)))
    assert said(Parked(ParkedSettings(kerb, warn_s=8, dwell_s=12, min_area=0.01)), drive(25, 30)) == []


def test_a_swing_of_light_and_passers_by_do_not_matter() -> None:
    def busy(seen: Any, s: float) -> Any:
        seen = seen.copy()
        walker = int(s * 30) % 200
        seen[40:85, max(walker - 10, 0) : walker] = 20
        return seen * (1 + 0.15 * np.sin(s / 3))

    happened = said(Parked(SETTINGS), drive(25, 32, change=busy))
    assert states(happened) == ["parked", "parked", "left"]
    assert abs(begun(happened[0][1]) - STOOD) <= 2.0


def test_what_was_there_from_the_first_picture_and_leaves_is_no_car_that_came() -> None:
    frames = [frame(noisy(with_car(GROUND, 60) if n < 25 else GROUND, n), n / 5) for n in range(150)]
    assert said(Parked(SETTINGS), frames) == []


@pytest.mark.parametrize("ground", [GROUND, np.full(GROUND.shape, 110, np.float32)], ids=["textured", "even"])
def test_a_shadow_that_stays_is_no_car(ground: Any) -> None:
    shade = np.ones(GROUND.shape, np.float32)
    shade[45:80, 40:110] = 0.65
    frames = [frame(noisy(ground * shade if n > 25 else ground, n), n / 5) for n in range(150)]
    assert said(Parked(SETTINGS), frames) == []


def slabs(seed: int) -> Any:
    """A paved yard: even slabs, each of its own grey."""
    greys = np.random.default_rng(seed).normal(0, 25, (12, 16)).astype(np.float32)
    return 150 + cv2.resize(greys, GROUND.shape[::-1], interpolation=cv2.INTER_NEAREST)


def cloud(
    comes: float, goes: float = 1e9, *, far: float = 0.7, dark: float = 0.4, soft: float = 8
) -> Callable[[Any, float], Any]:
    """A cloud's shadow, `dark` deep: its edge, `soft` pixels to each side, passes over `far` of the view, and back."""
    across = np.arange(GROUND.shape[1], dtype=np.float32)

    def shaded(seen: Any, s: float) -> Any:
        edge = far * GROUND.shape[1] * (np.clip((s - comes) / 6, 0, 1) - np.clip((s - goes) / 6, 0, 1))
        return seen * (1 - dark / (1 + np.exp((across - edge + 20) / soft)))

    return shaded


@pytest.mark.parametrize(
    ("yard", "dark", "soft", "far"),
    [(9, 0.35, 8, 0.65), (11, 0.35, 8, 0.65), (12, 0.35, 10, 0.65), (12, 0.3, 8, 0.7)],
)
def test_the_soft_edge_of_a_cloud_tells_nothing_wherever_it_stops(
    yard: int, dark: float, soft: float, far: float
) -> None:
    shaded, ground = cloud(5, far=far, dark=dark, soft=soft), slabs(yard)
    frames = [frame(noisy(shaded(ground, n / 5), n), n / 5) for n in range(200)]
    assert said(Parked(SETTINGS), frames) == []


@pytest.mark.parametrize(("comes", "goes"), [(2, 12), (9, 40)])
@pytest.mark.parametrize("ground", [GROUND, slabs(9), slabs(10)], ids=["street", "yard", "other yard"])
def test_a_car_stands_while_a_cloud_comes_and_goes(ground: Any, comes: float, goes: float) -> None:
    happened = said(Parked(SETTINGS), drive(25, 34, change=cloud(comes, goes), on=ground))
    assert states(happened) == ["parked", "parked", "left"]
    assert abs(begun(happened[0][1]) - STOOD) <= 2.0
    assert 25 <= happened[2][0] <= 25 + 5


def test_a_car_whose_windows_look_like_the_ground_is_one_car() -> None:
    bare = np.full(GROUND.shape, 110, np.float32)
    car = bare.copy()
    car[50:74, 60:73] = car[50:74, 80:106] = 225
    whole = ParkedSettings(LANE, warn_s=8, dwell_s=12, min_area=0.05)
    frames = [frame(noisy(car if 25 < n < 125 else bare, n), n / 5) for n in range(160)]
    assert states(said(Parked(whole), frames)) == ["parked", "parked", "left"]


def test_a_car_with_half_of_it_in_the_zone_stands_in_it() -> None:
    edge = Zone("fire_lane", ((0.0, 0.5), (1.0, 0.5), (1.0, 0.8), (0.0, 0.8)))
    lane = ParkedSettings(edge, warn_s=8, dwell_s=12, min_area=0.04)
    assert states(said(Parked(lane), drive(25, 32))) == ["parked", "parked", "left"]


def test_somebody_who_stands_is_no_vehicle() -> None:
    person = GROUND.copy()
    person[40:80, 70:82], person[48:56, 70:82] = 20, 190
    frames = [frame(noisy(person if n > 25 else GROUND, n), n / 5) for n in range(150)]
    assert said(Parked(SETTINGS), frames) == []


def test_after_a_cut_nothing_is_said_of_a_car_that_was_reported() -> None:
    parked, frames = Parked(SETTINGS), drive(18, 40)
    before = said(parked, [one for one in frames if one.s < 16])
    parked.interrupted()
    assert states(before) == ["parked"]
    assert said(parked, [one for one in frames if one.s >= 16]) == []


def test_what_is_not_confirmed_is_not_said() -> None:
    asked = []

    def confirm(one: Frame, box: object) -> bool:
        asked.append((one.s, box))
        return False

    assert said(Parked(SETTINGS, confirm), drive(25, 32)) == []
    assert len(asked) == 2, "once at the warning and once at the alarm"


def test_the_picture_is_lent() -> None:
    frames, parked = drive(25, 32), Parked(SETTINGS)
    happened = []
    for one in frames:
        lent = one.grey.copy()
        happened += parked.look(one._replace(grey=lent))
        lent[:] = 0
    assert [one.data["state"] for one in happened] == ["parked", "parked", "left"]


@settings(max_examples=25)
@given(strange_frames())
def test_no_pictures_upset_it(frames: list[Frame]) -> None:
    parked = Parked(ParkedSettings(LANE, warn_s=2, dwell_s=3, min_area=0.001))
    for at, one in said(parked, frames):
        assert one.at <= START + timedelta(seconds=at)
        assert one.data["parked_s"] >= 0
    assert len(parked._standing) < 60
