"""The pages people look at: the command room's console at `/`, the officer's phone at `/m`, and what they fetch.

They are built from `api/console/` (`make console`) into `api/console/dist/`, which the wheel carries.
"""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

BUILT = Path(__file__).parent / "console" / "dist"
#: The package that carries Swagger UI, and the folder in it; nothing else of it is used.
SWAGGER = ("fastapi_swagger", "resources")
#: What has its content's hash in its name never changes.
FOR_GOOD = "public, max-age=31536000, immutable"
#: The phone's service worker, and how far it reaches; asked for anew each time, or a phone would keep an old page.
WORKER, REACHES = "sw.js", "/m"


class Pages(StaticFiles):
    """The built files; an address that only the page itself knows (`/devices`, `/m/shift`) answers the page."""

    async def check_config(self) -> None:
        """Ask for no folder: without one, what people open says so, and everything else is what is not there."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer a file, or the page it is an address of."""
        if path in {".", "m"}:
            _must_be_built()
        try:
            response = await super().get_response(path, scope)
        except HTTPException as error:
            if error.status_code != 404 or not _is_address(path, scope):  # noqa: PLR2004
                raise
            _must_be_built()
            page = "phone.html" if path == "m" or path.startswith("m/") else "index.html"
            response = await super().get_response(page, scope)
        if path.startswith("assets/") and response.status_code < 400:  # noqa: PLR2004
            response.headers["Cache-Control"] = FOR_GOOD
        if path == WORKER:
            response.headers["Cache-Control"] = "no-cache"
            response.headers["Service-Worker-Allowed"] = REACHES
        return response


def _is_address(path: str, scope: Scope) -> bool:
    """A browser asks for an address of a page with `Accept: text/html`; files have a dot, and the API has its own."""
    accepts = next((value for name, value in scope["headers"] if name == b"accept"), b"")
    return b"text/html" in accepts and "." not in path.rpartition("/")[2] and not path.startswith("api/")


def is_built() -> bool:
    """Whether there are pages to serve."""
    return (BUILT / "index.html").is_file()


def install(app: FastAPI) -> None:
    """Serve the pages, last: what the API has by itself comes first."""
    app.mount("/swagger", StaticFiles(packages=[SWAGGER]), name="swagger")
    app.add_api_route("/docs", _docs, include_in_schema=False)
    app.mount("/", Pages(directory=BUILT, html=True, check_dir=False), name="pages")


def _docs() -> Response:
    _must_be_built()
    return FileResponse(BUILT / "docs.html")


def _must_be_built() -> None:
    if not is_built():
        raise HTTPException(503, "the console has not been built; run `make console` and start again")
