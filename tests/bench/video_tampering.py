"""What is done to a camera's picture, by hand and by the weather: (material for `video_standing`).

A spoiler takes a picture, luma (height, width), the seconds since it began and a strength from 0 (mild) to 1, and
returns what the camera would show. Each is drawn with the dice of its seed.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Spoiler = Callable[[Picture, float], Picture]
Make = Callable[[Generator, float], Spoiler]


def black(dice: Generator, strength: float) -> Spoiler:
    return lambda p, _: noisy(p * 0.05 * (1 - strength), 2.0, dice)


def white(dice: Generator, strength: float) -> Spoiler:
    return lambda p, _: noisy(p * 0.05 * (1 - strength) + 245, 1.5, dice)


def covered(dice: Generator, strength: float) -> Spoiler:
    """Hold a cloth before 75 to 100 % of the view; some light and the weave come through."""
    level, side, part = dice.uniform(30, 120), dice.integers(4), 0.75 + 0.25 * strength
    weave: list[NDArray[np.float32]] = []

    def cover(picture: Picture, _: float) -> Picture:
        height, width = picture.shape
        if not weave:
            rough = dice.normal(0, 14, (12, 16)).astype(np.float32)
            weave.append(cv2.resize(rough, (width, height), interpolation=cv2.INTER_CUBIC))
        seen = noisy(weave[0] + level, 2.0, dice)
        if side < 2:
            edge = round(width * (1 - part))
            part_kept = np.s_[:, :edge] if side else np.s_[:, width - edge :]
        else:
            edge = round(height * (1 - part))
            part_kept = np.s_[:edge] if side == 2 else np.s_[height - edge :]
        seen[part_kept] = picture[part_kept]
        return seen

    return cover


def sprayed(dice: Generator, strength: float) -> Spoiler:
    """Spray paint: soft blots out of focus on the glass, over 40 to 80 % of the view."""
    level, share = dice.uniform(20, 200), 0.4 + 0.4 * strength
    blots: list[NDArray[np.float32]] = []

    def spray(picture: Picture, _: float) -> Picture:
        height, width = picture.shape
        if not blots:
            drawn = np.zeros((height, width), np.float32)
            while drawn.mean() < share:
                at = (int(dice.uniform(0.1, 0.9) * width), int(dice.uniform(0.1, 0.9) * height))
                cv2.circle(drawn, at, int(dice.uniform(0.06, 0.16) * width), 1.0, cv2.FILLED)
            blots.append(cv2.GaussianBlur(drawn, (0, 0), width / 80))
        return noisy(picture * (1 - blots[0]) + level * blots[0], 1.5, dice)

    return spray


def defocused(dice: Generator, strength: float) -> Spoiler:
    """Lose focus: a blur of 0.4 to 1.2 % of the picture's width."""
    return lambda p, _: noisy(cv2.GaussianBlur(p, (0, 0), p.shape[1] * (0.004 + 0.008 * strength)), 1.5, dice)


def moved(dice: Generator, strength: float) -> Spoiler:
    """Turn the camera by 15 to 60 % of its view; what comes into view mirrors what went."""
    part, turn, sign = 0.15 + 0.45 * strength, dice.uniform(-8, 8), 1 if dice.random() < 0.5 else -1

    def move(picture: Picture, _: float) -> Picture:
        height, width = picture.shape
        turned = cv2.getRotationMatrix2D((width / 2, height / 2), turn, 1.0)
        turned[:, 2] += (sign * part * width, dice_down * height)
        return np.asarray(cv2.warpAffine(picture, turned, (width, height), borderMode=cv2.BORDER_REFLECT), np.uint8)

    dice_down = dice.uniform(-0.15, 0.15)
    return move


def frozen(_: Generator, __: float) -> Spoiler:
    first: list[Picture] = []

    def freeze(picture: Picture, _: float) -> Picture:
        first.append(picture) if not first else None
        return first[0]

    return freeze


def light_jump(dice: Generator, strength: float) -> Spoiler:
    factor = (1.15 + 0.55 * strength) ** (1 if dice.random() < 0.5 else -1)
    return lambda p, _: noisy(p * factor, 1.5, dice)


def infrared(dice: Generator, strength: float) -> Spoiler:
    """Switch to the infrared lamp: bright in the middle, other greys, more noise."""
    gamma, dark = dice.uniform(0.6, 1.5), 0.3 + 0.4 * strength

    def switch(picture: Picture, _: float) -> Picture:
        height, width = picture.shape
        ys, xs = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
        lamp = 1.15 - dark * (xs**2 + ys**2) / 2
        return noisy(255 * (picture / 255) ** gamma * lamp, 4.0, dice)

    return switch


def passing(dice: Generator, strength: float) -> Spoiler:
    """Let a bus go by close to the camera: up to 80 % of the view, 3 to 8 s from edge to edge."""
    wide, takes = 0.4 + 0.4 * strength, dice.uniform(3, 8)
    rough = dice.uniform(40, 200, (7, 9)).astype(np.float32)

    def go(picture: Picture, s: float) -> Picture:
        height, width = picture.shape
        left = round((s % 14) / takes * (1 + wide) * width - wide * width)
        a, b = max(left, 0), min(left + round(wide * width), width)
        seen = picture.copy()
        if b > a:
            body = cv2.resize(rough, (round(wide * width), height), interpolation=cv2.INTER_NEAREST)
            seen[height // 8 :, a:b] = body[height // 8 :, a - left : b - left]
        return seen

    return go


def haze(dice: Generator, strength: float) -> Spoiler:
    """Let fog rise within 20 s: contrast falls to 75 … 45 %."""

    def rise(picture: Picture, s: float) -> Picture:
        share = (0.25 + 0.3 * strength) * min(s / 20, 1)
        return noisy(picture * (1 - share) + 190 * share, 1.5, dice)

    return rise


def shake(dice: Generator, strength: float) -> Spoiler:
    """Shake the pole in the wind: 0.2 to 0.8 % of the picture's width."""
    reach = 0.002 + 0.006 * strength

    def blow(picture: Picture, s: float) -> Picture:
        dx, dy = dice.normal(0, reach / 2 * picture.shape[1], 2)
        shift = np.array([[1, 0, dx + math.sin(s)], [0, 1, dy]], np.float32)
        moved = cv2.warpAffine(picture, shift, picture.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(moved, np.uint8)

    return blow


TAMPERING: dict[str, Make] = {
    "black": black, "white": white, "covered": covered, "sprayed": sprayed, "defocused": defocused, "moved": moved,
    "frozen": frozen,
}  # fmt: skip
DISTRACTORS: dict[str, Make] = {
    "light jump": light_jump, "infrared": infrared, "passing": passing, "haze": haze, "shake": shake,
}  # fmt: skip


def noisy(seen: NDArray[np.generic], sigma: float, dice: Generator) -> Picture:
    noise = dice.normal(0.0, sigma, seen.shape[:2]).astype(np.float32)
    return np.asarray(np.clip(seen + noise, 0, 255), np.uint8)
