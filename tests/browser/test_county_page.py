"""The county's platform: a link that breaks and comes back, what became of each alarm, and where else it is seen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from playwright.sync_api import Page, expect

from .conftest import PATIENCE_MS, Demo, accessible, enter, picture
from .test_triage import raised

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

expect.set_options(timeout=PATIENCE_MS)

STATION, BUTTON = "chengguan", "34020000111345000001"
#: Its process is heard for as long as a test takes.
ONLINE = (
    "state = 'online', status = 200, why = '', changed_at = now() - interval '3 hours', "
    "seen_at = now() + interval '1 hour', registered_at = now() - interval '3 hours'"
)
REFUSED = "state = 'waiting', status = 403, why = '403 Forbidden', changed_at = now() - interval '3 minutes'"


def run(demo: Demo, statement: str, *parameters: object) -> None:
    with psycopg.connect(demo.told["database_url"]) as database:
        database.execute(statement, parameters)  # type: ignore[arg-type]


@contextmanager
def link(demo: Demo) -> Iterator[None]:
    """A link that is well, with codes for every device; nothing of it is left to the next test."""
    run(
        demo,
        "insert into county_link (station_id, name, change_id, server, device_code, state, status, why, changed_at, "
        "seen_at, clock_offset_s, items, told_at, subscriptions) values (%s, 'county', 0, '10.20.0.5:5060', "
        "'34020000012005000001', 'online', 200, '', now(), now(), 0.3, 14, now(), '{\"Alarm\": 3600}')",
        STATION,
    )
    run(
        demo,
        "insert into county_code select station_id, id, case when id = 'school-1-button' then %s else "
        "'3402000011134' || lpad(row_number() over (order by id)::text, 7, '0') end, now() - interval '1 day' "
        "from device where station_id = %s",
        BUTTON, STATION,
    )  # fmt: skip
    stand(demo, ONLINE)
    try:
        yield
    finally:
        run(demo, "delete from attempt where notification_id in (select id from notification where purpose = 'county')")
        for table in ("notification where purpose = 'county'", "county_code", "county_link"):
            run(demo, f"delete from {table}")  # noqa: S608  # ours


def stand(demo: Demo, how: str) -> None:
    run(demo, f"update county_link set {how}")  # noqa: S608  # ours


PUT = """
with put as (
    insert into notification (station_id, key, channel, recipient, priority, alert_id, body, purpose, state, created_at,
        due_at, expires_at, attempts, accepted_at, acknowledged_at, provider_id)
    values (%(station)s, 'county:' || %(number)s, 'county:county', 'county', 'P1', %(alert)s,
        jsonb_build_object('channel', %(channel)s::text, 'priority', 1, 'method', 2, 'type', null, 'at', now()),
        'county', %(state)s, now() - interval '6 minutes', now() + interval '1 minute', now() + interval '1 day', 1,
        case when %(state)s in ('accepted', 'acknowledged') then now() end,
        case when %(state)s = 'acknowledged' then now() end,
        case when %(state)s in ('accepted', 'acknowledged') then 'message 200' end)
    returning id
)
insert into attempt (notification_id, started_at, ended_at, result, detail)
select id, now(), now(), %(result)s, %(detail)s from put where %(result)s <> ''
"""


def put(demo: Demo, alert: int, number: int, state: str, result: str = "", detail: str = "") -> None:
    """An alarm in the outbox, in a state, with its last try."""
    told = {
        "station": STATION, "number": number, "alert": alert, "channel": BUTTON, "state": state, "result": result,
        "detail": detail,
    }  # fmt: skip
    with psycopg.connect(demo.told["database_url"]) as database:
        database.execute(PUT, told)


def test_without_a_link_the_page_says_what_it_is_and_where_to_read(page: Page, demo: Demo) -> None:
    page.goto("/county")
    enter(page, demo, "operator")
    expect(page.locator("#no-county")).to_contain_text("docs/county.md")
    page.locator("#language").click()
    expect(page.locator("#no-county")).to_contain_text("no link to a county's video platform yet")
    expect(page.get_by_role("heading", name="County platform")).to_be_visible()


def test_a_link_that_breaks_is_seen_here_and_on_every_page(page: Page, demo: Demo) -> None:
    with link(demo):
        page.goto("/county")
        enter(page, demo, "operator")
        card = page.locator("[data-link=county]")
        expect(card).to_contain_text("已注册")
        expect(card).to_contain_text("34020000012005000001")
        expect(page.locator("[data-step]")).to_have_count(7)
        expect(page.locator("[data-step]:not([data-level=ok])")).to_have_count(0)
        expect(page.locator("#county-down")).to_have_count(0)
        stand(demo, REFUSED)
        expect(card).to_contain_text("等待重试")
        expect(card).to_contain_text("403 Forbidden")
        broken = page.locator("[data-step=registered]")
        expect(broken).to_have_attribute("data-level", "error")
        expect(broken).to_contain_text("故障")
        expect(broken).to_contain_text("联系县平台运维")
        page.goto("/")
        expect(page.locator("#county-down")).to_contain_text("县平台链路中断：county（自 ")
        page.locator("#language").click()
        expect(page.locator("#county-down")).to_contain_text(
            "The link to the county's platform is down: county (since "
        )
        stand(demo, ONLINE)
        stand(demo, "seen_at = now() - interval '1 minute'")
        page.goto("/county")
        expect(card).to_contain_text("process not running")
        stand(demo, ONLINE)
        expect(card).to_contain_text("registered")
        expect(page.locator("#county-down")).to_have_count(0)
        expect(page.locator("[data-step]:not([data-level=ok])")).to_have_count(0)


def test_what_became_of_each_alarm_here_and_with_its_alert(page: Page, demo: Demo) -> None:
    demo.settle("school-1-button")
    alert, _incident = raised(demo, "school-1-button", "alarm.pressed", {})
    with link(demo):
        page.goto("/county")
        enter(page, demo, "operator")
        expect(page.get_by_text("还没有报警上报")).to_be_visible()
        put(demo, alert, 1, "queued", "retry", "503 Service Unavailable")
        waits = page.locator("[data-state=waiting]")
        expect(waits).to_contain_text("等待中 · 下次")
        late = page.locator("[data-step=waiting]")
        expect(late).to_have_attribute("data-level", "error")
        expect(late).to_contain_text("1 条报警在等待，最早的已等 6 分钟")
        put(demo, alert, 2, "accepted", "accepted")
        put(demo, alert, 3, "acknowledged", "accepted")
        put(demo, alert, 4, "refused", "refused", "400 Bad Request")
        put(demo, alert, 5, "expired")
        put(demo, alert, 6, "accepted", "answered", "the platform answered ERROR")
        rows = page.locator(".el-table__body .el-table__row")
        expect(rows).to_have_count(6)
        for state, chinese in (
            ("sent", "已送达"), ("acknowledged", "已确认"), ("refused", "被拒收"), ("expired", "已过期"),
            ("contradicted", "回复出错"), ("waiting", "等待中"),
        ):  # fmt: skip
            expect(page.locator(f"[data-state={state}]")).to_contain_text(chinese)
        expect(rows.last).to_contain_text(BUTTON)
        expect(rows.last).to_contain_text("503 Service Unavailable")
        expect(page.locator("[data-link=county]")).to_contain_text(
            "等待中 1 · 已送达 1 · 已确认 1 · 被拒收 1 · 已过期 1 · 回复出错 1"
        )
        accessible(page)
        picture(page, "county")
        page.goto(f"/county?alert={alert + 1}")
        expect(page.get_by_text("还没有报警上报")).to_be_visible()
        page.get_by_role("button", name="显示全部").click()
        expect(rows).to_have_count(6)
        page.locator("#language").click()
        expect(page.locator("[data-state=contradicted]")).to_contain_text("answered with an error")
        expect(page.locator("[data-step=answered]")).to_contain_text("1 refused, 1 expired")
        accessible(page)
        rows.first.get_by_role("link").click()
        told = page.locator(".part.county li")
        expect(told).to_have_count(6)
        expect(told.last).to_contain_text("waiting")
        run(demo, "update notification set state = 'accepted', accepted_at = now() where key = 'county:1'")
        expect(told.last).to_contain_text("sent ")
        accessible(page)


def test_who_has_no_part_in_it_does_not_find_it(page: Page, demo: Demo) -> None:
    page.goto("/county")
    enter(page, demo, "officer")
    page.locator("#menu a").first.wait_for()
    expect(page.locator("#menu a[href='/county']")).to_have_count(0)
