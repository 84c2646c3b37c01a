"""The map: open cases where they are, what is around them, plans that are laid on it; and nothing from elsewhere."""

from __future__ import annotations

import json
import math
import re
import struct
import time
import zlib
from collections.abc import Iterator

import psycopg
import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from .conftest import PATIENCE_MS, SEEN_TOUR, Demo, accessible, enter, opened, picture

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

expect.set_options(timeout=PATIENCE_MS)

SCHOOLS = {"实验小学": (33.1512, 109.1038), "城关中学": (33.1537, 109.0952), "新城幼儿园": (33.1461, 109.0968)}
PULSE = """(element) => {
    const look = getComputedStyle(element, '::before');
    return [look.animationName, parseFloat(look.animationDuration)];
}"""
#: How grey bare earth is drawn; what lies beyond a tile's data is darker.
EARTH = 0xCC


def png(wide: int, high: int) -> bytes:
    """A picture of stripes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = b"".join(b"\0" + (b"\x60\x78\x8c" if row % 20 < 10 else b"\xf0\xf4\xf8") * wide for row in range(high))
    header = struct.pack(">IIBBBBB", wide, high, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def varint(number: int) -> bytes:
    """A number as protocol buffers and PMTiles write it."""
    return bytes([number & 127 | 128]) + varint(number >> 7) if number > 127 else bytes([number])


def field(tag: int, value: bytes | int) -> bytes:
    """A field of a protocol buffer."""
    if isinstance(value, int):
        return varint(tag << 3) + varint(value)
    return varint(tag << 3 | 2) + varint(len(value)) + value


def tile_id(zoom: int, x: int, y: int) -> int:
    """Where a tile stands in a PMTiles file: along the Hilbert curve of its zoom."""
    along, side = sum(4**one for one in range(zoom)), 1 << zoom
    half = side >> 1
    while half:
        right, low = (x & half) > 0, (y & half) > 0
        along += half * half * ((3 * right) ^ low)
        if not low:
            if right:
                x, y = side - 1 - x, side - 1 - y
            x, y = y, x
        half >>= 1
    return along


def pmtiles(lat: float, lon: float, zoom: int) -> bytes:
    """A base map of bare earth alone, in the nine tiles around a point."""
    square = [9, 0, 0, 26, 8192, 0, 0, 8192, 8191, 0, 15]  # to a corner, three sides of 4,096, closed
    kind = field(3, b"kind") + field(4, field(1, b"earth"))
    earth = field(2, field(2, b"\0\0") + field(3, 3) + field(4, b"".join(map(varint, square))))
    tile = field(3, field(1, b"earth") + earth + kind + field(5, 4096) + field(15, 2))
    x = int((lon + 180) / 360 * 2**zoom)
    y = int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 2**zoom)
    ids = sorted(tile_id(zoom, x + right, y + down) for right in (-1, 0, 1) for down in (-1, 0, 1))
    steps = [one - before for before, one in zip([0, *ids], ids, strict=False)]
    root = b"".join(map(varint, [len(ids), *steps, *([1] * len(ids)), *([len(tile)] * len(ids)), *([1] * len(ids))]))
    at = [127, len(root), 127 + len(root), 2, 0, 0, 129 + len(root), len(tile), len(ids), len(ids), 1]
    edge = [round(one * 1e7) for one in (lon - 1, lat - 1, lon + 1, lat + 1)]
    head = b"PMTiles\3" + struct.pack("<11Q", *at) + bytes([1, 1, 1, 1, zoom, zoom]) + struct.pack("<4i", *edge)
    return (head + bytes([zoom]) + struct.pack("<2i", edge[0], edge[1])).ljust(127, b"\0") + root + b"{}" + tile


@pytest.fixture
def on_map(page: Page, demo: Demo) -> Iterator[Page]:
    """The map, with the operator logged in."""
    page.set_viewport_size({"width": 1366, "height": 768})
    page.goto("/map")
    enter(page, demo)
    page.locator(".outline").first.wait_for(state="attached")
    yield page
    for button in ("school-1-button", "school-2-button", "school-3-button", "night-market-camera"):
        demo.settle(button)


def sign(page: Page, place: str) -> Locator:
    return page.locator(".case-sign", has_text=place)


def tip(locator: Locator) -> tuple[float, float]:
    """Where on the screen a sign points to."""
    box = locator.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] + 9


def test_presses_pulse_where_they_are_and_lead_to_their_case(on_map: Page, demo: Demo) -> None:
    for number in (1, 2, 3):
        demo.publish(f"school-{number}-button", "alarm.pressed")
    found = {name: sign(on_map, name) for name in SCHOOLS}
    for one in found.values():
        expect(one).to_have_class(re.compile(r"\bp1\b.*\bpulsing\b"))
        expect(one).to_contain_text("◆ P1")
    at = {name: tip(one) for name, one in found.items()}
    (lat, lon), (x, y) = SCHOOLS["实验小学"], at["实验小学"]
    across = {name: (at[name][0] - x) / (SCHOOLS[name][1] - lon) for name in ("城关中学", "新城幼儿园")}
    down = {name: (at[name][1] - y) / (SCHOOLS[name][0] - lat) for name in ("城关中学", "新城幼儿园")}
    assert across["城关中学"] == pytest.approx(across["新城幼儿园"], rel=0.03), "as far apart as they are on the ground"
    assert down["城关中学"] == pytest.approx(down["新城幼儿园"], rel=0.05)
    assert across["城关中学"] > 0 > down["城关中学"], "north is up"

    name, seconds = found["实验小学"].evaluate(PULSE)
    assert name == "pulse"
    assert seconds >= 1, "no faster than once a second"
    picture(on_map, "map")
    alert = demo.alert_of("school-1-button")
    demo.post(f"alerts/{alert['id']}/ack", {})
    expect(found["实验小学"]).not_to_have_class(re.compile("pulsing"))
    expect(found["城关中学"]).to_have_class(re.compile("pulsing"))

    found["实验小学"].click()
    card = on_map.locator(".card")
    expect(card).to_contain_text("校园一键报警")
    expect(card).to_contain_text("实验小学 · 东街网格")
    accessible(on_map)
    card.get_by_role("button", name="打开警情").click()
    expect(on_map).to_have_url(f"{demo.url}/")
    expect(on_map.locator("#detail")).to_contain_text("实验小学")

    # And back: the address that triage makes for a case shows it in the middle.
    incident = demo.get(f"alerts/{alert['id']}")["incidents"][-1]
    on_map.goto(f"/map?incident={incident}")
    expect(on_map.locator(".card")).to_contain_text("实验小学")
    expect(sign(on_map, "实验小学")).to_have_class(re.compile("current"))
    expect(on_map.locator(".map-case[aria-current]")).to_contain_text("实验小学")
    box = on_map.locator(".station-map").bounding_box()
    assert box is not None

    def is_in_the_middle() -> bool:
        x, y = tip(sign(on_map, "实验小学"))
        return abs(x - box["x"] - box["width"] / 2) < 5 and abs(y - box["y"] - box["height"] / 2) < 15

    for _ in range(50):  # it glides there
        if is_in_the_middle():
            break
        on_map.wait_for_timeout(100)
    assert is_in_the_middle()


def test_nothing_moves_for_whoever_asked_for_that(chromium: Browser, demo: Demo) -> None:
    demo.publish("school-1-button", "alarm.pressed")
    context = chromium.new_context(base_url=demo.url, reduced_motion="reduce", locale="zh-CN")
    context.set_default_timeout(PATIENCE_MS)
    context.add_init_script(SEEN_TOUR)
    page = context.new_page()
    page.goto("/map")
    enter(page, demo)
    expect(sign(page, "实验小学")).to_have_class(re.compile("pulsing"))
    assert sign(page, "实验小学").evaluate(PULSE)[0] == "none"
    context.close()
    demo.settle("school-1-button")


def test_areas_are_drawn_and_layers_switch_and_the_keyboard_moves_it(on_map: Page, demo: Demo) -> None:
    asked: list[str] = []
    on_map.on("request", lambda request: asked.append(request.url))
    on_map.reload()
    expect(on_map.locator(".outline.beat")).to_have_count(2)
    expect(on_map.locator(".outline.grid")).to_have_count(4)
    expect(on_map.locator(".outline.special_grid")).to_have_count(1)
    expect(on_map.locator(".area-name span", has_text="东街网格")).to_be_visible()
    on_map.get_by_label("警区网格").uncheck()
    expect(on_map.locator(".outline")).to_have_count(0)
    on_map.get_by_label("警区网格").check()
    expect(on_map.locator(".outline.beat")).to_have_count(2)

    ground = on_map.get_by_role("region", name=re.compile("辖区地图"))
    ground.focus()
    before = on_map.locator(".area-name.grid").first.bounding_box()
    on_map.keyboard.press("ArrowRight")
    on_map.wait_for_function(
        "(x) => Math.abs(document.querySelector('.area-name.grid').getBoundingClientRect().x - x) > 20",
        arg=before["x"] if before else 0,
    )
    for _ in range(3):
        on_map.keyboard.press("+")
        time.sleep(0.5)
    on_map.keyboard.press("0")
    expect(on_map.locator(".area-name span", has_text="东街网格")).to_be_visible()
    accessible(on_map)
    on_map.get_by_role("button", name="English").click()
    expect(on_map.get_by_role("region", name=re.compile("Map of the station"))).to_be_visible()
    expect(on_map.locator(".outline.beat")).to_have_count(2)
    accessible(on_map)
    picture(on_map, "map-english")
    assert [url for url in asked if not url.startswith((demo.url, "data:"))] == [], "nothing is fetched from elsewhere"
    on_map.get_by_role("button", name="中文").click()


def test_a_crowd_shows_who_is_near_it(on_map: Page, demo: Demo) -> None:
    with psycopg.connect(demo.told["database_url"]) as database:
        for username, lat in (("officer", 33.1466), ("deputy", 33.1502)):
            database.execute(
                "insert into footprint (station_id, username, at, kind, lat, lon, client_id)"
                " values (%s, %s, now() - interval '4 minutes', 'position', %s, 109.0996, gen_random_uuid()::text)",
                [demo.told["station"], username, lat],
            )
    on_map.reload()
    for _ in range(3):
        demo.publish("night-market-camera", "camera.crowding", {"people": 520, "limit": 300})
    on_map.locator(".map-case", has_text="人群聚集").click()
    near = on_map.locator(".card .near li")
    expect(on_map.locator(".card")).to_contain_text("人群附近的在岗人员")
    expect(near.nth(0)).to_contain_text("北 100 米")
    expect(near.nth(1)).to_contain_text("北 500 米")
    expect(near.nth(0)).to_contain_text(re.compile("4 分.*前的位置"))
    expect(on_map.locator(".person-sign").first).to_be_visible()
    on_map.wait_for_timeout(1000)  # the map comes to rest
    picture(on_map, "map-crowd")


def test_a_plan_is_laid_dragged_and_seen(chromium: Browser, demo: Demo) -> None:
    demo.publish("school-1-button", "alarm.pressed")
    with opened(chromium, demo, width=1366) as page:
        page.goto("/map")
        enter(page, demo, "commander")
        page.locator(".map-case", has_text="实验小学").click()
        page.locator(".card .close").click()
        page.wait_for_timeout(1000)  # the map comes to rest
        x, y = tip(sign(page, "实验小学"))
        page.mouse.click(x, y + 3)
        expect(page.locator(".card h2")).to_have_text("实验小学")
        page.get_by_role("button", name="放平面图").click()
        page.locator("#plan-file").set_input_files(
            {"name": "plan.png", "mimeType": "image/png", "buffer": png(300, 200)}
        )
        corner = page.get_by_role("button", name="平面图右上角")
        box = corner.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 15, box["y"] + 15)
        page.mouse.down()
        page.mouse.move(box["x"] + 15, box["y"] + 55, steps=4)
        page.mouse.up()
        page.get_by_role("button", name="平面图左下角").focus()
        page.keyboard.press("Shift+ArrowRight")
        accessible(page)
        page.get_by_role("button", name="保存").click()
        expect(page.locator("#notices")).to_contain_text("已放上实验小学的平面图")
        (plan,) = [one["plan"] for one in demo.get("places?limit=1000")["items"] if one["id"] == "school-1"]
        origin, right, below = plan["corners"]
        assert right[0] < origin[0] - 5e-5, "the corner was dragged down"
        assert below[1] > origin[1] + 1e-5, "and the other one moved by the keyboard"
        page.reload()
        image = page.locator("img.plan")
        expect(image).to_be_visible()
        assert image.evaluate("(image) => image.naturalWidth") == 300
        assert "matrix" in image.evaluate("(image) => getComputedStyle(image).transform")
    demo.settle("school-1-button")


def test_a_base_map_of_the_customers_is_drawn_from_its_file(on_map: Page, demo: Demo) -> None:
    """The file is served in ranges, as the gateway does it; the policy against foreign content is its own."""
    told = demo.get("map")
    whole = pmtiles(told["centre"]["lat"], told["centre"]["lon"], 14)

    def ranges(route: Route) -> None:
        first, last = (int(one) for one in route.request.headers["range"].removeprefix("bytes=").split("-"))
        part = whole[first : last + 1]
        span = f"bytes {first}-{first + len(part) - 1}/{len(whole)}"
        route.fulfill(status=206, body=part, headers={"Content-Range": span, "ETag": '"1"'})

    on_map.route("**/map/base.pmtiles", ranges)
    answer = json.dumps({**told, "tiles": "/map/base.pmtiles", "attribution": "© 某县 审图号 0000"})
    on_map.route("**/api/v1/map", lambda route: route.fulfill(body=answer, content_type="application/json"))
    on_map.reload()
    expect(on_map.locator(".attribution")).to_have_text("© 某县 审图号 0000")
    on_map.locator("canvas.leaflet-tile").first.wait_for()
    on_map.wait_for_function(
        """(earth) => [...document.querySelectorAll('canvas.leaflet-tile')].some((canvas) => {
            const [red, green, blue, seen] = canvas.getContext('2d').getImageData(128, 128, 1, 1).data;
            return seen === 255 && red === green && green === blue && red === earth;
        })""",
        arg=EARTH,
    )
    expect(on_map.locator(".outline.beat").first).to_be_visible()
