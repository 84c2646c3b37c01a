"""Evidence on the desk: what is frozen is listed when asked for; a commander takes a bundle that proves itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from gateway.evidence.verify import verify

from .conftest import PATIENCE_MS, Demo, accessible, enter, picture
from .test_triage import raised, row_of

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

expect.set_options(timeout=PATIENCE_MS)


def test_a_commander_takes_a_bundle_that_proves_itself(page: Page, demo: Demo, tmp_path: Path) -> None:
    _, incident = raised(demo, "school-1-button", "alarm.pressed")
    demo.post(f"incidents/{incident}/notes", {"text": "门卫称有人翻墙"})
    page.goto("/")
    enter(page, demo, "commander")
    row_of(page, incident).click()
    part = page.locator("#evidence")
    expect(part).to_contain_text("查看会写入审计")
    part.get_by_role("button", name="查看已固定的内容").click()
    expect(part.locator("#evidence-state")).to_contain_text("已固定")
    expect(part.locator(".lines")).to_contain_text("events.jsonl")
    for word in ("告警", "记录", "保全原因", "调取证据包"):
        expect(part).to_contain_text(word)

    part.get_by_label("保全原因").fill("案件涉诉，等待判决")
    part.get_by_role("button", name="保全", exact=True).click()
    expect(part.locator("#evidence-held")).to_contain_text("到期也不删除")
    part.get_by_role("button", name="解除保全").click()
    expect(part.locator("#evidence-held")).to_have_count(0)

    take = part.get_by_role("button", name="生成并下载")
    expect(take).to_be_disabled()
    part.get_by_label("调取给谁").fill("县公安局法制大队 2026-118")
    part.get_by_label("调取事由").fill("校园警情取证")
    part.get_by_label("使用期限").fill("7")
    accessible(page)
    part.scroll_into_view_if_needed()
    picture(page, "evidence")
    with page.expect_download() as waited:
        take.click()
    expect(part.locator("#evidence-told")).to_contain_text("公钥指纹")
    file = tmp_path / waited.value.suggested_filename
    waited.value.save_as(file)
    key = demo.get("evidence/head")["fingerprint"]
    report = verify(file.read_bytes(), key)
    assert report.is_whole, report.findings
    assert report.manifest["recipient"] == "县公安局法制大队 2026-118"
    expect(part.locator(".lines")).to_contain_text("export.json")


def test_an_operator_looks_and_takes_nothing(console: Page, demo: Demo) -> None:
    _, incident = raised(demo, "school-3-gate", "door.forced")
    row_of(console, incident).click()
    part = console.locator("#evidence")
    part.get_by_role("button", name="查看已固定的内容").click()
    expect(part.locator("#evidence-state")).to_have_text(re.compile("已固定"))
    expect(part.locator("form")).to_have_count(0)
    address = part.locator(".lines a").first.get_attribute("href")
    answer = console.request.get(address or "")
    assert (answer.status, answer.headers["cache-control"]) == (200, "private, no-store")
