"""The API application: what is made of what. Nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from api import problems, stream
from api.deps import Parts
from api.follower import Follower
from api.headers import SecurityHeaders
from api.routes import alerts, auth, events, health, incidents, registry
from gateway.clock import Clock, SystemClock
from gateway.settings import Settings
from gateway.store.pool import Pool
from gateway.tell import Announcer

CONSOLE = Path(__file__).parent / "console"
DESCRIPTION = """
Alerts, incidents and what led to them. Log in at `/api/v1/auth/login`; follow changes at `/api/v1/stream`.
Lists answer `{"items": […], "next": cursor}`; errors are problem+json.
"""


def make_app(settings: Settings, clock: Clock | None = None) -> FastAPI:
    """Return the application; its connections open when it starts and close when it ends."""
    pool = Pool(settings.database, "api", size=12)
    follower = Follower(settings.station, pool, settings.database)
    announcer = Announcer(settings.station, command_room=bool(settings.command_room_url))

    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        pool.open()
        await follower.start()
        yield
        await follower.stop()
        pool.close()

    app = FastAPI(title="Anxin", version=version("anxin"), description=DESCRIPTION, lifespan=life)
    app.state.parts = Parts(settings, clock or SystemClock(), pool, follower, announcer)
    app.add_middleware(SecurityHeaders)
    problems.install(app)
    for router in (auth, alerts, incidents, events, registry):
        app.include_router(router.router, prefix="/api/v1")
    app.include_router(health.private, prefix="/api/v1")
    app.include_router(stream.router, prefix="/api/v1")
    app.include_router(health.router)
    app.mount("/", StaticFiles(directory=CONSOLE, html=True), name="console")
    return app
