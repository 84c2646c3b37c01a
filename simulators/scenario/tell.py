"""Telling a timeline: history lines, one JSON object each."""

import json
from collections.abc import Iterator

from simulators.events import timestamp
from simulators.scenario.plan import Plan
from simulators.scenario.timeline import Control, Said


def opening_line(plan: Plan) -> str:
    """Return the first line: which scenario, from when to when."""
    return json.dumps(
        {
            "scenario": plan.scenario.id,
            "since": timestamp(plan.since),
            "begin": timestamp(plan.begin),
            "until": timestamp(plan.until),
        }
    )


def lines(plan: Plan, happens: list[Said | Control]) -> Iterator[str]:
    """Yield the opening line and one line for each thing that happens.

    A payload stands there byte for byte as the device says it: the gateway tells repeats apart by these bytes.
    """
    yield opening_line(plan)
    for one in happens:
        at = timestamp(one.at.astimezone(plan.ground.zone))
        if isinstance(one, Control):
            yield json.dumps({"at": at, **one.act}, ensure_ascii=False)
            continue
        topic = f"anxin/v1/{plan.ground.station}/{one.device}/{one.lane}"
        retained = ',"retained":true' if one.retained else ""
        yield f'{{"at":"{at}","topic":"{topic}","payload":{one.payload.decode()}{retained}}}'
