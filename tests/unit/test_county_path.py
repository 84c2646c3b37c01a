"""Each step between a button and the county: well, worth a look, or broken, in both languages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.gb28181.config import LinkConfig
from gateway.county.path import Step, _buttons, _of_link, _span
from tests.unit.gb28181.desk import OURS, SERVER

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LINK = {"name": "county", "server_id": SERVER, "server": "192.0.2.10:5060", "device_id": OURS, "password": "x"}
WELL: dict[str, Any] = {
    "name": "county", "kind": "gb28181", "server": "192.0.2.10:5060", "runs": True, "state": "online", "why": "",
    "changed_at": NOW - timedelta(hours=3), "seen_at": NOW, "clock_offset_s": 0.4, "items": 12,
    "told_at": NOW - timedelta(hours=2), "untold": 0, "subscriptions": {}, "waiting": 0, "oldest": None, "sent": 3,
    "acknowledged": 1, "refused": 0, "expired": 0, "contradicted": 0, "last_sent": NOW,
    "last_acknowledged": NOW - timedelta(minutes=7),
}  # fmt: skip


def steps(config: dict[str, Any] | None = None, **row: Any) -> dict[str, Step]:
    told = LinkConfig.model_validate({**LINK, **config}) if config is not None else None
    return {one.name: one for one in _of_link({**WELL, **row}, told, NOW)}


def test_a_link_that_is_well_has_nothing_to_do() -> None:
    found = steps({})
    assert list(found) == ["process", "registered", "catalogue", "clock", "guard", "waiting", "answered"]
    assert {(one.level, one.do) for one in found.values()} == {("ok", None)}
    assert found["registered"].said == {
        "zh": "已注册到 192.0.2.10:5060，持续 3 小时", "en": "registered at 192.0.2.10:5060 for 3 h"
    }  # fmt: skip
    assert "最近一次确认在 7 分钟前" in found["answered"].said["zh"]


def test_of_an_image_database_only_what_it_has_is_said() -> None:
    found = {one.name: one for one in _of_link({**WELL, "kind": "gat1400", "waiting": 1, "oldest": NOW}, None, NOW)}
    assert list(found) == ["process", "registered", "waiting", "answered"]
    assert found["waiting"].said["zh"] == "1 张图片在等待，最早的已等 0 秒"
    assert found["waiting"].said["en"] == "1 pictures wait, the oldest for 0 s"


@pytest.mark.parametrize(
    ("row", "step", "level", "says"),
    [
        ({"runs": False}, "process", "error", "does not run"),
        ({"state": "waiting", "why": "403 Forbidden"}, "registered", "error", "for 3 h: 403 Forbidden"),
        ({"state": "registering"}, "registered", "error", "no answer yet"),
        ({"told_at": None}, "catalogue", "warn", "never asked"),
        ({"untold": 2}, "catalogue", "warn", "2 devices came after"),
        ({"untold": 2, "subscriptions": {"Catalog": 3600}}, "catalogue", "ok", "as it is now"),
        ({"clock_offset_s": -5.6}, "clock", "warn", "-6 s"),
        ({"clock_offset_s": None}, "clock", "ok", "does not say"),
        ({"waiting": 2, "oldest": NOW - timedelta(minutes=5)}, "waiting", "ok", "the oldest for 5 min"),
        ({"waiting": 2, "oldest": NOW - timedelta(minutes=5, seconds=1)}, "waiting", "error", "2 alarms wait"),
        ({"refused": 1}, "answered", "warn", "1 refused"),
        ({"expired": 1}, "answered", "warn", "1 expired"),
        ({"contradicted": 1}, "answered", "warn", "1 taken and then answered with an error"),
    ],
)
def test_what_is_not_well_says_so_and_what_to_do(row: dict[str, Any], step: str, level: str, says: str) -> None:
    found = steps(**row)[step]
    assert found.level == level
    assert says in found.said["en"]
    assert (found.do is None) == (level == "ok")
    for said in (found.said, found.do or found.said):
        assert said["zh"] != said["en"]
        assert said["zh"]
    assert all(one.level == "ok" for name, one in steps(**row).items() if name != step), "one thing, one step"


def test_of_a_process_that_does_not_run_only_what_the_outbox_knows_is_said() -> None:
    assert list(steps(runs=False)) == ["process", "waiting", "answered"]


def test_whether_the_platform_may_keep_channels_silent_is_said() -> None:
    assert "no arming" in steps({})["guard"].said["en"]
    assert "keeps silent" in steps({"honour_guard": True})["guard"].said["en"]
    assert "120 s" in steps({"require_reset": True, "reset_after_s": 120})["reset"].said["en"]


def test_a_button_without_a_code_is_an_error() -> None:
    assert list(_buttons(0, 0)) == []
    (fine,), (broken,) = _buttons(3, 0), _buttons(3, 1)
    assert (fine.level, broken.level) == ("ok", "error")
    assert "1 of 3" in broken.said["en"]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-1, "0 s"), (59, "59 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h"), (86399, "23 h"), (172800, "2 d")],
)
def test_spans(seconds: int, said: str) -> None:
    assert _span(timedelta(seconds=seconds))[1] == said
