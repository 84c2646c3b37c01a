"""Somebody, or the weather, meddles with a camera: a wrapper over any scene."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from simulators.camera.scene import Picture, Scene, dice
from simulators.camera.things.paint import as_picture

#: What an analytic must report, and what it must not.
HARMFUL = ("black", "white", "covered", "covered-plain", "covered-most", "sprayed", "defocused", "turned", "frozen")
HARMLESS = ("light-jump", "ir-switch", "truck", "haze", "shake")
_RAMP_S = {
    "sprayed": 4.0,
    "defocused": 3.0,
    "turned": 2.0,
    "haze": 6.0,
    "covered": 0.5,
    "covered-plain": 0.5,
    "covered-most": 0.5,
}


class Tamper(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What happens to the camera: one of `HARMFUL` or `HARMLESS`, from `at_s` until `until_s` (None: to the end)."""

    kind: str
    at_s: float
    until_s: float | None = None


class Tampered:
    """A scene whose camera is tampered with. `truth["tampers"]` says what, when, and whether it is to be reported.

    `truth["scene"]` is the truth of what would have been seen. Raises ValueError for an unknown kind.
    """

    def __init__(self, scene: Scene, seed: int, tampers: Sequence[Tamper]) -> None:
        if strange := {one.kind for one in tampers} - {*HARMFUL, *HARMLESS}:
            raise ValueError(f"unknown tampering {sorted(strange)}; there is {', '.join((*HARMFUL, *HARMLESS))}")
        # What is done to the light before the sensor leaves the sensor's noise as it was.
        self._sigma = float(scene.truth.get("noise_sigma", 1.6))
        self._scene, self._seed, self._tampers = scene, seed, tuple(tampers)
        self.width, self.height, self.fps, self.seconds = scene.width, scene.height, scene.fps, scene.seconds
        told = [{"kind": one.kind, "at_s": one.at_s, "until_s": one.until_s, "harmful": one.kind in HARMFUL,
                 "complete_s": round(one.at_s + _RAMP_S.get(one.kind, 0.0), 2)} for one in tampers]  # fmt: skip
        self.truth: dict[str, Any] = {
            "kind": "tampering",
            "seed": seed,
            "width": self.width,
            "height": self.height,
            "fps": self.fps,
            "seconds": self.seconds,
            "tampers": told,
            "scene": scene.truth,
        }

    def frames(self) -> Iterator[Picture]:
        """Yield the pictures."""
        hands = [(one, _HANDS[one.kind](self, i, one)) for i, one in enumerate(self._tampers)]
        for frame, seen in enumerate(self._scene.frames()):
            t, picture = frame / self.fps, seen
            for one, hand in hands:
                if one.at_s <= t and (one.until_s is None or t < one.until_s):
                    part = min((t - one.at_s) / _RAMP_S[one.kind], 1.0) if one.kind in _RAMP_S else 1.0
                    picture = hand(picture, part, t - one.at_s)
            yield picture

    def _noise(self, number: int, level: float, sigma: float) -> Callable[[], Picture]:
        random = dice(self._seed, f"sensor {number}")
        tile = random.normal(level, sigma, (self.height + 64, self.width + 64, 1)) + random.normal(0, 0.4, 3)
        ready = np.clip(np.rint(tile), 0, 255).astype(np.uint8)

        def draw() -> Picture:
            top, left = (int(value) for value in random.integers(0, 64, 2))
            return ready[top : top + self.height, left : left + self.width].copy()

        return draw

    def _flat(self, level: float, number: int) -> _Hand:
        noise = self._noise(number, level, self._sigma)
        return lambda _picture, _part, _gone: noise()

    def _cover(self, number: int, *, plain: bool, share: float) -> _Hand:
        """Lay something close over the lens: out of focus, dark, with a soft edge; it slides in from one side."""
        random = dice(self._seed, f"cover {number}")
        cloth = _cloth(random, self.width, self.height, plain=plain)
        noise = self._noise(number, 128, self._sigma)
        edge = self.width * 0.05
        columns = np.arange(self.width, dtype=np.float32)[None, :, None]

        def hand(picture: Picture, part: float, _gone: float) -> Picture:
            reach = part * (share * self.width if share < 1 else self.width + 2 * edge)
            over = np.clip((reach - columns) / edge + 0.5, 0, 1)
            mixed = picture + (cloth - picture) * over
            return as_picture(mixed + (noise().astype(np.float32) - 128) * over)

        return hand

    def _spray(self, number: int) -> _Hand:
        """Paint lands blot by blot until hardly anything is seen."""
        random = dice(self._seed, f"spray {number}")
        colour, noise = random.uniform(25, 75) + random.normal(0, 12, 3), self._noise(number, 128, self._sigma)
        small = (self.height // 4, self.width // 4)
        blots = [
            (random.uniform((-0.1, -0.1), (1.1, 1.1)) * small[::-1], float(random.uniform(0.04, 0.16)) * small[1])
            for _ in range(90)
        ]
        level = np.linspace(0, 1, len(blots))
        when = np.full(small, 2.0, dtype=np.float32)
        grid = np.mgrid[: small[0], : small[1]].astype(np.float32)
        for (x, y), radius, at in ((*blot, at) for blot, at in zip(blots, level, strict=True)):
            near = np.hypot(grid[1] - x, grid[0] - y) < radius
            when[near] = np.minimum(when[near], float(at))
        wide = cv2.GaussianBlur(cv2.resize(when, (self.width, self.height)), (0, 0), self.width / 160)

        def hand(picture: Picture, part: float, _gone: float) -> Picture:
            over = np.clip((part - wide) * 8 + 0.5, 0, 0.96)[..., None]
            return as_picture(picture + (colour - picture) * over + (noise().astype(np.float32) - 128) * over)

        return hand

    def _turn(self, number: int) -> _Hand:
        """Turn the camera: what was beside the view comes in. Nobody drew that, so it is the view mirrored."""
        random = dice(self._seed, f"turn {number}")
        right = float(random.uniform(0.55, 0.95)) * self.width * float(random.choice([-1, 1]))
        down, tilt = float(random.uniform(-0.25, 0.25)) * self.height, float(random.uniform(-8, 8))

        def hand(picture: Picture, part: float, _gone: float) -> Picture:
            eased = part * part * (3 - 2 * part)
            moved = cv2.getRotationMatrix2D((self.width / 2, self.height / 2), tilt * eased, 1 + 0.15 * eased)
            moved[:, 2] += np.array([right * eased, down * eased])
            size = (self.width, self.height)
            return cv2.warpAffine(picture, moved, size, borderMode=cv2.BORDER_REFLECT_101).astype(np.uint8, copy=False)

        return hand

    def _defocus(self, number: int) -> _Hand:
        noise = self._noise(number, 128, self._sigma)

        def hand(picture: Picture, part: float, _gone: float) -> Picture:
            blurred = cv2.GaussianBlur(picture, (0, 0), max(0.3, 7.0 * part * self.width / 640))
            return cv2.addWeighted(blurred, 1.0, noise(), 1.0, -128).astype(np.uint8, copy=False)

        return hand

    def _freeze(self, _number: int) -> _Hand:
        held: list[Picture] = []

        def hand(picture: Picture, _part: float, _gone: float) -> Picture:
            if not held:
                held.append(picture.copy())
            return held[0].copy()

        return hand

    def _truck(self, number: int) -> _Hand:
        """Let something large pass close by: it hides most of the picture for a second or two."""
        random = dice(self._seed, f"truck {number}")
        speed, way = self.width * float(random.uniform(0.5, 0.9)), float(random.choice([-1, 1]))
        long = int(self.width * float(random.uniform(0.7, 1.1)))
        top, height = int(self.height * float(random.uniform(0.1, 0.3))), self.height
        side = _flank(random, long, height - top)

        def hand(picture: Picture, _part: float, gone: float) -> Picture:
            left = round(speed * gone - long) if way > 0 else round(self.width - speed * gone)
            first, last = max(left, 0), min(left + long, self.width)
            if first < last:
                picture[top:height, first:last] = side[:, first - left : last - left]
            return picture

        return hand

    def _shake(self, number: int) -> _Hand:
        random = dice(self._seed, f"shake {number}")

        def hand(picture: Picture, _part: float, _gone: float) -> Picture:
            right, down = random.normal(0, 2.5, 2)
            moved = np.array([[1.0, 0.0, right], [0.0, 1.0, down]])
            size = (self.width, self.height)
            return cv2.warpAffine(picture, moved, size, borderMode=cv2.BORDER_REPLICATE).astype(np.uint8, copy=False)

        return hand


_Hand = Callable[[Picture, float, float], Picture]


def _haze(picture: Picture, part: float, _gone: float) -> Picture:
    return cv2.convertScaleAbs(picture, alpha=1 - 0.42 * part, beta=80 * part).astype(np.uint8, copy=False)


def _light_jump(picture: Picture, _part: float, _gone: float) -> Picture:
    return cv2.convertScaleAbs(picture, alpha=1.35, beta=8).astype(np.uint8, copy=False)


def _infrared(picture: Picture, _part: float, _gone: float) -> Picture:
    """By infrared light there are no colours, and plants and cloth are brighter than by day."""
    weights = np.array([[0.1, 0.35, 0.55]] * 3)
    return cv2.convertScaleAbs(cv2.transform(picture, weights), alpha=0.9, beta=12).astype(np.uint8, copy=False)


def _cloth(random: np.random.Generator, width: int, height: int, *, plain: bool) -> NDArray[np.float32]:
    base = random.uniform(25, 75, 3)
    folds = cv2.resize(
        random.normal(0, 3.0 if plain else 14.0, (5, 8)).astype(np.float32),
        (width, height),
        interpolation=cv2.INTER_CUBIC,
    )
    whole = base + folds[..., None]
    if not plain:
        whole += 6 * np.sin(np.arange(width) / float(random.uniform(1.5, 4)))[None, :, None]
    return np.clip(whole, 0, 255).astype(np.float32)


def _flank(random: np.random.Generator, width: int, height: int) -> Picture:
    colour = random.uniform(70, 210) + random.normal(0, 20, 3)
    side = np.clip(colour + random.normal(0, 2.5, (height, width, 1)), 0, 255).astype(np.uint8)
    for x in range(0, width, max(width // 9, 8)):
        cv2.line(side, (x, 0), (x, height), tuple(float(part) * 0.8 for part in colour), 2)
    cv2.rectangle(side, (0, int(height * 0.8)), (width, height), (38, 38, 40), -1)
    for wheel in (0.15, 0.3, 0.8):
        cv2.circle(side, (int(width * wheel), height), int(height * 0.16), (22, 22, 24), -1, cv2.LINE_AA)
    return side


_HANDS: dict[str, Callable[[Tampered, int, Tamper], _Hand]] = {
    "black": lambda whole, i, _: whole._flat(3.0, i),  # noqa: SLF001  # of the same file
    "white": lambda whole, i, _: whole._flat(251.0, i),  # noqa: SLF001
    "covered": lambda whole, i, _: whole._cover(i, plain=False, share=1.0),  # noqa: SLF001
    "covered-plain": lambda whole, i, _: whole._cover(i, plain=True, share=1.0),  # noqa: SLF001
    "covered-most": lambda whole, i, _: whole._cover(i, plain=False, share=0.8),  # noqa: SLF001
    "sprayed": lambda whole, i, _: whole._spray(i),  # noqa: SLF001
    "defocused": lambda whole, i, _: whole._defocus(i),  # noqa: SLF001
    "turned": lambda whole, i, _: whole._turn(i),  # noqa: SLF001
    "frozen": lambda whole, i, _: whole._freeze(i),  # noqa: SLF001
    "light-jump": lambda _whole, _i, _: _light_jump,
    "ir-switch": lambda _whole, _i, _: _infrared,
    "truck": lambda whole, i, _: whole._truck(i),  # noqa: SLF001
    "haze": lambda _whole, _i, _: _haze,
    "shake": lambda whole, i, _: whole._shake(i),  # noqa: SLF001
}
