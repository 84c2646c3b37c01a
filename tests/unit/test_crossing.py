"""What crosses a line: on drawn cars."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from connectors.camera.analytics.crossing import Crossing, CrossingSettings
from connectors.camera.analytics.movement import MOST_BLOBS, Movement, MovementSettings
from connectors.camera.seeing import Frame
from tests.unit.moving_pictures import SIZE, START, frame, noisy, said, strange_frames, street, with_car

pytestmark = pytest.mark.unit
GROUND = street()
MIDDLE = CrossingSettings("gate", (0.5, 0.0), (0.5, 1.0), min_area=0.01)


def drive(way: list[float], fps: float = 10.0, y: float = 50) -> list[Frame]:
    """Three quiet seconds, then a car with its left edge at each x in turn, then two quiet ones."""
    quiet: list[float | None] = [None] * round(3 * fps)
    places = [*quiet, *way, *quiet[: round(2 * fps)]]
    return [
        frame(noisy(GROUND if x is None else with_car(GROUND, x, y), n), n / fps)
        for n, x in enumerate(places)
        if x is None or x < SIZE[1]
    ]


RIGHTWARDS = [float(x) for x in np.arange(-40, 160, 5)]


@pytest.mark.parametrize(("way", "direction"), [(RIGHTWARDS, "left"), (RIGHTWARDS[::-1], "right")])
def test_a_car_crosses_once_and_the_right_way(way: list[float], direction: str) -> None:
    """The line is drawn downwards: who drives to the right comes out on its left."""
    happened = said(Crossing(MIDDLE), drive(way))
    assert [(one.kind, one.data["line"], one.data["direction"]) for _, one in happened] == [
        ("camera.vehicle", "gate", direction)
    ]
    at, one = happened[0]
    passed = next(f.s for f, x in zip(drive(way)[30:], way, strict=False) if abs(x + 23 - 80) <= 5)
    assert abs((one.at - START).total_seconds() - passed) <= 0.7
    assert one.begins_at is not None
    assert one.begins_at < one.at
    assert at >= passed


def test_it_counts_at_a_lower_rate_too() -> None:
    assert len(said(Crossing(MIDDLE), drive(RIGHTWARDS[::2], fps=5))) == 1


def test_dithering_on_the_line_crosses_nothing() -> None:
    there = [*np.arange(-40, 55, 5), *[56 + 3 * (n % 2) for n in range(30)], *np.arange(55, -45, -5)]
    assert said(Crossing(MIDDLE), drive([float(x) for x in there])) == []


def test_who_passes_beside_the_line_does_not_cross_it() -> None:
    short = CrossingSettings("gate", (0.5, 0.7), (0.5, 1.0), min_area=0.01)
    assert said(Crossing(short), drive(RIGHTWARDS, y=10)) == []
    assert len(said(Crossing(short), drive(RIGHTWARDS, y=90))) == 1


def test_only_the_asked_direction_is_said() -> None:
    one_way = CrossingSettings("gate", (0.5, 0.0), (0.5, 1.0), directions=("right",), min_area=0.01)
    assert said(Crossing(one_way), drive(RIGHTWARDS)) == []


def test_what_is_too_small_is_not_said() -> None:
    lorries = CrossingSettings("gate", (0.5, 0.0), (0.5, 1.0), min_area=0.2)
    assert said(Crossing(lorries), drive(RIGHTWARDS)) == []


def test_a_flash_moves_nothing_and_is_learnt() -> None:
    movement = Movement(MovementSettings(min_area=0.005))
    pictures = [np.clip(GROUND * (1.6 if n >= 40 else 1.0), 0, 255) for n in range(100)]
    tracks = [movement.look(noisy(seen, n), n / 10) for n, seen in enumerate(pictures)]
    assert not any(tracks)
    bright = [np.clip(with_car(GROUND, x) * 1.6, 0, 255) for x in RIGHTWARDS]
    after = [movement.look(noisy(seen, n), 10 + n / 10) for n, seen in enumerate(bright)]
    assert any(after), "what moves under the new light is seen"


def test_after_a_cut_it_starts_afresh() -> None:
    crossing, frames = Crossing(MIDDLE), drive(RIGHTWARDS)
    half = 30 + 20
    assert said(crossing, frames[:half]) == []
    crossing.interrupted()
    assert said(crossing, frames[half:]) == []


@settings(max_examples=25)
@given(strange_frames())
def test_no_pictures_upset_it(frames: list[Frame]) -> None:
    crossing = Crossing(CrossingSettings("gate", (0.2, 0.2), (0.2, 0.23), min_area=0.0001))
    said(crossing, frames)
    assert len(crossing._movement.tracks) <= MOST_BLOBS * len(frames)
