"""The ground a pole camera looks at: asphalt with markings and a kerb, a house behind; or paving before a door."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import ArrayLike

from simulators.camera.scene import Picture, dice
from simulators.camera.things.ground import Ground, flat
from simulators.camera.things.paint import Bgr, Floats, fill, line, multiply

_FAR = 60.0


class Street(NamedTuple):
    """Where things lie, in metres away from the pole: bays, the driving lane, the fire lane, a kerb and a house.

    `zone`: from where to where the fire lane is; `bays_x`: the middle of the bays that are seen.
    """

    bays: float = 8.0
    lane: float = 11.2
    fire: float = 14.4
    kerb: float = 15.9
    house: float = 19.5
    zone: tuple[float, float] = (-6.5, 6.5)
    bays_x: float = 0.0

    @property
    def zone_corners(self) -> Floats:
        """The marked fire lane on the ground: (4, 2)."""
        near, far = self.fire - 1.35, self.kerb - 0.1
        return np.array([(self.zone[0], near), (self.zone[1], near), (self.zone[1], far), (self.zone[0], far)])


class _Brush:
    def __init__(self, picture: Picture, view: Ground, random: np.random.Generator) -> None:
        self.picture, self.view, self.random = picture, view, random

    def solid(self, corners: ArrayLike, colour: Bgr) -> None:
        """Fill a polygon of points (n, 3), as far as it lies before the camera."""
        points = _before(self.view, np.asarray(corners, dtype=np.float64))
        if len(points) > 2:  # corners of a triangle
            fill(self.picture, self.view.at(points), colour)

    def ground(self, x0: float, x1: float, y0: float, y1: float, colour: Bgr) -> None:
        self.solid(flat([(x0, y0), (x1, y0), (x1, y1), (x0, y1)]), colour)

    def wall(self, x0: float, x1: float, z0: float, z1: float, y: float, colour: Bgr) -> None:
        self.solid([(x0, y, z0), (x1, y, z0), (x1, y, z1), (x0, y, z1)], colour)


def _before(view: Ground, points: Floats) -> Floats:
    """Cut off what lies behind the camera (Sutherland and Hodgman, against one plane)."""
    nearest, found = 1.0, []
    depths = view.depth(points)
    for i in range(len(points)):
        a, b, da, db = points[i - 1], points[i], depths[i - 1], depths[i]
        if (da < nearest) != (db < nearest):
            found.append(a + (b - a) * ((nearest - da) / (db - da)))
        if db >= nearest:
            found.append(b)
    return np.array(found)


def draw_street(seed: int, view: Ground, street: Street, *, night: bool) -> Picture:
    """Draw a street with a marked fire lane before a house."""
    random = dice(seed, "street")
    brush = _Brush(_sky(view, random), view, random)
    grey = float(random.uniform(82, 112))
    brush.ground(-_FAR, _FAR, -3, street.house + 60, (grey * 1.0, grey * 1.02, grey * 1.03))
    brush.ground(-_FAR, _FAR, -3, 5.8, (58, 96, 78))
    brush.ground(-_FAR, _FAR, 5.8, 6.1, (150, 154, 156))
    for x in np.arange(-24, 24.1, 5.6):
        brush.ground(x - 0.06, x + 0.06, 6.2, 9.3, (205, 208, 208))
    for x in np.arange(-60, 60, 4.0):
        brush.ground(x, x + 1.6, 12.62, 12.74, (190, 194, 196))
    _marked(brush, street)
    brush.ground(-_FAR, _FAR, street.kerb, street.kerb + 0.18, (168, 170, 172))
    paving = float(random.uniform(120, 150))
    brush.ground(-_FAR, _FAR, street.kerb + 0.18, street.house, (paving * 0.95, paving, paving * 1.04))
    _house(brush, street.house)
    return _finished(brush, night=night)


def draw_forecourt(seed: int, view: Ground, door_y: float, lawn: ArrayLike, *, night: bool) -> Picture:
    """Draw paving before a house with one wide door at x = 0, and a lawn on it, corners (n, 2)."""
    random = dice(seed, "forecourt")
    brush = _Brush(_sky(view, random), view, random)
    grey = float(random.uniform(118, 150))
    brush.ground(-_FAR, _FAR, -3, door_y + 60, (grey * 0.96, grey, grey * 1.03))
    for at in np.arange(-30, 30, 1.2):
        joint: Bgr = (grey * 0.84, grey * 0.86, grey * 0.88)
        brush.ground(at - 0.03, at + 0.03, -2, door_y, joint)
        if at > 0.5:  # metres before the pole
            brush.ground(-_FAR, _FAR, at - 0.03, at + 0.03, joint)
    brush.solid(flat(lawn), (70, 112, 84))
    for x0, x1 in ((-30.0, -5.0), (5.0, 30.0)):
        brush.ground(x0, x1, door_y - 2.0, door_y - 0.4, (55, 92, 76))
    _house(brush, door_y, spared=(-2.6, 2.6))
    brush.wall(-1.9, 1.9, 0, 2.6, door_y, (60, 62, 66))
    for x in (-1.7, -0.8, 0.1, 1.0):
        brush.wall(x, x + 0.8, 0.08, 2.4, door_y - 0.02, brush_glass(random))
    brush.solid(
        [(-2.8, door_y, 2.9), (2.8, door_y, 2.9), (2.8, door_y - 1.6, 2.9), (-2.8, door_y - 1.6, 2.9)], (120, 124, 128)
    )
    brush.wall(-2.8, 2.8, 2.7, 3.0, door_y - 1.6, (165, 168, 170))
    return _finished(brush, night=night)


def brush_glass(random: np.random.Generator) -> Bgr:
    """Draw the colour of a dark pane."""
    grey = float(random.uniform(70, 115))
    return (grey * 1.12, grey, grey * 0.9)


def _marked(brush: _Brush, street: Street) -> None:
    """Mark the fire lane in yellow, hatched, worn here and there."""
    (x0, near), (x1, _), (_, far), _ = street.zone_corners
    yellow: Bgr = (62, 176, 205)
    for x in np.arange(x0, x1 - 0.4, 1.3):
        brush.solid(flat([(x, near), (x + 0.16, near), (x + 1.46, far), (x + 1.3, far)]), yellow)
    for low, high in ((near, near + 0.14), (far - 0.14, far)):
        brush.ground(x0, x1, low, high, yellow)
    for x in (x0, x1 - 0.14):
        brush.ground(x, x + 0.14, near, far, yellow)


def _house(brush: _Brush, y: float, spared: tuple[float, float] = (0.0, 0.0)) -> None:
    random = brush.random
    grey = float(random.uniform(140, 185))
    brush.wall(-_FAR, _FAR, 0, 14, y, (grey * 0.92, grey * 0.98, grey))
    brush.wall(-_FAR, _FAR, 0, 0.7, y, (92, 98, 104))
    for floor in range(4):
        brush.wall(-_FAR, _FAR, 3.3 + 3 * floor, 3.45 + 3 * floor, y, (grey * 0.78, grey * 0.82, grey * 0.85))
        for x in np.arange(-40, 40, 3.7):
            if floor == 0 and spared[0] - 1.5 < x < spared[1]:
                continue
            base = 1.1 + 3 * floor
            brush.wall(x - 0.08, x + 1.68, base - 0.08, base + 1.48, y, (215, 218, 220))
            brush.wall(x, x + 0.77, base, base + 1.4, y, brush_glass(random))
            brush.wall(x + 0.83, x + 1.6, base, base + 1.4, y, brush_glass(random))
    for x in random.uniform(-30, 30, 14):
        if not spared[0] - 1 < x < spared[1] + 1:
            for _ in range(14):
                where = view_of(brush, x, y, random)
                size = max(round(float(random.uniform(0.12, 0.4)) * brush.view.scale(x, y - 0.6)), 1)
                green = (float(random.uniform(36, 60)), float(random.uniform(70, 115)), float(random.uniform(50, 80)))
                cv2.circle(brush.picture, where, size, green, -1, cv2.LINE_AA)


def view_of(brush: _Brush, x: float, y: float, random: np.random.Generator) -> tuple[int, int]:
    """Return a pixel somewhere in a shrub that stands before the wall; far outside for one behind the camera."""
    point = (x + random.normal(0, 0.5), y - 0.6, abs(random.normal(0.3, 0.3)))
    if float(brush.view.depth([point])[0]) < 1:
        return (-999, -999)
    column, row = np.clip(brush.view.at([point])[0], -999, 4000)
    return round(float(column)), round(float(row))


def _sky(view: Ground, random: np.random.Generator) -> Picture:
    rows = np.linspace(215, 236, view.height)[:, None, None] * np.array([1.0, 0.97, 0.92])
    return np.asarray(np.broadcast_to(rows + random.normal(0, 2), (view.height, view.width, 3)), dtype=np.uint8).copy()


def _finished(brush: _Brush, *, night: bool) -> Picture:
    """Give the ground its grain, cracks, stains and tar, and the whole the lens's softness."""
    picture, view, random = brush.picture, brush.view, brush.random
    fine = random.normal(0, 4.0, (view.height, view.width)).astype(np.float32)
    coarse = cv2.resize(
        random.normal(0, 4.5, (18, 32)).astype(np.float32), (view.width, view.height), interpolation=cv2.INTER_CUBIC
    )
    picture[:] = np.clip(picture + (fine + coarse)[..., None], 0, 255).astype(np.uint8)
    for _ in range(7):
        start = random.uniform((-12, 6.5), (12, 15))
        steps = random.normal(0, 0.3, 2) + random.normal(0, 0.09, (16, 2))
        crack = np.cumsum(np.concatenate([start[None], steps]), axis=0)
        if view.depth(flat(crack)).min() > 1:
            line(picture, view.at(flat(crack)), (76, 78, 80))
    for _ in range(3):
        x, y = random.uniform((-10, 7), (10, 14))
        angles = np.linspace(0, 2 * np.pi, 16, endpoint=False)
        lid = np.stack([x + 0.35 * np.cos(angles), y + 0.35 * np.sin(angles)], axis=1)
        brush.solid(flat(lid), (70, 72, 74))
    soft = cv2.GaussianBlur(picture, (0, 0), 0.6).astype(np.uint8, copy=False)
    if not night:
        return soft
    lamps = np.full((9, 16), 34.0, dtype=np.float32)
    lamps[4:7, random.integers(2, 14, 3)] = 150
    glow = cv2.GaussianBlur(cv2.resize(lamps, (view.width, view.height)), (0, 0), view.width / 16)
    return multiply(soft, np.clip(glow, 0, 255).astype(np.uint8))
