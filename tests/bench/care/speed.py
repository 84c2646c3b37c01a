"""How fast it learns and judges: a thousand residents with two hundred signs a day each, on one core."""

from __future__ import annotations

import random
import time

from tests.bench.care.ours import Ours
from tests.bench.care.recordings import DAY, HOUR, Home, Sign

RESIDENTS, SIGNS_A_DAY, DAYS, LEARNT_D = 1000, 200, 1, 10


def run() -> str:
    """Return the sentence."""
    dice = random.Random("speed")
    home = Home("speed", "A1", 0.0, (LEARNT_D + DAYS) * DAY, _signs(dice, LEARNT_D + DAYS))
    learnt = [sign for sign in home.signs if sign.at < LEARNT_D * DAY]
    today = [sign for sign in home.signs if sign.at >= LEARNT_D * DAY]
    warm = []
    for _ in range(10):
        one = Ours(home, 0.5)
        for sign in learnt:
            one.sign(sign)
        warm.append(one.kept())
    one = Ours(home, 0.5)
    began = time.process_time()
    for number in range(RESIDENTS):
        one.live_on(warm[number % len(warm)])
        for sign in today:
            one.sign(sign)
    spent = time.process_time() - began
    events = RESIDENTS * len(today)
    return (
        f"{RESIDENTS} residents × {len(today)} signs of one day, with their timers: {spent:.1f} s of one core, "
        f"{spent / events * 1e6:.0f} µs a sign."
    )


def _signs(dice: random.Random, days: int) -> list[Sign]:
    signs = []
    for day in range(days):
        for _ in range(SIGNS_A_DAY):
            at = day * DAY + min(23.99, max(0.0, dice.gauss(14.0, 4.0))) * HOUR
            door = dice.random() < 0.05
            signs.append(Sign(at, "D" if door else "H", "door" if door else f"m{dice.randrange(3)}"))
    return sorted(signs)
