"""What must not happen: each sentence of `must_not`, and the quiet that every scenario states about its cast."""

from simulators.scenario.finding import Finding, Text, clock
from simulators.scenario.form import MustNot, several
from simulators.scenario.happened import Happened, Raised
from simulators.scenario.matching import about_any, concerns_cast, inside
from simulators.scenario.plan import Plan
from simulators.scenario.span import say_span
from simulators.scenario.words import STREAMS, since

MOST_SHOWN = 5


def judge_never(never: MustNot, plan: Plan, happened: Happened) -> Finding:
    """Return the finding of one `must_not`."""
    finding = Finding({"zh": _chinese(never), "en": _english(never)})
    start = plan.moment(never.after)
    end = plan.until if never.within is None else start + never.within
    seen = [raised for raised in happened.raised if start <= raised.at <= end and _is_meant(raised, never, plan)]
    if len(seen) > never.more_than:
        _tell(finding, seen, plan)
    return finding


def judge_quiet(plan: Plan, happened: Happened) -> Finding:
    """Return whether no alert of a rule the scenario doesn't name sounded about its cast."""
    scenario = plan.scenario
    named = {must.rule for must in scenario.must}
    named |= {rule for never in scenario.must_not for rule in several(never.rules) if rule != "*"}
    finding = Finding(
        {"zh": "涉及对象没有其他规则的响铃告警", "en": "no alert of any other rule sounds about the cast"}
    )
    seen = [
        raised
        for raised in happened.raised
        if plan.begin <= raised.at <= plan.until
        and raised.sounds
        and raised.rule not in named
        and concerns_cast(raised, plan)
    ]
    if seen:
        _tell(finding, seen, plan)
    return finding


def _is_meant(raised: Raised, never: MustNot, plan: Plan) -> bool:
    rules = several(never.rules)
    if ("*" not in rules and raised.rule not in rules) or raised.rule in never.but:
        return False
    if raised.suppressed is not None or (never.sounding and not raised.sounds):
        return False
    if never.stream not in ("any", raised.stream):
        return False
    if never.about is not None and not about_any(
        raised, [plan.cast[role] for role in several(never.about)], plan.ground
    ):
        return False
    return never.inside is None or any(inside(raised, plan.cast[role], plan.ground) for role in several(never.inside))


def _tell(finding: Finding, seen: list[Raised], plan: Plan) -> None:
    finding.at = seen[0].at
    rest = len(seen) - MOST_SHOWN
    texts = [_one(raised, plan) for raised in seen[:MOST_SHOWN]]
    finding.fails(
        f"{len(seen)} 次：" + "；".join(text["zh"] for text in texts) + (f"；另有 {rest} 次" if rest > 0 else ""),
        f"{len(seen)} times: " + "; ".join(text["en"] for text in texts) + (f"; and {rest} more" if rest > 0 else ""),
    )


def _one(raised: Raised, plan: Plan) -> Text:
    subject = raised.body.get("subject", "?")
    return {
        "zh": f"{raised.rule} {subject} {clock(raised.at, plan.begin, 'zh')}",
        "en": f"{raised.rule} {subject} {clock(raised.at, plan.begin, 'en')}",
    }


def _english(never: MustNot) -> str:
    said = [f"nothing of {', '.join(several(never.rules)).replace('*', 'any rule')}"]
    if never.but:
        said.append(f"but {', '.join(never.but)}")
    if never.sounding:
        said.append("that sounds")
    if never.stream != "any":
        said.append(f"({STREAMS[never.stream]['en']})")
    for preposition, roles in (("about", never.about), ("in", never.inside)):
        if roles is not None:
            said.append(f"{preposition} {', '.join(several(roles))}")
    if never.after != "begin" or never.within is not None:
        span = f"within {say_span(never.within)} " if never.within is not None else ""
        said.append(f"{span}after {never.after}")
    if never.more_than:
        said.append(f"more than {never.more_than} times")
    return " ".join(said)


def _chinese(never: MustNot) -> str:
    when = ""
    if never.after != "begin" or never.within is not None:
        span = f" {say_span(never.within, 'zh')}内" if never.within is not None else ""
        when = f"{since(never.after)}{span}，"
    rules = "任何规则的" if "*" in several(never.rules) else f"规则 {'、'.join(several(never.rules))} 的"
    what = "告警或维保工单" if never.stream == "any" else STREAMS[never.stream]["zh"]
    if never.sounding:  # work items never sound
        what = "响铃告警"
    beside = [
        f"{relation} {'、'.join(several(names))}"
        for relation, names in (("关于", never.about), ("位于", never.inside), ("不计", never.but or None))
        if names is not None
    ]
    shown = f"（{'，'.join(beside)}）" if beside else ""
    if never.more_than:
        return f"{when}{rules}{what}不超过 {never.more_than} 次{shown}"
    return f"{when}没有{rules}{what}{shown}"
