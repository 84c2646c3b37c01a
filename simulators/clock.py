"""The time: the machine's, or a virtual one that all processes of an installation share."""

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

VARIABLE = "ANXIN_CLOCK"
_SHAPE = re.compile(r"(?P<virtual>[^@]+)@(?P<real>\d+(?:\.\d+)?)x(?P<speed>\d+(?:\.\d+)?)")


class ClockError(ValueError):
    """The variable doesn't describe a clock; the text says what is wanted."""


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock that showed `virtual` (aware) at `real` (Unix seconds) and runs `speed` times as fast as ours."""

    virtual: datetime
    real: float
    speed: float

    def now(self) -> datetime:
        """Return the present moment (aware)."""
        return self.virtual + timedelta(seconds=(time.time() - self.real) * self.speed)

    def wait_s(self, moment: datetime) -> float:
        """Return how many real seconds there are until a moment; negative when it is past."""
        return (moment - self.now()).total_seconds() / self.speed


def read_clock(told: str | None) -> Clock:
    """Read what ANXIN_CLOCK says, `VIRTUAL@UNIXxSPEED`; the machine's time when it says nothing.

    Raises ClockError for anything else.
    """
    if not told:
        real = time.time()
        return Clock(datetime.fromtimestamp(real, UTC), real, 1.0)
    wanted = f"{VARIABLE}: write VIRTUAL@UNIXxSPEED, like 2026-11-22T08:00:00+08:00@1795312800x10, not {told!r}"
    shape = _SHAPE.fullmatch(told)
    if shape is None:
        raise ClockError(wanted)
    try:
        virtual, speed = datetime.fromisoformat(shape["virtual"]), float(shape["speed"])
    except ValueError as error:
        raise ClockError(f"{wanted}: {error}") from error
    if virtual.tzinfo is None or speed <= 0:
        raise ClockError(f"{wanted}: the virtual time needs an offset and the speed must be more than 0")
    return Clock(virtual, float(shape["real"]), speed)
