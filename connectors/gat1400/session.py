"""Registered and kept so: register, keepalive, registered anew where the platform has forgotten us, unregister."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Literal, NamedTuple

from connectors.gat1400.actions import Verdict, verdicts
from connectors.gat1400.answers import Reply
from connectors.gat1400.client import Client
from connectors.gat1400.config import ViidConfig
from connectors.gat1400.objects import KEEPALIVE, REGISTER, UNREGISTER, session_object

State = Literal["off", "registering", "online"]
#: A request of the session is small; a platform that takes longer is away.
SESSION_S, LEAVING_S = 8.0, 3.0
#: The wait between registrations doubles up to so many times the first.
MOST_TIMES = 16


class StateChanged(NamedTuple):
    """The link is in another state: the HTTP status or StatusCode that did it, 0 for none, and why."""

    state: State
    status: int
    why: str


class Session:
    """One registration. `told` hears of every change of state, on the loop's thread."""

    def __init__(self, config: ViidConfig, client: Client, told: Callable[[StateChanged], None]) -> None:
        self._config, self.client, self._told = config, client, told
        self.state: State = "off"
        self._lost = asyncio.Event()
        self._registering = asyncio.Lock()
        #: Counts registrations: two requests that are refused at once register anew once.
        self._registered = 0

    @property
    def online(self) -> bool:
        """Whether the platform has us."""
        return self.state == "online"

    async def run(self) -> None:
        """Register and stay registered until cancelled; then the platform is told that we leave."""
        try:
            while True:
                await self._enter()
                await self._stay()
        finally:
            if self.online:
                with suppress(TimeoutError):
                    async with asyncio.timeout(LEAVING_S):
                        await self._say(UNREGISTER)
            self._be("off")
            await self.client.close()

    async def post(self, path: str, ids: Sequence[str], told: Any, *, at: str | None = None) -> list[Verdict]:
        """Send a batch and return of each object what became of it: `done`, `again`, `limited` or `never`.

        Where the platform says that it does not know us it is registered anew, once, and sent again.
        """
        registered = self._registered
        found = verdicts(ids, await self.client.ask(path, told, at=at))
        if not any(one.action in {"register", "refused_once"} for one in found):
            return found
        if not await self._anew(registered):
            return [Verdict("again", one.why) if one.action == "refused_once" else _later(one) for one in found]
        again = verdicts(ids, await self.client.ask(path, told, at=at))
        # What was taken the first time is not undone by what is said of it the second.
        return [one if one.action == "done" else _final(two) for one, two in zip(found, again, strict=True)]

    async def _enter(self) -> None:
        wait_s = self._config.retry_s
        while not await self._anew(self._registered):
            await asyncio.sleep(wait_s * random.uniform(1, 2))  # noqa: S311  # jitter, no secret
            wait_s = min(wait_s * 2, self._config.retry_s * MOST_TIMES)

    async def _anew(self, registered: int) -> bool:
        """Register, unless somebody did since `registered` was counted; says whether the platform has us."""
        async with self._registering:
            if self._registered != registered:
                return self.online
            self._be("registering")
            reply = await self._say(REGISTER)
            (verdict,) = verdicts([""], reply)
            # Some answer a registration with HTTP 200 and nothing.
            if verdict.action == "done" or (reply.http in {200, 201} and not reply.statuses):
                self._registered += 1
                self._lost.clear()
                self._be("online")
                return True
            self._be("registering", _number(reply), verdict.why)
            self._lost.set()
            return False

    async def _stay(self) -> None:
        """Say that we are there, until the platform has not heard it too often or says it does not know us."""
        missed = 0
        while missed < self._config.keepalive_misses:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._config.keepalive_s):
                    await self._lost.wait()
                    return
            registered = self._registered
            reply = await self._say(KEEPALIVE)
            (verdict,) = verdicts([""], reply)
            if verdict.action == "done" or (reply.http in {200, 201} and not reply.statuses):
                missed = 0
            elif verdict.action in {"register", "refused_once"}:
                if not await self._anew(registered):
                    return
                missed = 0
            else:
                missed += 1
        self._be("registering", 0, f"{missed} keepalives were not answered")

    async def _say(self, path: str) -> Reply:
        return await self.client.ask(path, session_object(path, self._config.device_id), limit_s=SESSION_S)

    def _be(self, state: State, status: int = 0, why: str = "") -> None:
        if state != self.state or why:
            self.state = state
            self._told(StateChanged(state, status, why))


def _number(reply: Reply) -> int:
    return reply.statuses[0].code if reply.http in {200, 201} and reply.statuses else reply.http


def _later(verdict: Verdict) -> Verdict:
    """Not registered: the object is not at fault."""
    return Verdict("again", verdict.why) if verdict.action == "register" else verdict


def _final(verdict: Verdict) -> Verdict:
    """Registered anew and sent again: who still calls it invalid means it."""
    if verdict.action == "refused_once":
        return Verdict("never", verdict.why)
    return _later(verdict)
