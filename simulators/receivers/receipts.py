"""Receipts: a phone that has a message says so, with the token the message carried."""

import asyncio
import logging
from datetime import UTC, datetime
from typing import Any

import httpx2 as httpx

log = logging.getLogger(__name__)

#: A phone tries again when the gateway's API is not there yet.
TRIES = 5
WAIT_S = 1.0
ANSWER_S = 5.0


class Receipts:
    """Posts `<base>/<token>` for each message that carries a token; without a base nobody says anything.

    `seen` says that the phone's owner looks at once, too.
    """

    def __init__(self, base_url: str | None, *, seen: bool = False) -> None:
        """Set where receipts go: the API's `/api/v1/receipts`."""
        self._base = base_url.rstrip("/") if base_url else None
        self._steps = ("delivered", "seen") if seen else ("delivered",)
        self._under_way: set[asyncio.Task[None]] = set()

    def show(self, message: dict[str, Any]) -> None:
        """Say, a moment later, that a message has arrived. From the event loop."""
        token = message.get("receipt")
        if self._base is None or not isinstance(token, str):
            return
        task = asyncio.get_running_loop().create_task(self._show(f"{self._base}/{token}"))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _show(self, url: str) -> None:
        async with httpx.AsyncClient(timeout=ANSWER_S) as client:
            for step in self._steps:
                for attempt in range(1, TRIES + 1):
                    try:
                        body = {"step": step, "at": datetime.now(UTC).isoformat()}
                        (await client.post(url, json=body)).raise_for_status()
                    except httpx.HTTPError as error:
                        log.warning("a receipt was not taken (%d of %d): %s", attempt, TRIES, error)
                        await asyncio.sleep(WAIT_S)
                    else:
                        break
