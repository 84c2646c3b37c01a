"""What a browser fetches before the command room's list stands there: a desk behind a slow line waits for that."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from api.pages import BUILT

pytestmark = pytest.mark.browser

FIRST_LOAD = 500 * 1024
PHONE_LOAD = 300 * 1024


def first_load(page: str) -> dict[str, int]:
    """Sizes in bytes, compressed, of a page and of everything it fetches by itself."""
    built: dict[str, dict[str, Any]] = json.loads((BUILT / "built.json").read_text(encoding="utf-8"))
    files = {page}
    waiting, seen = [page], set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        part = built[name]
        files |= {part["file"], *part.get("css", ())}
        waiting += part.get("imports", ())
    return {file: len(gzip.compress((BUILT / file).read_bytes())) for file in files}


@pytest.mark.parametrize(("page", "most"), [("index.html", FIRST_LOAD), ("phone.html", PHONE_LOAD)])
def test_the_first_load_is_light(page: str, most: int) -> None:
    weighed = first_load(page)
    assert sum(weighed.values()) <= most, weighed


@pytest.mark.parametrize("heavy", [b"leaflet-container", b"_echarts_instance_"])
def test_maps_and_charts_come_when_they_are_opened(heavy: bytes) -> None:
    everything = b"".join(file.read_bytes() for file in (BUILT / "assets").glob("*.js"))
    first = b"".join((BUILT / file).read_bytes() for file in first_load("index.html") if file.endswith(".js"))
    assert heavy in everything, "the sign it is known by has changed"
    assert heavy not in first
