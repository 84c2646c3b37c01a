"""The API application: what is made of what. Nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI

from api import document, pages, problems, stream
from api.deps import Parts
from api.follower import Follower
from api.headers import SecurityHeaders
from api.own_pages import OwnPagesOnly
from api.routes import (
    alerts,
    audit,
    auth,
    backtests,
    base_map,
    bulletins,
    cameras,
    contacts,
    county,
    dead_letters,
    desk,
    drills,
    duty,
    events,
    evidence,
    health,
    incident_files,
    incident_more,
    incidents,
    me,
    patrols,
    persons,
    pictures,
    plans,
    positions,
    receipts,
    records,
    registry,
    registry_edit,
    retention,
    rule_versions,
    shelves,
    stats,
    totp,
    users,
    video,
    walls,
    work_items,
)
from gateway.clock import Clock, clock_of
from gateway.settings import Settings
from gateway.store.pool import Pool
from gateway.telling.tell import Announcer
from gateway.video.platforms import platforms_of

#: What `/api/v1` is made of, one file a noun.
ROUTERS = (
    alerts,
    audit,
    auth,
    backtests,
    base_map,
    bulletins,
    cameras,
    contacts,
    county,
    dead_letters,
    desk,
    drills,
    duty,
    events,
    evidence,
    incident_files,
    incident_more,
    incidents,
    me,
    patrols,
    persons,
    pictures,
    plans,
    positions,
    receipts,
    records,
    registry,
    registry_edit,
    retention,
    rule_versions,
    shelves,
    stats,
    totp,
    users,
    video,
    walls,
    work_items,
)
DESCRIPTION = """
Alerts, incidents and what led to them. Log in at `/api/v1/auth/login`; follow changes at `/api/v1/stream`.
Lists answer `{"items": […], "next": cursor}`; errors are problem+json.
"""


def make_app(settings: Settings, clock: Clock | None = None) -> FastAPI:
    """Return the application; its connections open when it starts and close when it ends."""
    pool = Pool(settings.database, "api", size=12)
    follower = Follower(settings.station, pool, settings.database)
    announcer = Announcer(settings.station, command_room=bool(settings.command_room_url))
    platforms = platforms_of(settings)

    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        pool.open()
        await follower.start()
        yield
        await follower.stop()
        await platforms.close()
        pool.close()

    app = FastAPI(
        title="Anxin", version=version("anxin"), description=DESCRIPTION, lifespan=life,
        generate_unique_id_function=document.operation_id,
        docs_url=None, redoc_url=None,  # FastAPI's own pages load their scripts from elsewhere
    )  # fmt: skip
    app.state.parts = Parts(settings, clock or clock_of(settings.clock), pool, follower, announcer, platforms)
    app.add_middleware(OwnPagesOnly)
    app.add_middleware(SecurityHeaders, media=platforms.origins)  # around all of it, refusals included
    problems.install(app)
    document.install(app)
    for router in ROUTERS:
        app.include_router(router.router, prefix="/api/v1")
    app.include_router(stream.router, prefix="/api/v1")
    app.include_router(health.router)
    app.include_router(base_map.files)
    pages.install(app)
    return app
