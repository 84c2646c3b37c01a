"""The judge: for each thing a statement can say, one story that holds and one that must not."""

import json
from datetime import timedelta
from typing import Any

import pytest

from simulators.scenario.file import ScenarioError
from simulators.scenario.happened import read_happened
from simulators.scenario.judge import Judgement, judge, report
from tests.unit.simulators.test_scenario_timeline import plan

STEPS = (
    {"say": "camera.tamper", "by": "eye", "at": "10 min", "name": "touch"},
    {"say": "camera.person", "by": "eye", "at": "30 min", "name": "calm"},
)
MUST = {"alert": "touched", "about": "eye", "after": "touch", "within": "5 min"}


def at(minutes: float) -> str:
    return (plan().begin + timedelta(minutes=minutes)).isoformat()


def alert(minutes: float, *, number: int = 1, kind: str = "alert", **body: Any) -> dict[str, Any]:
    told = {
        "id": number, "rule": "touched", "subject": "device:camera", "device": "camera", "place": "shop",
        "area": "west", "person": None, "priority": "P2", "active": True, "retracted": False, "sounded": 1,
        "suppressed_by": None, "events": [], "drill": False, **body,
    }  # fmt: skip
    return {"at": at(minutes), "kind": kind, "body": told}


def call(minutes: float, **body: Any) -> dict[str, Any]:
    told = {"channel": "phone", "recipient": "officer", "alert": 1, "incident": 1, "rung": 0, "drill": False, **body}
    return {"at": at(minutes), "kind": "notification", "body": told}


def verdict(statement: dict[str, Any], *happened: dict[str, Any]) -> Judgement:
    of = plan(*STEPS, **statement)
    return judge(of, read_happened(json.dumps(line) for line in happened))


def holds(must: dict[str, Any], *happened: dict[str, Any]) -> bool:
    return verdict({"must": [{**MUST, **must}]}, *happened).holds


RAISED = alert(11)
MUSTS: dict[str, tuple[dict[str, Any], list[dict[str, Any]], list[list[dict[str, Any]]]]] = {
    "raised in time": (
        {}, [RAISED],
        [[], [alert(16)], [alert(9)], [alert(11, rule="other")], [alert(11, kind="work_item")],
         [alert(11, device="hub", subject="device:hub")], [alert(11, suppressed_by="shelved")]],
    ),
    "not before": ({"not_before": "30 s"}, [RAISED], [[alert(10.1)], [alert(5), RAISED]]),
    "priority": ({"priority": "P2"}, [RAISED], [[alert(11, priority="P3")]]),
    "a drill": ({"drill": True}, [alert(11, drill=True)], [[RAISED]]),
    "no drill": ({"drill": False}, [RAISED], [[alert(11, drill=True)]]),
    "told": (
        {"told": {"within": "10 s"}}, [RAISED, call(11.1)],
        [[RAISED], [RAISED, call(11.5)], [RAISED, call(11.1, channel="mail")], [RAISED, call(11.1, alert=2)],
         [RAISED, call(10.5)]],
    ),
    "told somebody of a role": (
        {"told": {"within": "10 s", "role": "officer"}}, [RAISED, call(11.1)],
        [[RAISED, call(11.1, recipient="somebody else")]],
    ),
    "told as a drill": (
        {"told": {"within": "10 s", "drill": True}}, [RAISED, call(11.1, drill=True)], [[RAISED, call(11.1)]],
    ),
    "told two": (
        {"told": [{"within": "10 s", "role": "officer"}, {"within": "10 s", "channel": "mail"}]},
        [RAISED, call(11.1), call(11.1, channel="mail")], [[RAISED, call(11.1)], [RAISED, call(11.1, channel="mail")]],
    ),
    "told by incident": (
        {"told": {"within": "10 s"}},
        [RAISED, {"at": at(11), "kind": "incident", "body": {"id": 7, "alerts": [1]}},
         call(11.1, alert=None, incident=7)],
        [[RAISED, {"at": at(11), "kind": "incident", "body": {"id": 7, "alerts": [2]}},
          call(11.1, alert=None, incident=7)]],
    ),
    "a rung by its call": (
        {"rung": {"number": 1, "within": "3 min"}}, [RAISED, call(11), call(13, rung=1)],
        [[RAISED, call(11)], [RAISED, call(11), call(15, rung=1)]],
    ),
    "a rung by itself": (
        {"rung": {"number": 2, "within": "3 min"}},
        [RAISED, {"at": at(13), "kind": "rung", "body": {"alert": 1, "incident": 1, "number": 2}}],
        [[RAISED, {"at": at(13), "kind": "rung", "body": {"alert": 1, "incident": 1, "number": 1}}]],
    ),
    "cleared": (
        {"over": {"how": "cleared", "after": "calm", "within": "1 min"}}, [RAISED, alert(30.5, active=False)],
        [[RAISED], [RAISED, alert(32, active=False)], [RAISED, alert(30.5, active=False, retracted=True)]],
    ),
    "retracted": (
        {"over": {"how": "retracted", "within": "5 min"}}, [RAISED, alert(12, active=False, retracted=True)],
        [[RAISED], [RAISED, alert(12, active=False)], [RAISED, alert(17, active=False, retracted=True)]],
    ),
    "over": (
        {"over": {"within": "5 min"}}, [RAISED, alert(12, active=False)], [[RAISED], [RAISED, alert(17, active=False)]],
    ),
    "count": (
        {"count": 2}, [RAISED, alert(40, number=2)],
        [[RAISED], [RAISED, alert(40, number=2), alert(50, number=3)],
         # Sounding again counts, more of the same does not.
         [RAISED, alert(20), alert(25)]],
    ),
    "count of sounds": ({"count": 2}, [RAISED, alert(20), alert(40, sounded=2)], [[RAISED, alert(40)]]),
    "optional": (
        {"optional": True, "over": {"within": "1 min"}}, [], [[RAISED], [RAISED, alert(13, active=False)]],
    ),
    "a work item": (
        {"alert": None, "work_item": "touched"}, [alert(11, kind="work_item", suppressed_by="maintenance")],
        [[RAISED], [alert(11, kind="work_item", suppressed_by="area-offline")]],
    ),
    "each": (
        {"about": "locks", "each": True},
        [alert(11, subject="device:lock-1"), alert(11, number=2, subject="device:lock-2")],
        [[alert(11, subject="device:lock-1")]],
    ),
    "about a device of an event": (
        {}, [alert(11, device=None, subject="credential:x", events=["camera/01"])],
        [[alert(11, device=None, subject="credential:x", events=["camera-2/01"])]],
    ),
    "about a person": (
        {"about": "elder"}, [alert(11, subject="person:p-3", device=None)],
        [[alert(11, subject="person:p-1", device=None)], [RAISED]],
    ),
    "about a person's sensor": ({"about": "elder"}, [alert(11, device="motion-3")], [[alert(11, device="lock-1")]]),
    "about a place that the subject names": (
        {"about": "flat"}, [alert(11, subject="places:flat-1+flat-2", device="hub", place="station")],
        [[alert(11, subject="places:flat-2+flat-3", device="hub", place="station")]],
    ),
    "about an area": (
        {"about": "east"}, [alert(11, subject="area:east")],
        [[alert(11, subject="area:west")], [alert(11, area="east")]],
    ),
    "about nobody": ({"about": None}, [alert(11, subject="rule:x", device=None)], [[alert(11, rule="other")]]),
}  # fmt: skip


@pytest.mark.parametrize("form", MUSTS)
def test_a_must_holds(form: str) -> None:
    must, good, _ = MUSTS[form]
    assert holds(must, *good), report(verdict({"must": [{**MUST, **must}], "quiet_cast": False}, *good), "en")


@pytest.mark.parametrize(("form", "story"), [(form, n) for form, (_, _, bad) in MUSTS.items() for n in range(len(bad))])
def test_a_must_fails_and_says_why(form: str, story: int) -> None:
    must, _, bad = MUSTS[form]
    found = verdict({"must": [{**MUST, **must}], "quiet_cast": False}, *bad[story])
    assert not found.holds
    failed = [finding for finding in found.must if not finding.holds]
    assert failed
    assert all(text["zh"] and text["en"] for finding in failed for text in finding.instead)
    assert all(finding.instead for finding in failed)
    for language in ("zh", "en"):
        assert "✗" in report(found, language)  # type: ignore[arg-type]


NEVERS: dict[str, tuple[dict[str, Any], list[list[dict[str, Any]]], list[list[dict[str, Any]]]]] = {
    "a rule": (
        {"rules": ["touched"]}, [[], [alert(11, rule="other")], [alert(-5)], [alert(11, suppressed_by="area-offline")]],
        [[RAISED], [alert(119)]],
    ),
    "any rule": ({"rules": "*"}, [[alert(11, suppressed_by="shelved")]], [[RAISED], [alert(11, kind="work_item")]]),
    "but": ({"rules": "*", "but": ["touched"]}, [[RAISED]], [[alert(11, rule="other")]]),
    "about": (
        {"rules": "*", "about": "elder"}, [[RAISED]], [[alert(11, subject="person:p-3")], [alert(11, person="p-3")]],
    ),
    "about one of two": ({"rules": "*", "about": ["hub", "eye"]}, [[alert(11, device="x", subject="x")]], [[RAISED]]),
    "inside an area": (
        {"rules": "*", "inside": "east"}, [[RAISED], [alert(11, area=None)]],
        [[alert(11, area="east")], [alert(11, subject="area:east", area=None)]],
    ),
    "inside a home": (
        {"rules": "*", "inside": "elder"}, [[RAISED], [alert(11, place="flat-1")]], [[alert(11, place="flat-3")]],
    ),
    "at a device's place": ({"rules": "*", "inside": "hub"}, [[RAISED]], [[alert(11, place="house")]]),
    "in a span": (
        {"rules": "*", "after": "touch", "within": "10 min"}, [[alert(9)], [alert(21)]], [[RAISED], [alert(20)]],
    ),
    "sounding": (
        {"rules": "*", "sounding": True},
        [[alert(11, suppressed_by="shelved")], [alert(11, kind="work_item", suppressed_by="maintenance")]], [[RAISED]],
    ),
    "work items": (
        {"rules": "*", "stream": "work_item"}, [[RAISED], [alert(11, kind="work_item", suppressed_by="area-offline")]],
        [[alert(11, kind="work_item", suppressed_by="maintenance")]],
    ),
    "alerts": ({"rules": "*", "stream": "alert"}, [[alert(11, kind="work_item")]], [[RAISED]]),
    "more than": (
        {"rules": "*", "more_than": 1},
        [[RAISED], [alert(11, kind="work_item"), alert(12, suppressed_by="x", number=2)]],
        [[RAISED, alert(12, number=2)]],
    ),
}  # fmt: skip


@pytest.mark.parametrize("form", NEVERS)
def test_a_must_not_holds_and_fails(form: str) -> None:
    never, good, bad = NEVERS[form]
    statement = {"must_not": [never], "quiet_cast": False}
    assert [verdict(statement, *story).holds for story in good] == [True] * len(good)
    for story in bad:
        found = verdict(statement, *story)
        assert not found.holds
        assert found.must_not[0].instead[0]["en"]
        assert found.must_not[0].at is not None


def test_a_work_item_suppressed_later_counts_no_more() -> None:
    quiet = alert(12, kind="work_item", suppressed_by="area-offline")
    open_item = alert(11, kind="work_item", suppressed_by="maintenance")
    assert verdict({"must_not": [{"rules": "*"}], "quiet_cast": False}, open_item, quiet).holds


@pytest.mark.parametrize(
    ("happened", "quiet"),
    [
        (alert(11), True),  # a rule the scenario names
        (alert(11, rule="other"), False),
        (alert(11, rule="other", device=None, subject="person:p-3"), False),
        (alert(11, rule="other", kind="work_item"), True),
        (alert(11, rule="other", suppressed_by="shelved"), True),
        (alert(11, rule="other", device="screen", subject="device:screen"), True),
        (alert(-1, rule="other"), True),
    ],
)
def test_a_scenario_keeps_its_cast_quiet_by_default(happened: dict[str, Any], quiet: bool) -> None:
    assert verdict({"must": [{**MUST, "optional": True}]}, happened).holds is quiet
    assert verdict({"must": [{**MUST, "optional": True}], "quiet_cast": False}, happened).holds


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "line 1 of what happened cannot be read"),
        ('{"at": "2026-11-23T08:00:00", "kind": "alert", "body": {}}', "has no offset"),
        ('{"at": "2026-11-23T08:00:00+08:00", "kind": "rumour", "body": {}}', "'rumour' is none of"),
        ('{"at": "2026-11-23T08:00:00+08:00", "kind": "alert"}', "'body'"),
    ],
)
def test_what_cannot_be_read_is_told_by_line(line: str, told: str) -> None:
    with pytest.raises(ScenarioError) as error:
        read_happened([line])
    assert told in str(error.value)


def test_what_all_of_a_role_must_is_one_line_where_it_holds() -> None:
    statement = {"must": [{**MUST, "about": "locks", "each": True}], "quiet_cast": False}
    both = [alert(11, number=number, subject=f"device:lock-{number}") for number in (1, 2)]
    told = report(verdict(statement, *both), "en")
    assert [line for line in told.splitlines() if "✓" in line] == [
        "  ✓ alert touched (each of locks), within 5 min after touch: all 2"
    ]
    assert "must not: none" in told
    told = report(verdict(statement, both[0]), "en")
    assert "✓ alert touched (locks = lock-1)" in told
    assert "✗ alert touched (locks = lock-2)" in told


def test_the_judgement_in_chinese_is_chinese() -> None:
    must = {**MUST, "priority": "P2", "drill": False, "told": {"within": "10 s", "role": "officer"}, "count": 1}
    over = {**MUST, "over": {"after": "calm", "within": "1 min"}}
    never = [
        {"rules": ["other"], "about": "elder", "after": "touch", "within": "1 h 30 min", "stream": "work_item"},
        {"rules": "*", "but": ["touched"], "inside": ["eye", "hub"], "sounding": True, "within": "30 min"},
        {"rules": "*", "more_than": 1},
    ]
    told = report(
        verdict({"must": [must, over], "must_not": never}, RAISED, call(11, recipient="x", channel="mail")), "zh"
    )
    claims = [line.strip() for line in told.splitlines()[1:]]
    assert claims == [
        "必须：",
        "✗ 告警 touched（eye = camera），touch 之后 5 分内，P2，不是演练，值班民警（手机）10 秒内收到，恰好 1 次",
        "11-23 08:11:00（开始后 11 分）",
        "实际：没有通知到值班民警（手机）；通知了：x（mail）",
        "✗ 告警 touched（eye = camera），touch 之后 5 分内，calm 之后 1 分内解除或撤回",
        "11-23 08:11:00（开始后 11 分）",
        "实际：没有及时解除或撤回：一直未结束",
        "不得：",
        "✓ touch 之后 1 小时 30 分内，没有规则 other 的维保工单（关于 elder）",
        "✓ 开始之后 30 分内，没有任何规则的响铃告警（位于 eye、hub，不计 touched）",
        "✓ 任何规则的告警或维保工单不超过 1 次",
        "✓ 涉及对象没有其他规则的响铃告警",
    ]
    assert "不得：无" in report(verdict({"must": [must], "quiet_cast": False}), "zh")


def test_the_judgement_is_for_machines_too() -> None:
    found = verdict({"must": [{**MUST, "priority": "P1"}]}, RAISED).public()
    assert found["holds"] is False
    assert found["must"][0]["at"] == "2026-11-23T08:11:00.000+08:00"
    assert found["must"][0]["instead"] == [{"zh": "等级为 P2", "en": "its priority is P2"}]
    assert json.dumps(found)
