"""A session to an image database that really runs, on a loop of its own, and what carries our receiver."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, Self, TypeVar

import uvicorn

from connectors.gat1400.client import Client
from connectors.gat1400.config import ViidConfig
from connectors.gat1400.receiver import Receiver
from connectors.gat1400.session import Session, StateChanged
from connectors.gat1400.subscriptions import Subscription
from connectors.gat1400.traffic import Traffic
from tests.unit.simulators.raw_sip import GATEWAY, PASSWORD

_T = TypeVar("_T")
DATABASE = "34020000005030000001"


def until(told: Callable[[], _T], what: str, seconds: float = 10) -> _T:
    ends = time.monotonic() + seconds
    while not (found := told()):
        assert time.monotonic() < ends, f"waited {seconds} s for {what}"
        time.sleep(0.02)
    return found


class Running:
    """Our client and receiver against a platform at a port."""

    def __init__(self, port: int, traffic: Traffic | None = None, **told: Any) -> None:
        self._traffic = traffic
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self.port = found.getsockname()[1]
        self.config = ViidConfig.model_validate({
            "url": f"http://127.0.0.1:{port}", "server_id": DATABASE, "device_id": GATEWAY, "password": PASSWORD,
            "keepalive_s": 0.3, "retry_s": 0.1, "listen": f"127.0.0.1:{self.port}", **told,
        })  # fmt: skip
        self.news: list[StateChanged] = []
        self.subscriptions: dict[str, Subscription] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="ours")

    def __enter__(self) -> Self:
        self._thread.start()

        async def start() -> None:
            password = self.config.password.get_secret_value() if self.config.password else ""
            client = Client(self.config.url, GATEWAY, self.config.username, password, limit_s=5, traffic=self._traffic)
            self.session = Session(self.config, client, self.news.append)
            self._task = asyncio.create_task(self.session.run())
            receiver = Receiver(
                self.config, self, lambda: datetime.now(UTC), lambda peer: peer == "127.0.0.1", self._traffic
            )
            self._server = uvicorn.Server(
                uvicorn.Config(receiver, "127.0.0.1", self.port, log_level="error", lifespan="off")
            )
            self._serving = asyncio.create_task(self._server.serve())

        self.run(start())
        until(lambda: self._server.started, "our server")
        return self

    def __exit__(self, *_: object) -> None:
        async def stop() -> None:
            self._server.should_exit = True
            await self._serving
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

        self.run(stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, act: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(act, self._loop).result(30)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def keep(self, subscription: Subscription) -> bool:
        self.subscriptions[subscription.id] = subscription
        return True

    async def drop(self, own: str) -> bool:
        self.subscriptions.pop(own, None)
        return True
