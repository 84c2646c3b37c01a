"""A residential block as the camera across the street sees it: drawn once, then a still picture."""

from __future__ import annotations

import cv2
import msgspec
import numpy as np

from simulators.camera.scene import Picture, dice
from simulators.camera.things.paint import Bgr, as_picture, fill, line, multiply
from simulators.camera.things.view import Wall

_WALLS: tuple[Bgr, ...] = ((168, 190, 205), (150, 165, 178), (140, 160, 188), (176, 182, 184), (120, 142, 176))
_FRAMES: tuple[Bgr, ...] = ((225, 228, 230), (70, 74, 78), (120, 130, 138))
_DARK = 0.24


class Flat(msgspec.Struct, frozen=True):
    """An opening of the facade, in metres: a window, or a balcony that stands `out` of the wall."""

    floor: int
    left: float
    right: float
    bottom: float
    top: float
    out: float

    @property
    def middle(self) -> float:
        """Its middle, to the right."""
        return (self.left + self.right) / 2


class Building(msgspec.Struct, frozen=True):
    """A drawn building: the picture, its flats, and how high a storey is in metres."""

    picture: Picture
    flats: tuple[Flat, ...]
    storey: float
    storeys: int


class _Brush:
    """Draws rectangles that lie on the wall, in metres."""

    def __init__(self, picture: Picture, view: Wall, random: np.random.Generator) -> None:
        self.picture, self.view, self.random = picture, view, random

    def patch(self, left: float, right: float, bottom: float, top: float, colour: Bgr, out: float = 0.0) -> None:
        corners = [(left, bottom), (right, bottom), (right, top), (left, top)]
        fill(self.picture, [self.view.at(x, y, out) for x, y in corners], colour)

    def shade(self, colour: Bgr, spread: float) -> Bgr:
        change = self.random.normal(0, spread)
        return (colour[0] + change, colour[1] + change, colour[2] + change)

    def tint(self, low: float, high: float, spread: float) -> Bgr:
        """Draw a colour as cloth has it: mostly grey, more often warm than cold."""
        grey = self.random.uniform(low, high)
        blue, green, red = grey + self.random.normal((-10.0, 0.0, 8.0), spread)
        return (float(blue), float(green), float(red))


def draw_building(seed: int, view: Wall, *, night: bool) -> Building:
    """Draw a building, the sky behind and the yard before it."""
    random = dice(seed, "building")
    picture = _sky(view, random, night=night)
    storey = float(random.uniform(2.8, 3.1))
    above = int(view.top_m / storey) + 2
    storeys = above if random.random() < 0.6 else max(above - int(random.integers(1, 4)), 4)
    half = view.half_width_m * float(random.uniform(0.72, 1.25))
    brush = _Brush(picture, view, random)
    wall = _WALLS[int(random.integers(len(_WALLS)))]
    brush.patch(-half, half, 0, storeys * storey + 0.9, wall)
    _bands(brush, half, storey, storeys, wall)
    flats = _flats(brush, half, storey, storeys)
    _plaster(picture, view, half, storeys * storey + 1.0, random)
    _yard(brush, half)
    picture = cv2.GaussianBlur(picture, (0, 0), 0.6).astype(np.uint8, copy=False)
    if night:
        picture = _at_night(picture, view, flats, random)
    return Building(picture, flats, storey, storeys)


def _sky(view: Wall, random: np.random.Generator, *, night: bool) -> Picture:
    rows = np.linspace(0, 1, view.height)[:, None, None]
    top, low = np.array([225.0, 205, 180]), np.array([238.0, 232, 222])
    clouds = cv2.resize(
        random.normal(0, 9, (6, 9)).astype(np.float32), (view.width, view.height), interpolation=cv2.INTER_CUBIC
    )
    sky = (top + (low - top) * rows + clouds[..., None]) * (0.3 if night else 1.0)
    return as_picture(np.broadcast_to(sky, (view.height, view.width, 3)))


def _bands(brush: _Brush, half: float, storey: float, storeys: int, wall: Bgr) -> None:
    darker: Bgr = (wall[0] * 0.82, wall[1] * 0.82, wall[2] * 0.82)
    for floor in range(storeys + 1):
        brush.patch(-half, half, floor * storey - 0.08, floor * storey + 0.08, darker)
    brush.patch(-half - 0.2, half + 0.2, storeys * storey + 0.8, storeys * storey + 1.05, (110, 112, 115))
    brush.patch(-half, half, 0, 0.9, (96, 102, 110))


def _flats(brush: _Brush, half: float, storey: float, storeys: int) -> tuple[Flat, ...]:
    random = brush.random
    bay = float(random.uniform(3.3, 4.2))
    kinds = [
        str(kind)
        for kind in random.permutation(
            ["window", "balcony", "window", "stairs", str(random.choice(["window", "balcony"]))]
        )
    ]
    frame = _FRAMES[int(random.integers(len(_FRAMES)))]
    found: list[Flat] = []
    columns = int(2 * half / bay)
    start = -columns * bay / 2
    for column in range(columns):
        kind = kinds[min(column % len(kinds), columns - 1 - column) % len(kinds)]
        left = start + column * bay
        for floor in range(1, storeys + 1):
            base = (floor - 1) * storey
            if floor == 1 and kind == "stairs":
                _door(brush, left + bay / 2)
            elif kind == "stairs":
                _glass(brush, left + bay * 0.38, left + bay * 0.62, base + 1.6, base + 2.4, frame)
            elif kind == "balcony" and floor > 1:
                found.append(_balcony(brush, left, bay, base, floor, frame))
            else:
                found.append(_window(brush, left, bay, base, floor, frame))
        pipe = left + 0.12
        brush.patch(pipe, pipe + 0.1, 0, storeys * storey, brush.shade((150, 155, 160), 10))
    return tuple(found)


def _glass(brush: _Brush, left: float, right: float, bottom: float, top: float, frame: Bgr) -> None:
    random = brush.random
    brush.patch(left - 0.07, right + 0.07, bottom - 0.07, top + 0.07, frame)
    pane = brush.shade((92, 82, 72), 16)
    brush.patch(left, right, bottom, top, pane)
    # What a window shows is mostly the sky in its upper part, and a curtain behind it.
    sky = float(random.uniform(0.3, 0.8))
    brush.patch(left, right, top - (top - bottom) * sky, top, brush.shade((150, 138, 122), 14))
    if random.random() < 0.6:
        cloth = brush.tint(130, 215, 16)
        width = (right - left) * float(random.uniform(0.12, 0.4))
        brush.patch(left, left + width, bottom, top, cloth)
        if random.random() < 0.7:
            brush.patch(right - width, right, bottom, top, cloth)
    panes = max(round((right - left) / 0.75), 1)
    for at in np.linspace(left, right, panes + 1)[1:-1]:
        brush.patch(at - 0.03, at + 0.03, bottom, top, frame)


def _window(brush: _Brush, left: float, bay: float, base: float, floor: int, frame: Bgr) -> Flat:
    random = brush.random
    half = float(random.uniform(0.75, 1.0))
    middle = left + bay * 0.45
    flat = Flat(floor, middle - half, middle + half, base + 0.95, base + 2.45, 0.1)
    _glass(brush, flat.left, flat.right, flat.bottom, flat.top, frame)
    brush.patch(flat.left - 0.12, flat.right + 0.12, flat.bottom - 0.16, flat.bottom - 0.06, (200, 204, 206), 0.1)
    brush.patch(flat.left - 0.12, flat.right + 0.12, flat.top + 0.08, flat.top + 0.2, (105, 112, 120))
    if random.random() < 0.25:
        for bar in np.arange(flat.left, flat.right, 0.16):
            line(
                brush.picture,
                [brush.view.at(bar, flat.bottom, 0.2), brush.view.at(bar, flat.top, 0.2)],
                (165, 168, 170),
            )
    if random.random() < 0.65:
        _air_conditioner(brush, flat.right + 0.12, base + float(random.uniform(0.2, 0.5)))
    return flat


def _air_conditioner(brush: _Brush, left: float, bottom: float) -> None:
    shell = brush.shade((205, 208, 208), 12)
    brush.patch(left - 0.02, left + 0.84, bottom - 0.1, bottom - 0.02, (80, 84, 88), 0.3)
    brush.patch(left, left + 0.8, bottom, bottom + 0.56, shell, 0.3)
    brush.patch(left, left + 0.8, bottom - 0.25, bottom - 0.1, (118, 126, 136))
    x, y = brush.view.at(left + 0.3, bottom + 0.28, 0.3)
    cv2.circle(brush.picture, (round(x), round(y)), round(0.22 * brush.view.scale), (88, 90, 92), -1, cv2.LINE_AA)
    cv2.circle(brush.picture, (round(x), round(y)), round(0.08 * brush.view.scale), (140, 142, 142), -1, cv2.LINE_AA)


def _balcony(brush: _Brush, left: float, bay: float, base: float, floor: int, frame: Bgr) -> Flat:
    random = brush.random
    flat = Flat(floor, left + 0.3, left + bay - 0.3, base + 1.05, base + 2.5, 1.2)
    brush.patch(flat.left, flat.right, base + 0.1, base + 2.6, brush.shade((98, 100, 104), 10))
    _glass(brush, flat.left + 0.5, flat.right - 0.5, base + 0.15, base + 2.3, frame)
    brush.patch(flat.left, flat.right, base + 2.3, base + 2.75, (70, 74, 80))
    if random.random() < 0.35:
        _glass(brush, flat.left, flat.right, base + 1.05, base + 2.5, frame)
    brush.patch(flat.left - 0.1, flat.right + 0.1, base - 0.05, base + 0.12, (176, 180, 182), 1.2)
    if random.random() < 0.5:
        brush.patch(flat.left, flat.right, base + 0.12, base + 1.05, brush.shade((165, 172, 180), 14), 1.2)
    else:
        for bar in np.arange(flat.left, flat.right, 0.22):
            ends = [brush.view.at(bar, base + 0.12, 1.2), brush.view.at(bar, base + 1.05, 1.2)]
            line(brush.picture, ends, (90, 92, 96))
    brush.patch(flat.left - 0.05, flat.right + 0.05, base + 1.0, base + 1.08, (205, 206, 206), 1.2)
    if random.random() < 0.4:
        _plants(brush, flat, base + 1.08)
    return flat


def _plants(brush: _Brush, flat: Flat, base: float) -> None:
    random = brush.random
    for x in random.uniform(flat.left + 0.2, flat.right - 0.2, int(random.integers(2, 6))):
        brush.patch(x - 0.12, x + 0.12, base, base + 0.2, (52, 72, 128), 1.2)
        for _ in range(5):
            where = brush.view.at(x + random.normal(0, 0.12), base + 0.25 + abs(random.normal(0, 0.16)), 1.2)
            green = (float(random.uniform(40, 70)), float(random.uniform(85, 140)), float(random.uniform(50, 80)))
            cv2.circle(
                brush.picture, (round(where[0]), round(where[1])), int(random.integers(2, 5)), green, -1, cv2.LINE_AA
            )


def _door(brush: _Brush, middle: float) -> None:
    brush.patch(middle - 0.9, middle + 0.9, 0, 2.3, (74, 78, 84))
    brush.patch(middle - 0.75, middle - 0.05, 0.05, 2.1, (120, 112, 100))
    brush.patch(middle + 0.05, middle + 0.75, 0.05, 2.1, (120, 112, 100))
    brush.patch(middle - 1.4, middle + 1.4, 2.45, 2.7, (150, 154, 158), 1.5)


def _plaster(picture: Picture, view: Wall, half: float, roof: float, random: np.random.Generator) -> None:
    """Give walls a grain, and the streaks that rain leaves on them."""
    left, right = (round(float(np.clip(view.at(x, 0)[0], 0, view.width))) for x in (-half, half))
    wall = picture[max(round(view.at(0, roof)[1]), 0) :, left:right]
    height, width = wall.shape[:2]
    grain = random.normal(0, 3.2, (height, width)).astype(np.float32)
    coarse = random.normal(0, 3.5, (5, max(width // 7, 2))).astype(np.float32)
    streaks = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    wall[:] = np.clip(wall + (grain + streaks)[..., None], 0, 255).astype(np.uint8)


def _yard(brush: _Brush, half: float) -> None:
    view, random, picture = brush.view, brush.random, brush.picture
    ground = round(view.ground_y)
    if ground >= view.height:
        return
    rows = np.linspace(0, 1, view.height - ground)[:, None, None]
    paving = (np.array([128.0, 132, 134]) - 26 * rows) + random.normal(0, 4, (view.height - ground, view.width, 1))
    picture[ground:] = np.clip(paving, 0, 255).astype(np.uint8)
    for x in np.arange(-half, half, 0.45):
        if random.random() < 0.55:
            where = view.at(float(x), 0.35 + random.normal(0, 0.1), 1.5)
            size = int(random.uniform(0.25, 0.6) * view.scale)
            green = (float(random.uniform(38, 58)), float(random.uniform(72, 112)), float(random.uniform(52, 76)))
            cv2.circle(picture, (round(where[0]), round(where[1])), size, green, -1, cv2.LINE_AA)


def _at_night(picture: Picture, view: Wall, flats: tuple[Flat, ...], random: np.random.Generator) -> Picture:
    """Leave what street lamps light, dim towards the roof, and the windows behind which somebody is up."""
    lamps = np.full((9, 16), 128 * _DARK, dtype=np.float32) * np.linspace(0.7, 1.1, 9, dtype=np.float32)[:, None]
    lamps[7:, random.integers(2, 14, 2)] *= 3.0
    glow = cv2.GaussianBlur(cv2.resize(lamps, (view.width, view.height)), (0, 0), view.width / 24)
    dark = multiply(picture, np.clip(glow, 0, 255).astype(np.uint8))
    lit = np.zeros((view.height, view.width), dtype=np.uint8)
    for flat in flats:
        if random.random() < 0.3:
            corners = [view.at(x, y) for x, y in ((flat.left, flat.bottom), (flat.right, flat.bottom),
                                                  (flat.right, flat.top), (flat.left, flat.top))]  # fmt: skip
            bright = int(random.uniform(90, 200))
            cv2.fillPoly(lit, [np.round(corners).astype(np.int32)], (bright,))
    inside = picture.astype(np.float32) * 0.45 + np.array([55.0, 118, 150])
    share = cv2.GaussianBlur(lit, (0, 0), 0.7).astype(np.float32)[..., None] / 200
    return as_picture(dark + (inside - dark) * np.minimum(share, 1.0))
