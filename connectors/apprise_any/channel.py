"""The catch-all: one apprise URL per recipient, sent in a thread with a time-out.

Accepted here is the weakest word of all: apprise says «sent» to whatever answers HTTP 200, an error code in the body
included (measured with DingTalk, Feishu, Lark and the WeCom robot). So nobody's only way.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from connectors.hiding import hidden
from connectors.wording import link_of, said
from gateway.model.ports import Message, Outcome

#: apprise's own requests wait up to 4 s twice; what takes longer is left to end by itself.
TIMEOUT_S = 6.0
#: Threads that may hang at once.
MOST_AT_ONCE = 8


def is_installed() -> bool:
    """Say whether the optional package is there."""
    return find_spec("apprise") is not None


class AppriseChannel:
    """Sends over apprise. `public_url` is where phones reach the gateway."""

    name = "apprise"
    receipts = False
    rate_per_min: int | None = None

    def __init__(self, *, public_url: str | None = None, limit_s: float = TIMEOUT_S) -> None:
        self._public_url, self._limit_s = public_url, limit_s
        self._under_way = 0
        # Both tell URLs with the tokens in them.
        for name in ("apprise", "urllib3"):
            logging.getLogger(name).setLevel(logging.CRITICAL)

    async def send(self, message: Message) -> Outcome:
        """Send one message; whatever goes wrong is tried again, but for a URL that apprise cannot read."""
        if self._under_way >= MOST_AT_ONCE:
            return Outcome("retry", f"{MOST_AT_ONCE} messages hang already")
        link = link_of(message, self._public_url)
        text = said(message, "body") + (f"\n{link}" if link else "")
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[Outcome] = loop.create_future()
        self._under_way += 1

        def tell(outcome: Outcome) -> None:
            self._under_way -= 1
            if not ended.done():
                ended.set_result(outcome)

        def work() -> None:
            outcome = _notify(message.recipient, said(message, "title"), text)
            _safely(loop.call_soon_threadsafe, tell, outcome)

        # A thread of its own that nobody waits for: one that hangs must not keep the gateway from ending.
        threading.Thread(target=work, name="apprise", daemon=True).start()
        try:
            return await asyncio.wait_for(asyncio.shield(ended), self._limit_s)
        except TimeoutError:
            return Outcome("retry", f"no answer within {self._limit_s:g} s")

    async def close(self) -> None:
        """Nothing is held."""


def _notify(url: str, title: str, text: str) -> Outcome:
    try:
        import apprise  # noqa: PLC0415  # optional, and slow to load

        sender = apprise.Apprise()
        if not sender.add(url):
            return Outcome("refused", "apprise does not know what this address is; see its list of services")
        told = sender.notify(body=text, title=title)
    except ImportError:
        return Outcome("refused", "the package apprise is not installed: pip install 'anxin[apprise]'")
    except Exception as error:  # noqa: BLE001  # a hundred plugins of others
        return Outcome("retry", hidden(f"{type(error).__name__}: {error}", url))
    return Outcome("accepted", "unconfirmed") if told else Outcome("retry", "apprise could not send it")


def _safely(act: Callable[..., Any], *arguments: object) -> None:
    try:
        act(*arguments)
    except RuntimeError:
        return  # the loop has ended meanwhile, and nobody waits
