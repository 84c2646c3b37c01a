"""People, small, as a camera on a pole sees them: legs that step, arms that swing, no faces."""

from __future__ import annotations

import msgspec
import numpy as np

from simulators.camera.scene import Picture
from simulators.camera.things.paint import Bgr, fill, limb, oval

_SKIN: Bgr = (135, 165, 205)
_STRIDE = 0.72


class Clothes(msgspec.Struct, frozen=True):
    """What somebody wears, and how tall and broad they are: metres, and 1 for the usual breadth."""

    top: Bgr
    legs: Bgr
    hair: Bgr
    tall: float
    broad: float


def dress(random: np.random.Generator) -> Clothes:
    """Draw somebody."""

    def cloth(low: float, high: float) -> Bgr:
        grey = float(random.uniform(low, high))
        return tuple(float(np.clip(grey + change, 5, 245)) for change in random.normal(0, 28, 3))  # type: ignore[return-value]

    hair = float(random.choice([25.0, 35.0, 60.0, 150.0]))
    return Clothes(cloth(35, 225), cloth(25, 130), (hair, hair, hair * 1.1), float(random.uniform(1.52, 1.84)), float(random.uniform(0.9, 1.2)))  # fmt: skip


def draw_walker(
    picture: Picture, feet: tuple[float, float], scale: float, clothes: Clothes, walked: float, facing: float, *, still: bool = False
) -> None:
    """Draw somebody who stands at `feet` (pixels), `scale` pixels per metre.

    `walked`: metres so far, which says where the legs are. `facing`: -1 to the left, 1 to the right, 0 to or from us.
    """
    x, y = feet
    tall, broad = clothes.tall * scale, clothes.broad * scale
    swing = 0.0 if still else float(np.sin(np.pi * walked / _STRIDE))
    bob = 0.0 if still else 0.02 * scale * abs(float(np.cos(np.pi * walked / _STRIDE)))
    hip, neck = (x, y - 0.50 * tall - bob), (x + 0.02 * scale * facing, y - 0.83 * tall - bob)
    side = 1.0 - abs(facing)
    for leg in (-1.0, 1.0):
        reach = leg * swing * 0.36 * scale * (facing or 0.25)
        lifted = 0.07 * scale * max(leg * swing, 0.0) * (1 if not still else 0)
        apart = leg * 0.09 * broad * (0.35 + side)
        knee = (x + reach * 0.55 + apart * 0.9 + 0.05 * scale * facing, y - 0.26 * tall - lifted)
        foot = (x + reach + apart, y - lifted * 0.8 - 0.02 * scale)
        limb(picture, (hip[0] + apart * 0.7, hip[1]), knee, (0.17 * broad, 0.13 * broad), clothes.legs)
        limb(picture, knee, foot, (0.13 * broad, 0.09 * broad), clothes.legs)
        limb(picture, foot, (foot[0] + 0.16 * scale * facing, foot[1] + 0.01 * scale), (0.08 * broad, 0.06 * broad), (40, 40, 44))
    width = (0.24 + 0.18 * side) * broad
    fill(picture, [(neck[0] - width / 2, neck[1]), (neck[0] + width / 2, neck[1]), (hip[0] + width * 0.45, hip[1] + 0.03 * scale),
                   (hip[0] - width * 0.45, hip[1] + 0.03 * scale)], clothes.top)  # fmt: skip
    for arm in (-1.0, 1.0):
        reach = -arm * swing * 0.26 * scale * facing
        shoulder = (neck[0] + arm * width * 0.45 * (0.3 + side), neck[1] + 0.05 * scale)
        elbow = (shoulder[0] + reach * 0.5, shoulder[1] + 0.27 * scale)
        hand = (shoulder[0] + reach + 0.04 * scale * facing, shoulder[1] + 0.5 * scale)
        limb(picture, shoulder, elbow, (0.11 * broad, 0.09 * broad), clothes.top)
        limb(picture, elbow, hand, (0.09 * broad, 0.06 * broad), _SKIN)
    head = (neck[0] + 0.01 * scale * facing, neck[1] - 0.11 * scale)
    fill(picture, oval(head, (0.095 * scale, 0.125 * scale)), _SKIN)
    fill(picture, oval((head[0] - 0.02 * scale * facing, head[1] - 0.04 * scale), (0.1 * scale, 0.09 * scale)), clothes.hair)


def draw_leaning(picture: Picture, middle: tuple[float, float], scale: float, clothes: Clothes, t: float, restless: float) -> None:
    """Draw somebody's upper half above a railing at `middle` (pixels), busy with the hands."""
    sway = 0.08 * float(np.sin(1.3 * restless * t)) * scale
    x, y = middle[0] + sway, middle[1]
    width = 0.4 * clothes.broad * scale
    fill(picture, [(x - width / 2, y - 0.42 * scale), (x + width / 2, y - 0.42 * scale), (x + width * 0.45, y), (x - width * 0.45, y)],
         clothes.top)  # fmt: skip
    for arm in (-1.0, 1.0):
        raised = 0.25 + 0.25 * float(np.sin(2.1 * restless * t + arm))
        shoulder = (x + arm * width * 0.5, y - 0.38 * scale)
        hand = (x + arm * (width * 0.5 + 0.18 * scale), y - raised * scale)
        limb(picture, shoulder, hand, (0.11 * scale, 0.07 * scale), clothes.top)
        fill(picture, oval(hand, (0.05 * scale, 0.05 * scale), corners=8), _SKIN)
    head = (x, y - 0.55 * scale)
    fill(picture, oval(head, (0.095 * scale, 0.125 * scale)), _SKIN)
    fill(picture, oval((head[0], head[1] - 0.05 * scale), (0.1 * scale, 0.085 * scale)), clothes.hair)
