"""Pictures to quantise with: drawn ones, and those of a station's own films.

What quantisation needs of a picture is how strongly the network's layers answer. Drawn pictures have nature's spectrum
(amplitudes fall as one over the frequency; Field 1987), edges, upright figures, boxes on wheels, and light from dusk to
glare, which is enough; a camera's own films are nearer to what it will see.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np

from connectors.camera.seeing import Colour
from gateway.model.errors import Misconfigured

SIZES = ((640, 360), (640, 480), (704, 576), (480, 480))


def drawn(seed: int) -> Colour:
    """Return a drawn picture, BGR (height, width, 3); the same seed draws the same one."""
    random = np.random.default_rng(seed)
    width, height = SIZES[seed % len(SIZES)]
    picture = np.stack([_rough(random, height, width) for _ in range(3)], axis=-1) * random.uniform(1, 7)
    picture += _rough(random, height, width)[..., None] * random.uniform(10, 45) + random.uniform(60, 190)
    horizon = int(height * random.uniform(0.1, 0.6))
    picture[:horizon] += _paint(random, -40, 70)
    for _ in range(int(random.integers(3, 12))):
        _building(picture, random, horizon)
    for foot in np.sort(random.uniform(horizon + 20, height, int(random.integers(2, 12)))):
        tall = (foot - horizon * random.uniform(0.5, 1.0)) * random.uniform(0.5, 0.9)
        draw = _figure if random.random() < 0.7 else _vehicle  # noqa: PLR2004 - more people than cars
        draw(picture, random, random.uniform(0, width), float(foot), max(float(tall), 12.0))
    soft = np.asarray(cv2.GaussianBlur(picture.astype(np.float32), (0, 0), random.uniform(0.4, 1.4)), np.float64)
    lit = (soft - 128) * random.uniform(0.5, 1.5) + 128 + random.uniform(-50, 40)
    lit = lit + random.normal(0, random.uniform(1, 7), lit.shape)
    grey = random.random() < 0.2  # noqa: PLR2004 - nights
    lit = np.repeat(lit.mean(-1, keepdims=True), 3, -1) if grey else lit
    return np.asarray(np.clip(lit, 0, 255), np.uint8)


def taken(films: list[Path], count: int) -> Iterator[Colour]:
    """Yield about `count` pictures, spread over films. Raises `Misconfigured` for what is no film."""
    for film in films:
        wanted = -(-count // len(films))
        try:
            with av.open(str(film)) as container:
                stream = container.streams.video[0]
                total = stream.frames or 25 * 60
                for number, picture in enumerate(container.decode(stream)):
                    if number % max(total // wanted, 1) == 0:
                        yield np.asarray(picture.to_ndarray(format="bgr24"), np.uint8)
        except (OSError, IndexError, av.FFmpegError) as error:
            raise Misconfigured(f"{film} cannot be read as a film: {error}") from error


Canvas = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def _rough(random: np.random.Generator, height: int, width: int) -> Canvas:
    """Return noise with nature's spectrum, mean 0, deviation 1."""
    across, down = np.fft.rfftfreq(width)[None, :], np.fft.fftfreq(height)[:, None]
    far = np.hypot(across, down)
    far[0, 0] = np.inf
    waves = (random.normal(size=far.shape) + 1j * random.normal(size=far.shape)) / far ** random.uniform(0.9, 1.3)
    field = np.fft.irfft2(waves, s=(height, width))
    return np.asarray((field - field.mean()) / field.std())


def _paint(random: np.random.Generator, low: float, high: float) -> list[float]:
    """Return a colour as things out of doors have them: more grey than not."""
    return [float(one) for one in random.uniform(low, high) + random.normal(0, random.uniform(3, 30), 3)]


def _building(picture: Canvas, random: np.random.Generator, horizon: int) -> None:
    height, width = picture.shape[:2]
    left, top = int(random.uniform(-50, width)), int(random.uniform(0, horizon + 1))
    right, bottom = left + int(random.uniform(20, width / 2)), top + int(random.uniform(15, height / 2))
    part = picture[top:bottom, max(left, 0) : max(right, 0)]
    part[:] = 0.4 * part + 0.6 * np.array(_paint(random, 20, 235))
    step = int(random.uniform(8, 40))
    for y in range(top, min(bottom, height), step):
        cv2.line(picture, (left, y), (right, y), _paint(random, 10, 245), int(random.integers(1, 4)))


def _figure(picture: Canvas, random: np.random.Generator, x: float, foot: float, tall: float) -> None:
    """Draw somebody upright: legs, trunk, arms, head."""
    legs, trunk, skin = (_paint(random, 10, 230) for _ in range(3))
    hip, neck, stride = foot - 0.47 * tall, foot - 0.84 * tall, random.uniform(-0.18, 0.18) * tall
    thick = max(round(0.09 * tall), 1)

    def at(across: float, y: float) -> tuple[int, int]:
        return round(x + across), round(y)

    cv2.line(picture, at(0.04 * tall, hip), at(stride, foot), legs, thick)
    cv2.line(picture, at(-0.04 * tall, hip), at(-stride, foot), legs, thick)
    cv2.line(picture, at(0, hip), at(0, neck), trunk, max(round(0.2 * tall), 2))
    cv2.line(picture, at(0.12 * tall, neck), at(0.14 * tall - stride / 2, hip), trunk, thick)
    cv2.line(picture, at(-0.12 * tall, neck), at(-0.14 * tall + stride / 2, hip), trunk, thick)
    cv2.circle(picture, at(0, foot - 0.92 * tall), max(round(0.07 * tall), 1), skin, cv2.FILLED)


def _vehicle(picture: Canvas, random: np.random.Generator, x: float, foot: float, tall: float) -> None:
    """Draw a box with a smaller one on it, panes and wheels."""
    long, paint = tall * random.uniform(1.8, 2.8), _paint(random, 10, 240)
    parts = ((0.0, 1.0, 0.55, 0.12, paint), (0.15, 0.8, 1.0, 0.5, paint), (0.2, 0.75, 0.93, 0.58, [40, 35, 30]))
    for left, right, top, bottom, colour in parts:
        ends = (
            (round(x + left * long), round(foot - top * tall)),
            (round(x + right * long), round(foot - bottom * tall)),
        )
        cv2.rectangle(picture, *ends, colour, cv2.FILLED)
    for wheel in (0.2, 0.8):
        cv2.circle(picture, (round(x + wheel * long), round(foot - 0.14 * tall)), round(0.15 * tall), (25, 25, 25), -1)
