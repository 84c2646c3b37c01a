"""What falls is told once, with floor and speed; what flies, flutters, blinks and shakes is not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta

import cv2
import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from connectors.camera.analytics.falling import Column, FallingObject, FallingSettings
from connectors.camera.analytics.falling_blobs import SPOTS, Spotter
from connectors.camera.analytics.falling_tracks import PATHS, Path, Point
from connectors.camera.seeing import Frame, Grey, Sighting, Zone

pytestmark = pytest.mark.unit

WIDTH, HEIGHT, SCALE, GROUND = 320, 480, 12.0, 470.0
BEGAN = datetime(2026, 6, 1, tzinfo=UTC)
#: Where something is at a second; None: nowhere.
Way = Callable[[float], tuple[float, float] | None]


def wall() -> NDArray[np.float32]:
    """A wall with windows, so that there are edges to shake."""
    picture = np.full((HEIGHT, WIDTH), 170, np.float32)
    for x in range(20, WIDTH - 40, 60):
        for y in range(20, HEIGHT - 60, 36):
            picture[y : y + 20, x : x + 30] = 90 + (x + y) % 40
    return cv2.GaussianBlur(picture, (3, 3), 0).astype(np.float32)


def film(
    *ways: Way,
    seconds: float = 3.0,
    fps: float = 25.0,
    size: float = 5.0,
    level: float = 20.0,
    shake: float = 0.0,
    touched: Callable[[NDArray[np.float32], float], None] | None = None,
) -> Iterator[Frame]:
    """Render ways as discs, smeared over 10 ms, on the wall with a little noise."""
    dice, still = np.random.default_rng(3), wall()
    for number in range(round(seconds * fps)):
        s = number / fps
        picture = still.copy()
        if touched is not None:
            touched(picture, s)
        for way in ways:
            cover = np.zeros((HEIGHT, WIDTH), np.uint8)
            for part in (0.0, 0.005, 0.01):
                place = way(s + part)
                if place is not None:
                    centre = (round(place[0] * 16), round(place[1] * 16))
                    cv2.circle(cover, centre, round(size / 2 * 16), 255, -1, cv2.LINE_AA, 4)
            share = cover.astype(np.float32) / 255
            picture = (picture * (1 - share) + level * share).astype(np.float32)
        if shake:
            right, down = dice.normal(0, shake, 2)
            moved = np.array([[1, 0, right], [0, 1, down]], np.float32)
            picture = cv2.warpAffine(picture, moved, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE).astype(
                np.float32
            )
        noisy = picture + dice.normal(0, 1.5, picture.shape)
        yield frame(np.clip(noisy, 0, 255).astype(np.uint8), s)


def frame(grey: Grey, s: float) -> Frame:
    return Frame(BEGAN + timedelta(seconds=s), s + 1000.0, grey, lambda: cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR))  # type: ignore[arg-type,return-value]


def dropped(x: float, height_m: float, at_s: float = 0.6, aside: float = 0.5, terminal: float = 30.0) -> Way:
    """Fall from rest with quadratic drag: y = vt²/g · ln cosh(g t / vt)."""

    def way(s: float) -> tuple[float, float] | None:
        t = s - at_s
        y = (
            GROUND
            - height_m * SCALE
            + SCALE * terminal**2 / 9.81 * float(np.log(np.cosh(9.81 * max(t, 0.0) / terminal)))
        )
        return (x + aside * SCALE * t, y) if t >= 0 and y < GROUND else None

    return way


def analytic(**more: object) -> FallingObject:
    return FallingObject(msgspec.convert({"px_per_m": SCALE, "ground": GROUND / HEIGHT, **more}, FallingSettings))


def said(frames: Iterable[Frame], eye: FallingObject | None = None) -> list[Sighting]:
    eye = eye or analytic()
    return [sighting for one in frames for sighting in eye.look(one)]


def test_a_dropped_ball_is_told_once_with_floor_and_speed() -> None:
    (sighting,) = said(film(dropped(150, 27.0)))
    assert sighting.kind == "camera.falling_object"
    assert sighting.data["floor_estimate"] == 10
    assert (sighting.data["floor_low"], sighting.data["floor_high"]) == (9, 11)
    assert sighting.data["height_m"] == pytest.approx(27.0, abs=0.5)
    assert 5 < sighting.data["speed_m_s"] < 14
    assert 0.5 < sighting.data["confidence"] <= 1
    assert sighting.at == sighting.begins_at
    assert abs((sighting.at - BEGAN).total_seconds() - 0.6) < 0.2
    assert sighting.box is not None
    assert sighting.box.x0 < 150 / WIDTH < sighting.box.x1
    assert sighting.data["x"] == pytest.approx(150 / WIDTH, abs=0.02)


def test_it_is_told_while_it_falls_and_not_after() -> None:
    eye = analytic()
    told = [one.s - 1000.0 for one in film(dropped(150, 27.0)) if eye.look(one)]
    assert told == [pytest.approx(0.6 + 0.95, abs=0.2)]


@pytest.mark.parametrize("fps", [12.5, 15.0, 30.0])
def test_other_rates(fps: float) -> None:
    (sighting,) = said(film(dropped(150, 27.0), fps=fps))
    assert abs(sighting.data["floor_estimate"] - 10) <= 1
    assert sighting.data["height_m"] == pytest.approx(27.0, abs=0.8)


def test_lost_pictures() -> None:
    dice = np.random.default_rng(5)
    (sighting,) = said(one for one in film(dropped(150, 27.0)) if dice.random() > 0.2)
    assert sighting.data["height_m"] == pytest.approx(27.0, abs=0.8)


def test_a_shaking_camera() -> None:
    (sighting,) = said(film(dropped(150, 27.0), shake=1.0))
    assert sighting.data["height_m"] == pytest.approx(27.0, abs=0.8)


def test_two_things_of_one_throw_are_two() -> None:
    sightings = said(film(dropped(110, 27.0), dropped(190, 24.0, aside=-0.5)))
    assert sorted(one.data["floor_estimate"] for one in sightings) == [9, 10]
    assert len({one.data["track"] for one in sightings}) == 2


def test_a_thing_hidden_on_its_way_is_still_one() -> None:
    def balcony(picture: NDArray[np.float32], _s: float) -> None:
        picture[300:345, 130:180] = 120

    way = dropped(150, 32.0)

    def behind(s: float) -> tuple[float, float] | None:
        place = way(s)
        return None if place is None or 296 < place[1] < 349 else place

    assert len(said(film(behind, touched=balcony))) == 1


def straight(x: float, y: float, across: float, down: float) -> Way:
    return lambda s: (x + across * SCALE * s, y + down * SCALE * s)


def leaf(s: float) -> tuple[float, float]:
    return 150 + 8 * float(np.sin(4 * s)), 60 + 2.5 * SCALE * s + 3 * float(np.sin(8 * s))


def thrown_up(s: float) -> tuple[float, float] | None:
    """A ball that is thrown up and caught at its highest point."""
    return (150 + 6 * s, GROUND - SCALE * (14 * s - 4.905 * s * s)) if 0 <= s < 14 / 9.81 else None


@pytest.mark.parametrize(
    "way",
    [thrown_up, straight(-20, 200, 7.0, 0.5), leaf, straight(150, -40, 0.3, 9.0), straight(150, 40, 0.0, 1.0)],
    ids=["ball thrown up", "bird that glides", "leaf", "rain at its terminal speed", "winch"],
)
def test_what_moves_otherwise_is_not_told(way: Way) -> None:
    assert said(film(way, seconds=4.0)) == []


def diving(s: float) -> tuple[float, float] | None:
    """A bird that dives as fast as gravity has it, and steers with 2.5 m/s²."""
    t = s - 0.4
    x, y = 60 + SCALE * (2.0 * t + 0.5 * 2.5 * t * t), 60 + SCALE * 0.5 * 9.81 * t * t
    return (x, y) if 0 <= t < 1.6 else None


def test_a_bird_that_dives_and_steers_is_not_told() -> None:
    assert said(film(diving, seconds=3.0)) == []


@pytest.mark.parametrize(
    ("gravities", "surely", "doubtful"),
    [((1.0, 1.0), False, False), ((1.0, 0.7), False, False), ((1.6, 0.2), True, True), ((0.3, 1.4), False, True)],
    ids=["falls", "is braked by air", "bends out", "dives late"],
)
def test_how_an_acceleration_changes_tells_wings(gravities: tuple[float, float], surely: bool, doubtful: bool) -> None:
    scale, dice, y, v = 25.0, np.random.default_rng(1), 0.0, 0.0
    path = Path(1, Point(0.0, 0.0, 0.0))
    for number in range(1, 24):
        v += 9.81 * float(np.interp(number, (0, 23), gravities)) / 25
        y += v / 25
        path.add(Point(number / 25, 0.0, y * scale + float(dice.normal(0, 0.3))))
    assert path.bends(scale, doubtful=False) == surely
    assert path.bends(scale, doubtful=True) == doubtful


def test_what_is_thrown_sideways_and_braked_by_air_is_told() -> None:
    """Air takes from both speeds: x'' = -k|v|x', y'' = g - k|v|y', with a terminal speed of 20 m/s."""
    places, place, speed, step = {}, [60.0, 60.0], [4.0, 0.0], 0.001
    for number in range(4000):
        places[number] = tuple(place)
        fast = float(np.hypot(*speed)) * 9.81 / 20**2
        place = [place[0] + SCALE * speed[0] * step, place[1] + SCALE * speed[1] * step]
        speed = [speed[0] - fast * speed[0] * step, speed[1] + (9.81 - fast * speed[1]) * step]

    def way(s: float) -> tuple[float, float] | None:
        x, y = places.get(round((s - 0.4) * 1000), (0.0, GROUND + 1))
        return (x, y) if y < GROUND else None

    assert len(said(film(way))) == 1


def test_windows_that_light_up_one_below_the_other_are_not_told() -> None:
    def blink(picture: NDArray[np.float32], s: float) -> None:
        for number in range(10):
            if int(s * 6) % 10 == number:
                picture[20 + 36 * number : 32 + 36 * number, 140:152] = 230

    assert said(film(touched=blink, seconds=4.0)) == []


def test_paper_that_sinks_is_not_told_though_it_begins_to_fall() -> None:
    assert said(film(dropped(150, 27.0, terminal=2.5), seconds=4.0)) == []


def test_nothing_is_told_from_where_it_is_not_watched() -> None:
    left = Zone("left", ((0.0, 0.0), (0.3, 0.0), (0.3, 1.0), (0.0, 1.0)))
    right = Zone("right", ((0.4, 0.0), (1.0, 0.0), (1.0, 1.0), (0.4, 1.0)))
    assert said(film(dropped(150, 27.0)), analytic(watched=left)) == []
    assert said(film(dropped(150, 27.0)), analytic(ignored=[right])) == []
    assert len(said(film(dropped(150, 27.0)), analytic(watched=right))) == 1


def test_an_interruption_parts_what_was_from_what_comes() -> None:
    eye = analytic()
    told: list[Sighting] = []
    (before,) = said(film(dropped(150, 27.0)), eye)
    eye.interrupted()
    for one in film(dropped(150, 27.0)):
        if 1.1 <= one.s - 1000.0 < 1.14:
            eye.interrupted()
        told += eye.look(one)
    # What is seen of the fall after the cut begins fast; it is told from there or not at all, never twice.
    assert len(told) <= 1
    eye.interrupted()
    (after,) = said(film(dropped(150, 27.0)), eye)
    assert after.data["track"] > before.data["track"], "a number is one thing's for as long as the analytic lives"


def test_marks_on_the_facade_say_the_scale() -> None:
    columns = [
        {"x": x, "ground": GROUND / HEIGHT, "line": (GROUND - 8 * 3.0 * SCALE) / HEIGHT, "floor": 9} for x in (0.1, 0.9)
    ]
    eye = FallingObject(msgspec.convert({"columns": columns}, FallingSettings))
    (sighting,) = said(film(dropped(150, 27.0)), eye)
    assert sighting.data["height_m"] == pytest.approx(27.0, abs=0.5)


def test_low_sensitivity_asks_for_more() -> None:
    faint = {"level": 142.0, "size": 4.0}
    counts = [len(said(film(dropped(150, 27.0), **faint), analytic(sensitivity=level))) for level in ("low", "high")]  # type: ignore[arg-type]
    assert counts[0] <= counts[1]
    near_ground = dropped(150, 3.6)
    assert said(film(near_ground), analytic(sensitivity="low")) == []


@pytest.mark.parametrize(
    "bad",
    [{}, {"px_per_m": 0}, {"px_per_m": 10, "columns": [{"x": 0, "ground": 1, "line": 0, "floor": 3}]}, {"scale": 3}],
)
def test_settings_that_make_no_sense_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(bad, FallingSettings)


def test_a_column_has_its_line_above_its_ground() -> None:
    with pytest.raises(ValueError, match="above"):
        Column(x=0.5, ground=0.2, line=0.8, floor=5)


@settings(max_examples=15)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([(1, 1), (7, 5), (90, 160), (64, 64)]), st.integers(1, 25),
            st.sampled_from(["noise", "flat", "dots"]), st.floats(0.001, 1.0),
        ),
        min_size=1, max_size=5,
    ),
    st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_anything_may_come_and_memory_stays_bounded(
    runs: list[tuple[tuple[int, int], int, str, float]], seed: int
) -> None:
    dice, eye, s = np.random.default_rng(seed), analytic(), -3.0
    for shape, count, what, step in runs:
        for _ in range(count):
            s += step
            grey = np.full(shape, int(dice.integers(256)) if what == "flat" else 100, np.uint8)
            if what == "noise":
                grey = dice.integers(0, 256, shape, dtype=np.uint8)
            elif what == "dots":
                grey[dice.random(shape) < 0.01] = 255
            eye.look(frame(grey, s))
            assert len(eye._paths) <= PATHS
            assert len(eye._told) <= 32
            assert len(eye._spotter._kept) <= 24


def test_a_storm_of_spots_is_cut_off() -> None:
    dice, spotter = np.random.default_rng(1), Spotter(None, (50, 50))
    found = []
    for number in range(12):
        grey = np.full((HEIGHT, WIDTH), 100, np.uint8)
        for _ in range(200):
            cv2.circle(grey, (int(dice.integers(WIDTH)), int(dice.integers(HEIGHT))), 2, 255, -1)
        found += [len(seen.spots) for seen in spotter.look(grey, number / 25)]
    assert found
    assert max(found) <= SPOTS
