"""Cars as solids: a profile pulled out to the car's width, with windows, wheels, lamps and a shadow."""

from __future__ import annotations

import functools

import msgspec
import numpy as np

from simulators.camera.scene import Picture
from simulators.camera.things.ground import Ground, flat
from simulators.camera.things.paint import Bgr, Floats, darken, fill

#: Profiles, from the rear bumper to the front: (metres from the middle, metres up); the windows' edge is the belt.
_PROFILES = {
    "saloon": [
        (-2.3, 0.32),
        (-2.3, 0.85),
        (-1.75, 0.98),
        (-1.15, 1.43),
        (0.3, 1.45),
        (1.05, 0.97),
        (2.2, 0.78),
        (2.3, 0.32),
    ],
    "hatchback": [(-1.95, 0.32), (-1.98, 0.9), (-1.7, 1.46), (0.2, 1.5), (0.95, 1.0), (1.9, 0.8), (1.98, 0.32)],
    "suv": [(-2.25, 0.4), (-2.3, 1.05), (-2.0, 1.68), (0.35, 1.72), (1.1, 1.13), (2.2, 0.98), (2.3, 0.4)],
    "van": [(-2.4, 0.38), (-2.45, 1.0), (-2.4, 1.9), (1.3, 1.92), (1.95, 1.15), (2.4, 0.98), (2.45, 0.38)],
    "truck": [(-2.9, 0.6), (-2.9, 2.5), (1.0, 2.5), (1.02, 2.2), (2.3, 2.2), (2.7, 1.3), (2.75, 0.45)],
}
_WIDTHS = {"saloon": 1.8, "hatchback": 1.72, "suv": 1.9, "van": 1.85, "truck": 2.1}
_BELTS = {"saloon": 0.95, "hatchback": 0.98, "suv": 1.12, "van": 1.15, "truck": 1.35}
_COLOURS: tuple[Bgr, ...] = (
    (228, 228, 226),
    (40, 40, 42),
    (170, 172, 172),
    (110, 108, 104),
    (45, 42, 150),
    (120, 70, 35),
    (95, 125, 140),
)
_GLASS: Bgr = (62, 56, 50)
#: Where the sun stands: what is lit, and which way shadows fall, in metres for each metre of height.
_SUN = np.array([0.35, -0.45, 0.82])
SHADOW = (-0.42, 0.5)


class Car(msgspec.Struct, frozen=True):
    """A car's body: a kind of `KINDS`, and its colour."""

    kind: str
    colour: Bgr

    @property
    def long(self) -> float:
        """Its length in metres."""
        profile = _PROFILES[self.kind]
        return profile[-1][0] - profile[0][0]

    @property
    def wide(self) -> float:
        """Its width in metres."""
        return _WIDTHS[self.kind]

    def footprint(self, x: float, y: float, heading: float) -> Floats:
        """Return the four corners it stands on: (4, 2), metres."""
        half, side = self.long / 2, self.wide / 2
        return _placed(
            np.array([(-half, -side, 0), (half, -side, 0), (half, side, 0), (-half, side, 0)]), x, y, heading
        )[:, :2]

    def box(self, view: Ground, x: float, y: float, heading: float) -> list[float]:
        """Return its box in the picture, cut at the picture's edges: [x0, y0, x1, y1] in pixels."""
        profile = np.array(_PROFILES[self.kind])
        sides = [
            np.stack([profile[:, 0], np.full(len(profile), side), profile[:, 1]], axis=1)
            for side in (-self.wide / 2, self.wide / 2)
        ]
        ground = flat(self.footprint(x, y, heading))
        seen = view.at(np.concatenate([_placed(np.concatenate(sides), x, y, heading), ground]))
        low, high = seen.min(axis=0), seen.max(axis=0)
        return [
            round(float(np.clip(value, 0, limit)), 1)
            for value, limit in zip((*low, *high), (view.width, view.height) * 2, strict=True)
        ]


KINDS = tuple(_PROFILES)


def draw_car_of(random: np.random.Generator) -> Car:
    """Draw what kind of car it is."""
    kind = str(random.choice(KINDS, p=[0.38, 0.2, 0.26, 0.12, 0.04]))
    return Car(kind, _COLOURS[int(random.integers(len(_COLOURS)))])


def _placed(points: Floats, x: float, y: float, heading: float) -> Floats:
    sin, cos = np.sin(heading), np.cos(heading)
    return np.stack(
        [x + cos * points[:, 0] - sin * points[:, 1], y + sin * points[:, 0] + cos * points[:, 1], points[:, 2]], axis=1
    )


def draw_car(
    picture: Picture, view: Ground, car: Car, x: float, y: float, heading: float, light: float, *, lamps: bool
) -> None:
    """Draw a car that stands at x, y; `light` is the day's, 0–1; `lamps` are its headlights."""
    shadow, under, polygons = _polygons(view, car, x, y, heading, light, lamps)
    darken(picture, shadow, 0.49)
    darken(picture, under, 0.55)
    for corners, colour in polygons:
        fill(picture, corners, colour)


class _Shape:
    """Polygons in the order in which they are to be filled."""

    def __init__(self, view: Ground) -> None:
        self.view = view
        self.polygons: list[tuple[Floats, Bgr]] = []

    def add(self, points: Floats, colour: Bgr) -> None:
        """Add a polygon of points (n, 3) in metres."""
        self.polygons.append((self.view.at(points), colour))


@functools.lru_cache(maxsize=64)
def _polygons(
    view: Ground,
    car: Car,
    x: float,
    y: float,
    heading: float,
    light: float,
    lamps: bool,  # cached by place
) -> tuple[Floats, Floats, list[tuple[Floats, Bgr]]]:
    """Return shadow, what is under the car, and its polygons; remembered, for most cars stand still."""
    shape = _Shape(view)
    profile, half = np.array(_PROFILES[car.kind]), car.wide / 2
    eye = np.array([view.left, 0.0, view.high])
    # The cabin is narrower than the body, as all cars' are.
    side = np.where(
        profile[:, 1] > _BELTS[car.kind] + 0.1, half * 0.86 if car.kind not in {"truck", "van"} else half, half
    )
    right = _placed(np.stack([profile[:, 0], -side, profile[:, 1]], axis=1), x, y, heading)
    left = _placed(np.stack([profile[:, 0], side, profile[:, 1]], axis=1), x, y, heading)
    faces = [(right[[i, i + 1]], left[[i + 1, i]], i) for i in range(len(profile) - 1)]
    middle = np.array([x, y, 0.6])
    wheels_right = float((eye[:2] - middle[:2]) @ np.array([np.sin(heading), -np.cos(heading)])) > 0
    for one, other, i in sorted(faces, key=lambda face: -float(view.depth(np.concatenate(face[:2])).mean())):
        quad = np.concatenate([one, other])
        normal = np.cross(quad[1] - quad[0], quad[3] - quad[0])
        if normal @ (quad.mean(axis=0) - middle) < 0:
            normal = -normal
        if normal @ (eye - quad.mean(axis=0)) <= 0:
            continue
        shape.add(quad, _lit(car.colour, normal, light))
        _front_or_rear(shape, car, quad, i, light, lamps=lamps)
    flank = right if wheels_right else left
    out = np.array([np.sin(heading), -np.cos(heading), 0.0]) * (1 if wheels_right else -1)
    shape.add(flank, _lit(car.colour, out, light))
    _side_windows(shape, flank, profile, _BELTS[car.kind], car.kind, light)
    _wheels(shape, car, x, y, heading, -half if wheels_right else half, light)
    base = car.footprint(x, y, heading)
    roof = max(high for _, high in _PROFILES[car.kind]) * 0.85
    by_day = light > 0.6  # by night there is no sun that throws a shadow
    shadow = np.concatenate([base, base + np.array(SHADOW) * roof]) if by_day else base
    return view.at(flat(shadow)), view.at(flat(base)), shape.polygons


def _lit(colour: Bgr, normal: Floats, light: float) -> Bgr:
    along = float(normal @ _SUN) / max(float(np.linalg.norm(normal)), 1e-9)
    share = (0.62 + 0.42 * max(along, 0.0)) * light
    return (colour[0] * share, colour[1] * share, colour[2] * share)


def _inset(quad: Floats, across: float, along: float) -> Floats:
    """Return a quad drawn in towards its middle, by parts of its two extents."""
    a, b, c, d = quad

    def inner(u: float, v: float) -> Floats:
        return np.asarray((a * (1 - u) + b * u) * (1 - v) + (d * (1 - u) + c * u) * v)

    return np.array(
        [inner(along, across), inner(1 - along, across), inner(1 - along, 1 - across), inner(along, 1 - across)]
    )


def _front_or_rear(shape: _Shape, car: Car, quad: Floats, i: int, light: float, *, lamps: bool) -> None:
    profile = _PROFILES[car.kind]
    (x0, z0), (x1, z1) = profile[i], profile[i + 1]
    slanted = abs(z1 - z0) > 0.25 and max(z0, z1) > _BELTS[car.kind] + 0.2  # metres: a pane, no bonnet
    if slanted and not (car.kind == "truck" and x0 < 0):
        sky = 0.9 if x0 > 0 else 0.7
        shape.add(_inset(quad, 0.08, 0.12), tuple(part * light * sky + 34 * light for part in _GLASS))  # type: ignore[arg-type]
    elif i in {0, len(profile) - 2} and abs(x1 - x0) < 0.4:  # metres: an end, no bonnet
        front = i > 0
        for low, high in ((0.05, 0.25), (0.75, 0.95)):
            a, b, c, d = quad
            lamp = np.array([(a * (1 - v) + d * v) * (1 - u) + (b * (1 - v) + c * v) * u for u, v in
                             ((0.5, low), (0.95, low), (0.95, high), (0.5, high))])  # fmt: skip
            shine: Bgr = (235, 245, 250) if front and lamps else (190 * light, 195 * light, 198 * light)
            red: Bgr = (40, 40, 215) if lamps else (40 * light, 36 * light, 140 * light)
            shape.add(lamp, shine if front else red)
        plate = _inset(quad, 0.36, 0.15)
        shape.add(plate, (140 * light, 90 * light, 40 * light))


def _side_windows(shape: _Shape, flank: Floats, profile: Floats, belt: float, kind: str, light: float) -> None:
    roof = 2.2 if kind == "truck" else profile[:, 1].max()
    upper = np.where(profile[:, 1] > belt + 0.15)[0]
    if kind == "truck":
        upper = upper[profile[upper, 0] > 1.0]
    front, rear = profile[upper, 0].max(), profile[upper, 0].min()
    if kind in {"van", "truck"}:
        rear = max(rear, front - 1.1)
    base, span = flank[0], flank[-1] - flank[0]
    long = profile[-1, 0] - profile[0, 0]

    def on(x: float, z: float) -> Floats:
        here = base + span * ((x - profile[0, 0]) / long)
        # Above the belt the flank leans in; take that from the profile's own upper points.
        lean = (flank[upper[0]] - (base + span * ((profile[upper[0], 0] - profile[0, 0]) / long)))[:2]
        share = np.clip((z - belt) / max(roof - belt, 1e-6), 0, 1)
        return np.array([here[0] + lean[0] * share, here[1] + lean[1] * share, z])

    lower = max(rear - 0.25, profile[0, 0] + 0.3) if kind not in {"van", "truck"} else rear
    pane = [
        on(lower, belt),
        on(min(front + 0.45, profile[-1, 0] - 0.4), belt),
        on(front - 0.05, roof - 0.1),
        on(rear + 0.08, roof - 0.1),
    ]
    shape.add(np.array(pane), (_GLASS[0] * light, _GLASS[1] * light, _GLASS[2] * light))
    for x in ((rear + front) / 2,):
        pillar = np.array([on(x - 0.05, belt), on(x + 0.05, belt), on(x + 0.03, roof - 0.1), on(x - 0.05, roof - 0.1)])
        shape.add(pillar, (28 * light, 28 * light, 28 * light))


def _wheels(shape: _Shape, car: Car, x: float, y: float, heading: float, side: float, light: float) -> None:
    angles = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    radius = 0.42 if car.kind in {"truck", "suv"} else 0.33
    for along in (-0.3 * car.long, 0.31 * car.long):
        for size, colour in ((radius, 26.0), (radius * 0.6, 150.0)):
            ring = np.stack(
                [along + np.cos(angles) * size, np.full(14, side * 1.01), radius + np.sin(angles) * size], axis=1
            )
            shape.add(_placed(ring, x, y, heading), (colour * light, colour * light, colour * light))
