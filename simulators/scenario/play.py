"""Playing a scenario live: its steps are said over MQTT, the stream is watched, the judge speaks at the end."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

from simulators.clock import Clock
from simulators.credentials import Credentials
from simulators.scenario.file import ScenarioError
from simulators.scenario.form import Care, Drill, Hold, Mute, Scenario
from simulators.scenario.ground import Ground
from simulators.scenario.happened import Line
from simulators.scenario.judge import Judgement, judge
from simulators.scenario.live import Sayer
from simulators.scenario.moments import span_of
from simulators.scenario.plan import Plan, plan_at
from simulators.scenario.span import Span, say_span
from simulators.scenario.timeline import Said, said
from simulators.scenario.watch import Watch

LONGEST = Span(minutes=30)
LEAD = timedelta(seconds=2)
TURN_S = 0.2
SETTLE_S = 3.0
"""How long receipts may take after the scenario's end."""

SHOW_EVERY = timedelta(seconds=20)
SHOWN = ("rule", "subject", "state")

Progress = Callable[[str], None]


def refusal(scenario: Scenario) -> str | None:
    """Return why a scenario cannot be played live, and what to do instead; None when it can."""
    rehearse = f"rehearse it with a virtual clock instead: anxin simulate {scenario.id}"
    if any(isinstance(step, Mute | Hold) for step in scenario.steps):
        return f"{scenario.id} mutes or holds back ordinary messages, which nobody can do to a running town; {rehearse}"
    if any(isinstance(step, Care | Drill) for step in scenario.steps):
        return f"{scenario.id} needs somebody to register a drill or a person's absence at the gateway; {rehearse}"
    if (
        scenario.day is not None
        or scenario.life == "cast"
        or any(span_of(step)[0] < Span(0) for step in scenario.steps)
    ):
        return f"{scenario.id} needs a certain day and hour, or weeks that went before; {rehearse}"
    if scenario.lasts > LONGEST:
        return f"{scenario.id} lasts {say_span(scenario.lasts)}, longer than {say_span(LONGEST)}; {rehearse}"
    return None


def play(
    scenario: Scenario,
    ground: Ground,
    seed: int,
    *,
    credentials: Credentials,
    watch: Watch,
    clock: Clock,
    tell: Progress,
) -> Judgement:
    """Play a scenario from now to its end and judge it. Raises ScenarioError when it cannot be played."""
    if (why := refusal(scenario)) is not None:
        raise ScenarioError(why)
    plan = plan_at(scenario, ground, seed, clock.now().astimezone(ground.zone) + LEAD)
    to_say = sorted(said(plan), key=lambda one: one.at)
    happened: list[Line] = []

    def show(text: str) -> None:
        seconds = int(max(0.0, (clock.now() - plan.begin).total_seconds()))
        tell(f"{seconds // 60:02d}:{seconds % 60:02d} of {say_span(scenario.lasts)}  {text}")

    with Sayer(credentials) as sayer, watch:
        for device in dict.fromkeys(one.device for one in to_say):
            sayer.connect(device)
        for one in _in_time(to_say, plan, clock, watch, happened, show):
            sayer.say(one)
            show(f"{one.device} {_said(one)}")
        time.sleep(SETTLE_S)
        happened.extend(_news(watch, show))
        incidents = sorted({line.body["id"] for line in happened if line.kind == "incident"})
        happened.extend(watch.told(incidents))
    return judge(plan, sorted(happened, key=lambda line: line.at))


def _in_time(
    to_say: list[Said], plan: Plan, clock: Clock, watch: Watch, happened: list[Line], show: Progress
) -> Iterator[Said]:
    """Yield each message at its moment, and return at the scenario's end; meanwhile take in what happens."""
    waiting = list(reversed(to_say))
    shown_at = clock.now()
    while (now := clock.now()) < plan.until:
        happened.extend(_news(watch, show))
        while waiting and waiting[-1].at <= now:
            yield waiting.pop()
        if now - shown_at >= SHOW_EVERY:
            shown_at = now
            show(f"{len(waiting)} still to say" if waiting else "all is said; watching what comes of it")
        next_at = waiting[-1].at if waiting else plan.until
        time.sleep(max(0.0, min(TURN_S, clock.wait_s(next_at))))


def _news(watch: Watch, show: Progress) -> Iterator[Line]:
    for line in watch.news():
        if line.kind != "incident":
            show(" ".join(str(word) for word in (line.kind, *(line.body.get(one) for one in SHOWN))))
        yield line


def _said(one: Said) -> str:
    body = json.loads(one.payload)
    return str(body.get("kind") or ("online" if body["online"] else "offline"))
