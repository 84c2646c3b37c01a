"""Community screens and televisions: what each shows of what the gateway keeps for it at the broker; at `/screens`."""

import json
import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route

from simulators.credentials import Credentials
from simulators.device import Device
from simulators.fleet import Fleet
from simulators.site_file import DeviceEntry, Site

log = logging.getLogger(__name__)

TURN_S = 0.2
LONGEST_PAYLOAD = 256 * 1024

_PAGE = """<!doctype html>
<html lang="zh"><head><meta charset="utf-8"><title>屏幕 · Screens</title>
<meta http-equiv="refresh" content="2">
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; background: #d7dde3; margin: 1rem; display: flex; gap: 1.2rem;
        flex-wrap: wrap; align-items: flex-start }}
section {{ background: #0b1f3a; color: #fff; border: .5rem solid #222; border-radius: .4rem; padding: 1rem 1.2rem;
           width: 26rem; min-height: 12rem }}
section.tv {{ border-color: #555; border-bottom-width: 1.6rem }}
h2 {{ font-size: .85rem; font-weight: 400; margin: 0 0 .8rem; color: #9fb3c8 }}
article {{ border-top: 1px solid #33507a; padding: .6rem 0 }}
article.urgent {{ background: #8c1d18; margin: 0 -1.2rem; padding: .6rem 1.2rem }}
b {{ display: block; font-size: 1.25rem }} small {{ color: #9fb3c8 }}
</style></head><body>{screens}</body></html>"""


@dataclass
class Screen:
    """One screen: what it was told last."""

    entry: DeviceEntry
    bulletins: list[dict[str, Any]] = field(default_factory=list)
    told: int = 0

    def shown(self, now: datetime) -> list[dict[str, Any]]:
        """Return what it shows at a moment (aware): a bulletin also ends by the screen's own clock."""
        return [one for one in self.bulletins if _begun_and_not_over(one, now)]


class Screens:
    """A site's screens, each with its own login; one thread drives their connections.

    A screen says `screen.showed` for what it begins to show.
    """

    def __init__(self, site: Site, credentials: Credentials, now: Callable[[], datetime]) -> None:
        """Prepare; raises CredentialsError when a screen has no login."""
        self._now = now
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._screens: dict[str, Screen] = {}
        self._devices: dict[str, Device] = {}
        for entry in site.find("screen"):
            if entry.attributes.get("shows") != "nothing":
                self._screens[entry.id] = Screen(entry)
                self._devices[entry.id] = self._device(entry.id, site, credentials)
        self._fleet = Fleet(self._devices.values())
        self._thread = threading.Thread(target=self._run, name="screens", daemon=True)

    def start(self) -> None:
        """Switch them on."""
        self._thread.start()

    def stop(self) -> None:
        """Switch them off."""
        self._stopping.set()
        self._thread.join(5)

    def mount(self) -> Mount:
        """Return the routes below `/screens`."""
        return Mount(
            "/screens", routes=[Route("/shown", self._shown, methods=["GET"]), Route("/", self._page, methods=["GET"])]
        )

    def _device(self, screen: str, site: Site, credentials: Credentials) -> Device:
        topic = f"anxin/v1/{site.station}/{screen}/display"
        # The town plays the same device's statuses: this is its panel, a connection of its own.
        return Device(
            screen, credentials, zone=site.time_zone, announces=False, client_id=f"{site.station}-{screen}-panel",
            hears={topic: lambda payload: self._hear(screen, payload)},
        )  # fmt: skip

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._fleet.turn(TURN_S)
        self._fleet.close()

    def _hear(self, screen: str, payload: bytes) -> None:
        if not payload or len(payload) > LONGEST_PAYLOAD:
            return
        try:
            told: Any = json.loads(payload)
            bulletins = [one for one in told["bulletins"] if isinstance(one["id"], int)]
        except (ValueError, KeyError, TypeError) as error:
            log.warning("%s cannot read what it is told: %s", screen, error)
            return
        with self._lock:
            before = {one["id"] for one in self._screens[screen].bulletins}
            self._screens[screen].bulletins = bulletins
            self._screens[screen].told += 1
            begun = [one["id"] for one in self._screens[screen].shown(self._now()) if one["id"] not in before]
        if begun:
            self._devices[screen].report("screen.showed", {"bulletins": begun})

    async def _shown(self, request: Request) -> Response:
        """`{"items": [{"screen", "told", "bulletins"}]}`; `?screen=ID`."""
        wanted, now = request.query_params.get("screen"), self._now()
        with self._lock:
            items = [
                {"screen": name, "told": screen.told, "bulletins": screen.shown(now)}
                for name, screen in self._screens.items()
                if wanted in (None, name)
            ]
        return JSONResponse({"items": items})

    async def _page(self, _request: Request) -> Response:
        now = self._now()
        with self._lock:
            drawn = "".join(_drawn(screen.entry, screen.shown(now)) for screen in self._screens.values())
        return HTMLResponse(_PAGE.format(screens=drawn or "<p>这个辖区没有屏幕。There is no screen in this site.</p>"))


def _drawn(entry: DeviceEntry, bulletins: Iterable[dict[str, Any]]) -> str:
    kind = "tv" if entry.attributes.get("shows") == "tv" else ""
    shown = "".join(
        f'<article class="{"urgent" if one.get("urgent") else ""}"><b>{_text(one, "title")}</b>{_text(one, "text")}'
        "</article>"
        for one in bulletins
    )
    return (
        f'<section class="{kind}"><h2>{escape(entry.name or entry.id)} · {escape(entry.id)}</h2>'
        f"{shown or '<small>（没有通报）Nothing to show</small>'}</section>"
    )


def _text(bulletin: dict[str, Any], field_name: str) -> str:
    told = bulletin.get(field_name)
    if not isinstance(told, dict):
        return ""
    english = f"<br><small>{escape(str(told['en']))}</small>" if told.get("en") else ""
    return f"{escape(str(told.get('zh', '')))}{english}"


def _begun_and_not_over(bulletin: dict[str, Any], now: datetime) -> bool:
    try:
        begins, ends = (datetime.fromisoformat(str(bulletin[name])) for name in ("starts_at", "ends_at"))
    except (ValueError, KeyError, TypeError):
        return True  # without times it holds until it is told otherwise
    return begins <= now < ends
