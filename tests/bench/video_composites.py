"""Parking that never was: real cars cut out of one clip, standing on the road of another among its real pedestrians.

Times are seconds of the clip; pictures are luma, shape (288, 384), uint8.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from connectors.camera.seeing import Colour, Frame, Zone
from tests.bench.video_films import BEGAN

Picture = NDArray[np.uint8]
FPS = 10.0
SIZE = (384, 288)
ROAD = Zone("fire_lane", ((0.0, 0.29), (0.45, 0.34), (0.72, 0.2), (0.94, 0.2), (1.0, 0.84), (0.52, 0.62), (0.0, 0.42)))
#: Frames of car-detection.mp4 in which one whole car is seen, and the part of the picture's width it is in.
CARS = ((78, 0.3, 0.7), (205, 0.0, 0.37), (215, 0.3, 0.7), (333, 0.0, 0.45))


class Cut(NamedTuple):
    """A car: its luma and where it is, 0–1, both of one shape."""

    grey: Picture
    alpha: NDArray[np.float32]


class Ground(NamedTuple):
    """The clip cars are put into: its pictures, and where pedestrians are in each, 0–1."""

    pictures: list[Picture]
    people: list[Picture]


class Truth(NamedTuple):
    """When the car stood still and when it moved off, seconds; where, in pixels; whether it stood for long."""

    stood: float
    left: float
    box: tuple[float, float, float, float]
    long: bool
    light: str


def pictures(path: Path, form: str = "gray") -> Iterator[NDArray[np.uint8]]:
    """Yield a clip's pictures: luma (height, width), or BGR where `form` says so."""
    with av.open(str(path)) as clip:
        for picture in clip.decode(video=0):
            yield np.asarray(picture.to_ndarray(format=form), dtype=np.uint8)


def frame(grey: Picture, s: float) -> Frame:
    """Return a picture as an analytic is given it."""

    def colour() -> Colour:
        return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), dtype=np.uint8)

    return Frame(BEGAN + timedelta(seconds=s), s, grey, colour)


def cuts(data: Path) -> list[Cut]:
    """Cut the four cars out of car-detection.mp4."""
    seen = list(pictures(data / "car-detection.mp4", "bgr24"))
    empty = np.median(np.stack(seen[::12]), axis=0).astype(np.uint8)
    cars = []
    for at, left, right in CARS:
        exposed = seen[at] * float(
            np.median(empty / np.maximum(seen[at], 1.0))
        )  # bright cars make the camera stop down
        differs = (np.abs(exposed - empty).max(axis=2) > 30).astype(np.uint8)
        width = differs.shape[1]
        differs[:, : int(left * width)] = 0
        differs[:, int(right * width) :] = 0
        differs = cv2.morphologyEx(differs, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
        differs = cv2.morphologyEx(differs, cv2.MORPH_OPEN, np.ones((9, 9), np.uint8))
        outlines, _ = cv2.findContours(differs, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        car = max(outlines, key=cv2.contourArea)
        x, y, w, h = cv2.boundingRect(car)
        mask = np.zeros(differs.shape, np.uint8)
        cv2.drawContours(mask, [car], -1, 255, cv2.FILLED)
        grey = cv2.cvtColor(seen[at], cv2.COLOR_BGR2GRAY)[y : y + h, x : x + w]
        cars.append(Cut(np.asarray(grey, np.uint8), mask[y : y + h, x : x + w].astype(np.float32) / 255))
    return cars


def ground(data: Path) -> Ground:
    """Read vtest.avi at half size, with where its pedestrians are."""
    halved = [
        np.asarray(cv2.resize(p, SIZE, interpolation=cv2.INTER_AREA), np.uint8) for p in pictures(data / "vtest.avi")
    ]
    empty = np.median(np.stack(halved[520::6]), axis=0).astype(np.uint8)  # two who stood at first have left by then
    people = []
    for picture in halved:
        moved = (cv2.absdiff(picture, empty) > 22).astype(np.uint8)
        moved = cv2.morphologyEx(moved, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        people.append(np.asarray(cv2.dilate(moved, np.ones((5, 5), np.uint8)), np.uint8))
    return Ground(halved, people)


class Parking:
    """One composite: a car comes, stands for a long or a short time and leaves, under some light.

    A third reverse into their place after a first stop. Light: even, a swing of 15 % either way, a tree's swaying
    shadow, or a cloud's edge that passes over half of the view and stays for a while.
    """

    LIGHTS = ("even", "swing", "swing", "tree", "cloud")

    def __init__(self, cars: list[Cut], seed: int, *, long: bool) -> None:
        dice = np.random.default_rng(seed)
        car = cars[int(dice.integers(len(cars)))]
        length = dice.uniform(46, 78)
        turn = 90 + dice.uniform(-35, 35) + (180 if dice.random() < 0.5 else 0)
        self._car = _turned(car, length / car.grey.shape[0], turn)
        self._gain = dice.uniform(0.75, 1.25)
        across, down = dice.uniform(0.3, 0.85), 0.0
        down = 0.34 + 0.28 * (across - 0.3) / 0.55 + dice.uniform(-0.03, 0.06)
        self._place = (across * SIZE[0], down * SIZE[1])
        self._towards = math.radians(dice.uniform(-20, 30)) + (math.pi if dice.random() < 0.5 else 0)
        came = dice.uniform(8, 14)
        self._rolls, self._way = dice.uniform(2.5, 5), dice.uniform(90, 160)
        self._reverses = bool(dice.random() < 0.33)
        self._first = came + self._rolls
        stood = self._first + (5.0 if self._reverses else 0.0)
        left = stood + (dice.uniform(33, 45) if long else dice.uniform(3, 12))
        self._came = came
        light = str(dice.choice(self.LIGHTS))
        height, width = self._car.alpha.shape
        x, y = self._place
        self.truth = Truth(stood, left, (x - width / 2, y - height / 2, x + width / 2, y + height / 2), long, light)
        self._period, self._phase = dice.uniform(8, 40), dice.uniform(0, 6.28)
        self._spot = dice.uniform((0.3, 0.35), (0.8, 0.6)) * SIZE
        self._noise = dice

    def play(self, on: Ground) -> Iterator[Frame]:
        """Yield the clip with the car in it."""
        for number, (picture, people) in enumerate(zip(on.pictures, on.people, strict=True)):
            s = number / FPS
            seen = picture.astype(np.float32)
            away = self._away(s)
            if away is not None:
                _put(seen, self._car, self._place[0] + away[0], self._place[1] + away[1], self._gain)
                seen = np.where(people > 0, picture, seen)
            seen *= self._light(s)
            seen += self._noise.normal(0, 2.0, seen.shape).astype(np.float32)
            yield frame(np.clip(seen, 0, 255).astype(np.uint8), s)

    def _away(self, s: float) -> tuple[float, float] | None:
        """Where the car is, from its place, in pixels; None before it comes and after it has gone."""
        stood, left = self.truth.stood, self.truth.left
        if s < self._came or s > left + 8:
            return None
        if s < self._first:
            along = -self._way * ((self._first - s) / self._rolls) ** 2 + (24 if self._reverses else 0)
        elif s < stood:
            along = 24 * min(1.0, max(0.0, (stood - s) / 1.6))
        else:
            along = 6.0 * max(s - left, 0.0) ** 2
        return along * math.cos(self._towards), along * math.sin(self._towards)

    def _light(self, s: float) -> Any:
        if self.truth.light == "swing":
            return 1 + 0.15 * math.sin(6.28 * s / self._period + self._phase)
        ys, xs = np.mgrid[0 : SIZE[1], 0 : SIZE[0]].astype(np.float32)
        if self.truth.light == "tree":
            sway = 5 * math.sin(6.28 * s / 4 + self._phase)
            x, y = self._spot
            blob = np.exp(-((((xs - x - sway) / 34) ** 2 + ((ys - y) / 22) ** 2) ** 2))
            return 1 - 0.35 * blob
        if self.truth.light == "cloud":
            edge = (min(max(s - 6 - self._period / 2, 0), 6) / 6) * SIZE[0] * 0.6
            return 1 - 0.25 / (1 + np.exp((xs - edge) / 12))
        return 1.0


def _turned(car: Cut, scale: float, degrees: float) -> Cut:
    height, width = car.grey.shape
    side = math.ceil(math.hypot(height, width) * scale) + 4
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, scale)
    turn[:, 2] += (side / 2 - width / 2, side / 2 - height / 2)
    shrunk = cv2.GaussianBlur(car.grey, (0, 0), max(0.4 / scale, 0.1))
    grey = cv2.warpAffine(shrunk, turn, (side, side), borderMode=cv2.BORDER_REPLICATE)
    alpha = cv2.warpAffine(car.alpha, turn, (side, side))
    rows, columns = np.flatnonzero(alpha.max(axis=1) > 0.3), np.flatnonzero(alpha.max(axis=0) > 0.3)
    part = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    return Cut(np.asarray(grey[part], np.uint8), np.asarray(alpha[part], np.float32))


def _put(seen: NDArray[np.float32], car: Cut, x: float, y: float, gain: float) -> None:
    """Draw the car with its centre at (x, y), and the shadow beneath it; what lies outside is left out."""
    height, width = seen.shape
    shift = np.array([[1, 0, x - car.grey.shape[1] / 2], [0, 1, y - car.grey.shape[0] / 2]], np.float32)
    grey = cv2.warpAffine(car.grey.astype(np.float32), shift, (width, height))
    alpha = cv2.warpAffine(car.alpha, shift, (width, height))
    shift[1, 2] += 3
    shadow = cv2.GaussianBlur(cv2.warpAffine(car.alpha, shift, (width, height)), (0, 0), 2)
    seen *= 1 - 0.45 * shadow
    seen += alpha * (np.clip(grey * gain, 0, 255) - seen)
