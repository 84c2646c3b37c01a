"""How often one number may be called: kept here, so that the provider's limit is never what stops an urgent call."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping

from gateway.model.ports import Outcome

#: The provider's defaults: (calls, seconds), shortest first.
USUAL: Mapping[float, int] = {60: 1, 3600: 5, 86_400: 20}
#: Waiting for a longer limit to end helps nobody: another way is tried instead.
WORTH_WAITING_S = 60.0
#: Numbers remembered; of more, those called longest ago are forgotten.
MOST_NUMBERS = 10_000


class CalleeLimits:
    """Counts calls by number, in memory. `monotonic` gives seconds that only go forward."""

    def __init__(self, monotonic: Callable[[], float], limits: Mapping[float, int] = USUAL) -> None:
        self._monotonic, self._limits = monotonic, dict(sorted(limits.items()))
        self._calls: dict[str, deque[float]] = {}

    def refuse(self, number: str) -> Outcome | None:
        """Return why this number may not be called now; None when it may."""
        now, calls = self._monotonic(), self._calls.get(number, ())
        for seconds, most in self._limits.items():
            within = [at for at in calls if now - at < seconds]
            if len(within) >= most:
                # The call that has to grow old before another fits.
                wait = within[-most] + seconds - now
                told = f"this number was called {most} times within {seconds:g} s, which is the most there is"
                if wait <= WORTH_WAITING_S:
                    return Outcome("retry", told, retry_after=wait)
                return Outcome("refused", f"{told}; another way to the person is needed")
        return None

    def count(self, number: str) -> None:
        """A call is being made now."""
        now, longest = self._monotonic(), max(self._limits, default=0)
        calls = self._calls.pop(number, None) or deque()
        while calls and now - calls[0] >= longest:
            calls.popleft()
        calls.append(now)
        self._calls[number] = calls  # at the end: called last
        while len(self._calls) > MOST_NUMBERS:
            self._calls.pop(next(iter(self._calls)))

    def uncount(self, number: str) -> None:
        """The call counted last was not made."""
        if calls := self._calls.get(number):
            calls.pop()
