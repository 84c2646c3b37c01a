"""What the gateway itself has to report: a rule that was put aside, an alarm that could not be stored.

They travel as verdicts like any rule's, from lifecycle on.
"""

from __future__ import annotations

from datetime import datetime

from gateway.model.event import DeadLetter, Event
from gateway.model.judgement import Action, Explanation, Verdict
from gateway.model.policy import Chatter
from gateway.model.quiet import Flapping
from gateway.model.registry import Mounting
from gateway.patrol.codes import FINDINGS
from rules.rule import Rule

QUARANTINE = "rule-quarantined"
BURIED_ALARM = "alarm-not-stored"
ROAD_LATE = "road-late"
NOT_UNDERSTOOD = "alarm-not-understood"
LADDER_EXPIRED = "ladder-expired"
LADDER_STALLED = "ladder-stalled"
OFFICER_UNREACHABLE = "officer-unreachable"
CONTACT_GONE = "contact-gone"
CHATTERING = "chattering"
EVIDENCE_LATE = "evidence-late"

#: By rule: title and first action, as a definition would give them.
TEXTS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    QUARANTINE: (
        {"zh": "规则出错被隔离", "en": "A rule failed and was put aside"},
        {"zh": "检查规则定义，改好后重启网关", "en": "Mend the rule's definition and restart the gateway"},
    ),
    NOT_UNDERSTOOD: (
        {"zh": "一条报警无法识别", "en": "An alarm of a kind nobody knows"},
        {
            "zh": "先按真警处理，联系该处；再请集成商改正设备上报的事件类型",
            "en": "Treat it as real first and ask there; then have the integrator mend the kind the device reports",
        },
    ),
    ROAD_LATE: (
        {"zh": "自检探针没有到达", "en": "The gateway's own probe did not arrive"},
        {
            "zh": "报警可能到不了手机：请学校暂时直接打 110，运行 `anxin doctor` 查代理服务器、网关和推送",
            "en": "A press might not ring now: have schools call the police directly, and let `anxin doctor` look at "
            "broker, gateway and delivery",
        },
    ),
    LADDER_EXPIRED: (
        {"zh": "警情无人签收，呼叫已到尽头", "en": "Nobody signed an incident and its ladder has ended"},
        {
            "zh": "马上打开该警情派人，或转 110 指挥中心；再查值班表和各人手机能否叫通",
            "en": "Open the incident and send somebody now, or hand it to the 110 centre; then look at the roster and "
            "at whether the phones can be reached",
        },
    ),
    LADDER_STALLED: (
        {"zh": "呼叫阶梯停住，已重新开始", "en": "A ladder stood still and was started anew"},
        {
            "zh": "确认该警情有人处理，再运行 `anxin doctor` 查推送和数据库",
            "en": "See that somebody has the incident, then let `anxin doctor` look at delivery and database",
        },
    ),
    OFFICER_UNREACHABLE: (
        {"zh": "即将上岗的人员联系不上", "en": "Somebody about to be on duty cannot be reached"},
        {
            "zh": "打电话给本人，让其打开手机并发送测试；不行就安排替班",
            "en": "Call them, let them switch their phone on and send it a test; else find somebody to stand in",
        },
    ),
    CONTACT_GONE: (
        {"zh": "一位人员的接收方式已失效", "en": "Somebody's last contact is gone"},
        {
            "zh": "请本人登录后重新登记手机，在此之前由他人代班",
            "en": "Have them log in and register their phone again; until then somebody else must answer",
        },
    ),
    EVIDENCE_LATE: (
        {"zh": "证据没有被固定", "en": "Evidence is not being frozen"},
        {
            "zh": "报警和处置不受影响；运行 `anxin doctor`，查网关日志“evidence cannot be frozen”，补上之前不要调取",
            "en": "Alarms go on as ever; let `anxin doctor` look, and see «evidence cannot be frozen» in the gateway's "
            "log; take no bundle before it has caught up",
        },
    ),
    CHATTERING: (
        {"zh": "告警反复抖动", "en": "An alert that comes and goes"},
        {
            "zh": "查看该设备的安装、供电和规则的延时；抖动期间不再重复响铃，P1 除外",
            "en": "Look at how the device is mounted and powered, and at the rule's delays; meanwhile it is not heard "
            "again and again, unless it is a P1",
        },
    ),
    BURIED_ALARM: (
        {"zh": "一条报警无法入库", "en": "An alarm could not be stored"},
        {
            "zh": "打开死信列表看是哪个设备，先按真警处理，再通知维保",
            "en": "See in the dead letters which device it was; treat it as real first, then call maintenance",
        },
    ),
    **{one.rule: (one.title, one.first_action) for one in FINDINGS.values()},
}


def put_aside_verdict(rule: Rule, told: str, at: datetime) -> Verdict:
    """Return what is said of a rule that was put aside until the next start.

    An alert when it watches over people, since nobody does now; a work item otherwise.
    """
    summary = {
        "zh": f"规则 {rule.id} 出错，已隔离：{told}",
        "en": f"The rule {rule.id} failed and was put aside: {told}",
    }
    explanation = Explanation(QUARANTINE, 1, summary, {"rule": rule.id, "error": told})
    if rule.definition.stream == "alert":
        return Verdict("raise", QUARANTINE, f"rule:{rule.id}", at, explanation, priority="P2")
    return Verdict("raise", QUARANTINE, f"rule:{rule.id}", at, explanation, priority="P4", stream="work_item")


def not_understood_verdict(event: Event) -> Verdict:
    """Return the alert for a kind of alarm that no rule can take: a misspelt press must not vanish."""
    summary = {
        "zh": f"设备 {event.device} 上报了无法识别的报警类型 {event.kind}",
        "en": f"The device {event.device} reported an alarm of the unknown kind {event.kind}",
    }
    explanation = Explanation(NOT_UNDERSTOOD, 1, summary, {"device": event.device, "kind": event.kind})
    return Verdict(
        "raise", NOT_UNDERSTOOD, f"device:{event.device}", event.ts, explanation, priority="P1", occurrence=True,
        place=event.place, device=event.device, person=event.persons[0] if event.persons else None,
        events=(event.reference,),
    )  # fmt: skip


def buried_alarm_verdict(
    letter: DeadLetter, at: datetime, device: str | None = None, mounting: Mounting | None = None
) -> Verdict:
    """Return the alert for an alarm that could not be stored: it may be real. With its device, where that is known."""
    summary = {
        "zh": f"主题 {letter.topic} 上的一条报警无法入库：{letter.detail}",
        "en": f"An alarm on {letter.topic} could not be stored: {letter.detail}",
    }
    explanation = Explanation(BURIED_ALARM, 1, summary, {"topic": letter.topic, "sha256": letter.sha256})
    return Verdict(
        "raise", BURIED_ALARM, f"topic:{letter.topic}", at, explanation, priority="P1", latch=True, occurrence=True,
        place=mounting.place if mounting is not None else None, device=device,
        person=mounting.persons[0] if mounting is not None and mounting.persons else None,
    )  # fmt: skip


def road_late_verdict(action: Action, late_after_s: float, at: datetime) -> Verdict:
    """Return the alert for a probe of the watchdog that did not come through the road in time, or its end."""
    summary = {
        "zh": f"网关自检探针超过 {late_after_s:g} 秒没有走完全程",
        "en": f"A probe of the watchdog has not come through the whole road within {late_after_s:g} s",
    }
    explanation = Explanation(ROAD_LATE, 1, summary, {"late_after_s": late_after_s}, limit=f"{late_after_s:g} s")
    return Verdict(action, ROAD_LATE, "station:road", at, explanation, priority="P2")


def evidence_late_verdict(action: Action, error: str, at: datetime) -> Verdict:
    """Return the work item for evidence that cannot be frozen, or its end; `error` names the defect."""
    summary = {
        "zh": f"证据固定出错，后面的暂时都没有固定：{error}",
        "en": f"Freezing evidence fails, and nothing after it is frozen: {error}",
    }
    explanation = Explanation(EVIDENCE_LATE, 1, summary, {"error": error})
    return Verdict(action, EVIDENCE_LATE, "station:evidence", at, explanation, priority="P2", stream="work_item")


def ladder_expired_verdict(action: Action, number: int, at: datetime, *, place: str | None = None) -> Verdict:
    """Return the work item for an incident whose ladder ended with nobody's signature, or its end."""
    summary = {
        "zh": f"警情 {number} 的呼叫阶梯已走完，没有人签收",
        "en": f"The ladder of incident {number} has been climbed to its end and nobody has signed",
    }
    explanation = Explanation(LADDER_EXPIRED, 1, summary, {"incident": number})
    return Verdict(
        action, LADDER_EXPIRED, f"incident:{number}", at, explanation, priority="P1", stream="work_item", place=place
    )


def ladder_stalled_verdict(action: Action, number: int, at: datetime, *, place: str | None = None) -> Verdict:
    """Return the work item for a ladder that stood still and was started anew, or its end."""
    summary = {
        "zh": f"警情 {number} 的呼叫阶梯停住了，已重新开始",
        "en": f"The ladder of incident {number} stood still and was started anew",
    }
    explanation = Explanation(LADDER_STALLED, 1, summary, {"incident": number})
    return Verdict(
        action, LADDER_STALLED, f"incident:{number}", at, explanation, priority="P2", stream="work_item", place=place
    )


def chattering_verdict(action: Action, subject: str, source: Flapping, policy: Chatter, at: datetime) -> Verdict:
    """Return the work item that names an alert that comes and goes too often, or its end."""
    summary = {
        "zh": f"规则 {source.rule} 对 {source.subject} 的告警在 {policy.within_s:g} 秒内出现 {policy.turns} 次",
        "en": f"{source.rule} was raised about {source.subject} {policy.turns} times within {policy.within_s:g} s",
    }
    facts = {
        "rule": source.rule,
        "subject": source.subject,
        "turns": [turn.isoformat() for turn in source.turns],
        "calm_s": policy.calm_s,
    }
    limit = f"{policy.turns} / {policy.within_s:g} s"
    return Verdict(
        action, CHATTERING, subject, at, Explanation(CHATTERING, 1, summary, facts, limit=limit), priority="P4",
        stream="work_item", place=source.place, device=source.device,
    )  # fmt: skip
