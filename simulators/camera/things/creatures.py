"""What flies: birds between camera and building, insects before the lens, leaves and paper that flutter down."""

from __future__ import annotations

import numpy as np

from simulators.camera.scene import Picture
from simulators.camera.things.lens import smudge
from simulators.camera.things.paint import Bgr, Floats, disc, exposed, oval, steps_for, turn
from simulators.camera.things.view import Wall

_TICK = 0.01


class _Way:
    """A way through the picture, a point each `_TICK` seconds from `start`."""

    def __init__(self, start: float, points: Floats) -> None:
        self.start, self.points = start, points
        self.end = start + (len(points) - 1) * _TICK

    def at(self, t: float) -> Floats:
        step = min(max((t - self.start) / _TICK, 0.0), len(self.points) - 1.001)
        low = int(step)
        return np.asarray(self.points[low] + (self.points[low + 1] - self.points[low]) * (step - low))


class Bird:
    """A bird that accelerates as it likes: flaps, glides, turns, and sometimes folds its wings and dives."""

    def __init__(self, random: np.random.Generator, view: Wall, seconds: float, exposure: float, light: float) -> None:
        self._exposure = exposure
        scale = view.scale * float(random.uniform(0.9, 2.2))
        self._size = float(random.uniform(0.16, 0.34)) * scale
        self._beat = float(random.uniform(3, 9))
        grey = float(random.choice([35.0, 60.0, 95.0, 215.0])) * light
        self._colour: Bgr = (grey, grey, grey * 1.04)
        side = 1.0 if random.random() < 0.5 else -1.0
        place = np.array([-30.0 if side > 0 else view.width + 30.0, random.uniform(0.05, 0.8) * view.height])
        speed = np.array([side * random.uniform(5, 13), random.normal(0, 1.0)]) * scale
        self._dives_at = float(random.uniform(0.3, 2.5)) if random.random() < 0.35 else np.inf
        points = _fly(random, place, speed, scale, self._dives_at, view)
        start = float(random.uniform(-0.5 * len(points) * _TICK, seconds))
        self._way = _Way(start, points)

    def draw(self, picture: Picture, t: float) -> None:
        """Draw it if it is there."""
        if not self._way.start <= t <= self._way.end - self._exposure:
            return
        moved = float(np.hypot(*(self._way.at(t + self._exposure) - self._way.at(t))))
        exposed(self._outline, t, self._exposure, min(steps_for(moved), 8)).blend(picture, self._colour, 0.92)

    def _outline(self, t: float) -> list[Floats]:
        here = self._way.at(t)
        ahead = self._way.at(t + 0.03) - here
        angle = float(np.arctan2(ahead[1], ahead[0]))
        size = self._size
        folded = 0 <= t - self._way.start - self._dives_at < 0.8  # how long a dive takes
        beat = float(np.sin(2 * np.pi * self._beat * t))
        lift = (0.12 if folded else 0.2 + 0.75 * beat) * size
        span = 0.3 if folded else 1.0
        body = oval((0, 0), (size * 0.5, size * 0.16))
        near = np.array([(-0.15 * size, 0), (0.2 * size, 0), (-0.2 * size * span, -lift - 0.25 * size * span)])
        far = near * np.array([1.0, 0.8]) + np.array([0.12 * size, 0])
        facing = np.array([1.0, -1.0 if abs(angle) > np.pi / 2 else 1.0])
        return [part * facing @ turn(angle) + here for part in (body, near, far)]


def _fly(
    random: np.random.Generator, place: Floats, speed: Floats, scale: float, dives_at: float, view: Wall
) -> Floats:
    points, push = [place], np.zeros(2)
    for step in range(1500):
        push += -push * _TICK / 0.5 + random.normal(0, 7.0 * scale * np.sqrt(_TICK), 2)
        diving = dives_at <= step * _TICK < dives_at + 0.8
        recovering = dives_at + 0.8 <= step * _TICK < dives_at + 1.6
        pull = np.array([0.0, 8.5 * scale if diving else -9.0 * scale if recovering else -0.8 * float(speed[1])])
        speed = speed + (push + pull) * _TICK
        fast = float(np.hypot(*speed))
        speed *= min(1.0, 19 * scale / max(fast, 1.0))
        points.append(points[-1] + speed * _TICK)
        if not (-60 < points[-1][0] < view.width + 60 and -200 < points[-1][1] < view.height + 60):
            break
    return np.array(points)


class Insect:
    """An insect near the lens: a fast, erratic, soft blot, larger than what it is, for it is out of focus."""

    def __init__(self, random: np.random.Generator, width: int, height: int, seconds: float, exposure: float) -> None:
        self._exposure = exposure
        self._blot = disc(float(random.uniform(4, 20)) * width / 1280)
        self._grey = float(random.choice([30.0, 70.0, 200.0]))
        self._strength = float(random.uniform(0.25, 0.7))
        speed = random.normal(0, 500 * width / 1280, 2)
        points = [random.uniform(0, 1, 2) * (width, height)]
        for _ in range(int(random.uniform(0.4, 3.0) / _TICK)):
            speed = speed * (1 - _TICK / 0.25) + random.normal(0, 1900 * width / 1280 * np.sqrt(_TICK), 2)
            points.append(points[-1] + speed * _TICK)
        self._way = _Way(float(random.uniform(-0.3, seconds)), np.array(points))

    def draw(self, picture: Picture, t: float) -> None:
        """Draw it if it is there."""
        if not self._way.start <= t <= self._way.end - self._exposure:
            return
        for part in (0.17, 0.5, 0.83):
            x, y = self._way.at(t + self._exposure * part)
            smudge(picture, float(x), float(y), self._blot, self._grey, self._strength / 2.2)


class Flutterer:
    """A leaf or a sheet of paper: it sinks at 1–4 m/s, swings and tumbles, and goes with the wind."""

    def __init__(
        self, random: np.random.Generator, view: Wall, seconds: float, exposure: float, wind: float, light: float
    ) -> None:
        self._view, self._exposure = view, exposure
        self._out = float(random.uniform(0.5, 8))
        leaf = random.random() < 0.65
        self._size = float(random.uniform(0.05, 0.12) if leaf else random.uniform(0.15, 0.32))
        drawn = (
            random.uniform((30, 70, 60), (70, 140, 150)) if leaf else random.uniform(185, 245) + random.normal(0, 6, 3)
        )
        self._colour: Bgr = tuple(float(part) for part in drawn * light)  # type: ignore[assignment]
        self._sinks = float(random.uniform(1.0, 4.0))
        self._drifts = wind + float(random.normal(0, 0.6))
        self._swing = float(random.uniform(0.15, 0.7))
        self._rate = float(random.uniform(0.5, 1.9))
        self._tumble = float(random.uniform(2, 9))
        self._x = float(random.uniform(-1, 1)) * view.half_width_m
        self._high = float(random.uniform(0.3, 1.1)) * view.top_m
        self._start = float(random.uniform(-0.6 * self._high / self._sinks, seconds))

    def _place(self, t: float) -> tuple[float, float]:
        gone = t - self._start
        phase = 2 * np.pi * self._rate * gone
        x = self._x + self._drifts * gone + self._swing * float(np.sin(phase))
        # It sinks fastest in the middle of each swing, where it slices the air edge on.
        high = self._high - self._sinks * gone - 0.25 * self._swing * float(np.sin(2 * phase))
        return x, high

    def draw(self, picture: Picture, t: float) -> None:
        """Draw it while it is in the air; then it lies on the ground."""
        if t < self._start or self._place(t)[1] < 0:
            return
        exposed(self._outline, t, self._exposure, 3).blend(picture, self._colour, 0.95)

    def _outline(self, t: float) -> list[Floats]:
        x, high = self._place(t)
        half = self._size / 2 * self._view.scale_at(high, self._out)
        gone = t - self._start
        seen = 0.15 + 0.85 * abs(float(np.cos(self._tumble * gone)))
        flat = oval((0, 0), (half, half * 0.7 * seen), corners=8)
        return [flat @ turn(0.8 * float(np.sin(2 * np.pi * self._rate * gone))) + self._view.at(x, high, self._out)]
