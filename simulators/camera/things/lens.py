"""The camera itself: a pole that shakes, a lens with drops, an exposure that flickers, a sensor that is noisy."""

from __future__ import annotations

from typing import Any

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from simulators.camera.scene import Picture, dice
from simulators.camera.things.paint import Cover, disc

_MARGIN = 6
_SPARE = (96, 160)
_CHROMA = 0.35


class Optics(msgspec.Struct, frozen=True):
    """How bad a camera is.

    `noise`: standard deviation of luma in grey levels. `shake`: rms in pixels along each axis. `flicker`: relative
    amplitude of the exposure. `drops`: drops of water on the glass.
    """

    noise: float = 2.0
    shake: float = 0.0
    flicker: float = 0.0
    drops: int = 0


class Lens:
    """Turns what is there into what the camera hands out."""

    def __init__(self, seed: int, width: int, height: int, fps: float, count: int, optics: Optics) -> None:
        self._optics = optics
        random = dice(seed, "lens")
        self._brighter, self._darker = _grain(random, width, height, optics.noise)
        self._offsets = random.integers((0, 0), (_SPARE[0] + 1, _SPARE[1] + 1), size=(count, 2))
        self._shifts = _sway(random, count, fps) * optics.shake
        beat = random.uniform(0.3, 3.0)
        gains = np.sin(2 * np.pi * beat * np.arange(count) / fps) + random.normal(0, 0.35, count)
        self._gains = 1.0 + optics.flicker * gains
        self._drops = [
            (
                int(random.uniform(0.05, 0.9) * width),
                int(random.uniform(0.05, 0.9) * height),
                disc(random.uniform(14, 42)),
            )
            for _ in range(optics.drops)
        ]

    @property
    def told(self) -> dict[str, Any]:
        """What is true of the camera, for the truth."""
        return {
            "noise_sigma": self._optics.noise,
            "shake_px_rms": self._optics.shake,
            "flicker": self._optics.flicker,
            "drops": self._optics.drops,
        }

    def shift(self, frame: int) -> tuple[float, float]:
        """Return by how many pixels the shake moves a frame to the right and down."""
        return float(self._shifts[frame, 0]), float(self._shifts[frame, 1])

    def see(self, picture: Picture, frame: int) -> Picture:
        """Return what the camera makes of a picture."""
        for x, y, share in self._drops:
            _through_water(picture, x, y, share)
        if self._optics.shake:
            picture = _moved(picture, *self.shift(frame))
        gain = float(self._gains[frame])
        if self._optics.flicker:
            picture = cv2.convertScaleAbs(picture, alpha=gain).astype(np.uint8, copy=False)
        if not self._optics.noise:
            return picture
        top, left = (int(value) for value in self._offsets[frame])
        height, width = picture.shape[:2]
        part = np.s_[top : top + height, left : left + width]
        cv2.add(picture, self._brighter[part], dst=picture)
        cv2.subtract(picture, self._darker[part], dst=picture)
        return picture


def _grain(random: np.random.Generator, width: int, height: int, sigma: float) -> tuple[Picture, Picture]:
    """Draw one large piece of noise; each frame takes another part of it, for fresh noise would cost more than a scene.

    A sensor's noise is mostly luma, and demosaicing correlates neighbours.
    """
    shape = (height + _SPARE[0], width + _SPARE[1])
    luma = cv2.GaussianBlur(random.standard_normal(shape, dtype=np.float32), (3, 3), 0.45)
    luma = luma * np.float32(sigma / float(luma.std()))
    chroma = random.standard_normal((*shape, 3), dtype=np.float32) * (sigma * _CHROMA)
    whole = np.rint(luma[..., None] + chroma)
    return np.maximum(whole, 0).astype(np.uint8), np.maximum(-whole, 0).astype(np.uint8)


def _sway(random: np.random.Generator, count: int, fps: float) -> NDArray[np.float64]:
    """Draw a pole's movement in wind: gusts with a resonance of some hertz; rms 1 along each axis."""
    seconds = np.arange(count) / fps
    total = np.zeros((count, 2))
    for axis in range(2):
        for _ in range(6):
            hertz = random.uniform(0.4, 6.0)
            total[:, axis] += random.normal() / hertz**0.5 * np.sin(2 * np.pi * (hertz * seconds + random.random()))
        total[:, axis] += random.normal(0, 0.3, count)
    return np.asarray(total / np.maximum(np.sqrt((total**2).mean(axis=0)), 1e-9))


def _moved(picture: Picture, right: float, down: float) -> Picture:
    """Move a picture by parts of a pixel: two blends of shifted copies cost a third of a warp."""
    right, down = (float(np.clip(value, 1 - _MARGIN, _MARGIN - 1)) for value in (right, down))
    height, width = picture.shape[:2]
    wide = cv2.copyMakeBorder(picture, _MARGIN, _MARGIN, _MARGIN, _MARGIN, cv2.BORDER_REPLICATE)
    x, y = _MARGIN - right, _MARGIN - down
    left, top = int(np.floor(x)), int(np.floor(y))
    rows = cv2.addWeighted(
        wide[:, left : left + width], 1 - (x - left), wide[:, left + 1 : left + 1 + width], x - left, 0
    )
    low, high = rows[top : top + height], rows[top + 1 : top + 1 + height]
    return cv2.addWeighted(low, 1 - (y - top), high, y - top, 0).astype(np.uint8, copy=False)


def _through_water(picture: Picture, x: int, y: int, share: NDArray[np.float32]) -> None:
    size = share.shape[0]
    part = picture[max(y - size, 0) : y + 2 * size, max(x - size, 0) : x + 2 * size]
    if part.size == 0:
        return
    # A drop is a strong lens: it shows its surroundings small, upside down and out of focus.
    small = cv2.resize(part[::-1, ::-1], (size, size), interpolation=cv2.INTER_AREA)
    seen = cv2.GaussianBlur(small, (0, 0), size / 9)
    height, width = picture.shape[:2]
    bottom, right = min(y + size, height), min(x + size, width)
    here = picture[y:bottom, x:right].astype(np.float32)
    cut = share[: bottom - y, : right - x, None] * 0.85
    here += (seen[: bottom - y, : right - x].astype(np.float32) * 1.06 + 6 - here) * cut
    picture[y:bottom, x:right] = np.clip(here, 0, 255).astype(np.uint8)


def smudge(picture: Picture, x: float, y: float, share: NDArray[np.float32], colour: float, strength: float) -> None:
    """Lay something out of focus over a picture, its middle at x, y."""
    half = share.shape[0] // 2
    Cover(round(x) - half, round(y) - half, share).blend(picture, (colour, colour, colour), strength)
