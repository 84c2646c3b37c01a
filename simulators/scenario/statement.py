"""What must happen: each sentence of `must`, held against what happened."""

from collections.abc import Iterator
from datetime import datetime

from simulators.scenario.finding import LANGUAGES, Finding, Text, after, between, clock
from simulators.scenario.form import Must, Over, Rung, Told
from simulators.scenario.happened import Happened, Line, Raised
from simulators.scenario.matching import about
from simulators.scenario.plan import Plan
from simulators.scenario.span import Language, say_span
from simulators.scenario.words import HOW, STREAMS, since, whom, word


def judge_must(must: Must, plan: Plan, happened: Happened) -> Iterator[Finding]:
    """Yield one finding, or with `each` one for each of the role."""
    if must.about is None:
        yield _judge(must, plan, happened, None)
    elif must.each:
        together: Text = {
            "zh": _claim(must, f"每个 {must.about}", "zh"),
            "en": _claim(must, f"each of {must.about}", "en"),
        }
        for one in plan.cast[must.about].ids:
            finding = _judge(must, plan, happened, (one,))
            finding.together = together
            yield finding
    else:
        yield _judge(must, plan, happened, plan.cast[must.about].ids)


def _judge(must: Must, plan: Plan, happened: Happened, ids: tuple[str, ...] | None) -> Finding:
    shown = "" if ids is None else f"{must.about} = {', '.join(ids[:3])}{' …' if len(ids) > 3 else ''}"  # noqa: PLR2004
    finding = Finding({"zh": _claim(must, shown, "zh"), "en": _claim(must, shown, "en")})
    start = plan.moment(must.after)
    least, most = start + must.not_before, start + must.within
    seen = [raised for raised in happened.raised if raised.at >= plan.begin and _is_meant(raised, must, plan, ids)]
    early = [raised for raised in seen if raised.at < least] if must.not_before else []
    heard = {None, must.explained_by}
    fitting = [raised for raised in seen if least <= raised.at <= most and raised.suppressed in heard]
    if early:
        finding.at = early[0].at
        finding.fails(
            f"过早：比 {word(must.after, 'zh')} {after(early[0].at, start, 'zh')}",
            f"too early: {after(early[0].at, start, 'en')} {must.after}",
        )
    if not fitting:
        if not must.optional:
            _nothing(finding, seen, happened, must, plan, ids)
        return finding
    first = fitting[0]
    finding.at = finding.at or first.at
    _judge_itself(finding, first, must)
    for told in must.told if isinstance(must.told, list) else [must.told]:
        _judge_told(finding, first, told, plan, happened)
    if must.rung is not None:
        _judge_rung(finding, first, must.rung, happened)
    if must.over is not None:
        _judge_over(finding, first, must.over, plan)
    since_step = [raised for raised in seen if raised.at >= start]
    if must.count is not None and len(since_step) != must.count:
        times = [f"{raised.at.astimezone(plan.ground.zone):%m-%d %H:%M:%S}" for raised in since_step[:5]]
        finding.fails(
            f"共 {len(since_step)} 次，应为 {must.count} 次：{'、'.join(times)}",
            f"{len(since_step)} times, not {must.count}: {', '.join(times)}",
        )
    return finding


def _is_meant(raised: Raised, must: Must, plan: Plan, ids: tuple[str, ...] | None) -> bool:
    if raised.rule != must.rule or raised.stream != must.stream:
        return False
    return (
        ids is None or must.about is None or any(about(raised, plan.cast[must.about], one, plan.ground) for one in ids)
    )


def _nothing(
    finding: Finding, seen: list[Raised], happened: Happened, must: Must, plan: Plan, ids: tuple[str, ...] | None
) -> None:
    """Say what was seen when the thing itself was not."""
    for raised in seen[:3]:
        why: Text = (
            {"zh": f"，被抑制（{raised.suppressed}）", "en": f", suppressed ({raised.suppressed})"}
            if raised.suppressed is not None
            else {"zh": "，不在要求的时间内", "en": ", not in that time"}
        )
        finding.fails(
            clock(raised.at, plan.begin, "zh") + why["zh"],
            clock(raised.at, plan.begin, "en") + why["en"],
        )
    if seen:
        return
    role = plan.cast[must.about] if must.about is not None else None
    others = sorted(
        {
            raised.rule
            for raised in happened.raised
            if raised.at >= plan.begin
            and role is not None
            and any(about(raised, role, one, plan.ground) for one in ids or ())
        }
    )
    if others:
        finding.fails(f"没有；同一对象只有：{'、'.join(others)}", f"nothing; about the same only {', '.join(others)}")
    else:
        finding.fails("什么也没有", "nothing at all")


def _judge_itself(finding: Finding, raised: Raised, must: Must) -> None:
    priority, drill = raised.body.get("priority"), bool(raised.body.get("drill", False))
    if must.priority is not None and priority != must.priority:
        finding.fails(f"等级为 {priority}", f"its priority is {priority}")
    if must.drill is not None and drill is not must.drill:
        finding.fails(f"{'已' if drill else '未'}标为演练", f"it is {'' if drill else 'not '}marked as a drill")


def _judge_told(finding: Finding, raised: Raised, told: Told, plan: Plan, happened: Happened) -> None:
    heard = [line for line in happened.told(raised) if _reaches(line, told, plan)]
    if not heard:
        others = sorted(
            {(str(line.body.get("recipient")), str(line.body.get("channel"))) for line in happened.told(raised)}
        )
        zh, en = ([whom(*one, language) for one in others] for language in LANGUAGES)
        finding.fails(
            f"没有通知到{whom(told.role, told.channel, 'zh')}；通知了：{'、'.join(zh) or '无人'}",
            f"{whom(told.role, told.channel, 'en')} was not told; told were: {', '.join(en) or 'nobody'}",
        )
    elif heard[0].at > raised.at + told.within:
        finding.fails(
            f"{whom(told.role, told.channel, 'zh')} {say_span(heard[0].at - raised.at, 'zh')}后才收到通知",
            f"{whom(told.role, told.channel, 'en')} was told only after {say_span(heard[0].at - raised.at)}",
        )


def _reaches(line: Line, told: Told, plan: Plan) -> bool:
    role = plan.ground.responders.get(str(line.body.get("recipient")))
    return (
        line.body.get("channel") == told.channel
        and (told.role is None or role == told.role)
        and (told.drill is None or bool(line.body.get("drill", False)) is told.drill)
    )


def _judge_rung(finding: Finding, raised: Raised, rung: Rung, happened: Happened) -> None:
    calls = [line for line in happened.told(raised) if line.body.get("rung") is not None]
    climbed = sorted(
        (line.at, int(number))
        for lines, word in ((happened.climbed(raised), "number"), (calls, "rung"))
        for line in lines
        if (number := line.body.get(word, line.body.get("rung"))) is not None
    )
    reached = [moment for moment, number in climbed if number >= rung.number]
    if not reached:
        highest = max((number for _, number in climbed), default=None)
        finding.fails(
            f"没有升级到第 {rung.number} 级（最高：{'无' if highest is None else highest}）",
            f"rung {rung.number} was not climbed (highest: {'none' if highest is None else highest})",
        )
    elif reached[0] > raised.at + rung.within:
        apart = reached[0] - raised.at
        finding.fails(
            f"{say_span(apart, 'zh')}后才升级到第 {rung.number} 级",
            f"rung {rung.number} was climbed only after {say_span(apart)}",
        )


def _judge_over(finding: Finding, raised: Raised, over: Over, plan: Plan) -> None:
    start = raised.at if over.after is None else plan.moment(over.after)
    limit = start + over.within
    ended = next(
        (line for line in raised.later if line.at >= raised.at and _is_over(line, over.how)),
        None,
    )
    if ended is None or ended.at > limit:
        seen = _standing(raised, plan.begin, None if ended is None else ended.at)
        finding.fails(
            f"没有及时{HOW[over.how]['zh']}：{seen['zh']}", f"not {HOW[over.how]['en']} in time: {seen['en']}"
        )


def _is_over(line: Line, how: str) -> bool:
    retracted = bool(line.body.get("retracted", False))
    cleared = not retracted and not line.body.get("active", True)
    return {"retracted": retracted, "cleared": cleared, "either": retracted or cleared}[how]


def _standing(raised: Raised, begin: datetime, ended: datetime | None) -> Text:
    if ended is not None:
        return {"zh": clock(ended, begin, "zh"), "en": clock(ended, begin, "en")}
    body = raised.later[-1].body
    if body.get("retracted"):
        return {"zh": "被撤回", "en": "it was retracted"}
    if not body.get("active", True):
        return {"zh": "被解除", "en": "it was cleared"}
    return {"zh": "一直未结束", "en": "it still stands"}


def _claim(must: Must, shown: str, language: Language) -> str:
    zh = language == "zh"
    when = between(must.not_before, must.within, language)
    said = [
        f"{STREAMS[must.stream][language]} {must.rule}"
        + (f"（{shown}）" if zh and shown else f" ({shown})" if shown else ""),
        f"{since(must.after)} {when}" if zh else f"{when} after {must.after}",
    ]
    if must.optional:
        said.append("可有可无" if zh else "may happen")
    if must.priority is not None:
        said.append(must.priority)
    if must.drill is not None:
        said.append(("是演练" if must.drill else "不是演练") if zh else ("a drill" if must.drill else "no drill"))
    for told in must.told if isinstance(must.told, list) else [must.told]:
        span, who = between(told.within * 0, told.within, language), whom(told.role, told.channel, language)
        said.append(f"{who}{span}收到" if zh else f"{who} told {span}")
    if must.rung is not None:
        span = say_span(must.rung.within, language)
        said.append(f"{span}内升到第 {must.rung.number} 级" if zh else f"rung {must.rung.number} within {span}")
    if must.over is not None:
        span, step = say_span(must.over.within, language), must.over.after
        start = (f"{since(step)} " if zh else f" of {step}") if step is not None else ""
        how = HOW[must.over.how][language]
        said.append(f"{start}{span}内{how}" if zh else f"{how} within {span}{start}")
    if must.count is not None:
        said.append(f"恰好 {must.count} 次" if zh else f"exactly {must.count} time{'s' if must.count > 1 else ''}")
    return ("，" if zh else ", ").join(said)
