"""The judge: a whole statement held against everything that happened."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from simulators.events import timestamp
from simulators.scenario.finding import Finding, render
from simulators.scenario.happened import Line, gather
from simulators.scenario.plan import Plan
from simulators.scenario.prohibition import judge_never, judge_quiet
from simulators.scenario.span import Language
from simulators.scenario.statement import judge_must


@dataclass(frozen=True, slots=True)
class Judgement:
    """Findings in the order of the file, `must` before `must_not`."""

    plan: Plan
    must: list[Finding]
    must_not: list[Finding]

    @property
    def holds(self) -> bool:
        """Whether everything holds that could be seen."""
        return all(finding.holds is not False for finding in (*self.must, *self.must_not))

    def public(self) -> dict[str, Any]:
        """Return the judgement for machines."""
        return {
            "scenario": self.plan.scenario.id,
            "seed": self.plan.seed,
            "begin": timestamp(self.plan.begin),
            "cast": {name: list(role.ids) for name, role in self.plan.cast.items()},
            "holds": self.holds,
            "must": [finding.public(self.plan.ground.zone) for finding in self.must],
            "must_not": [finding.public(self.plan.ground.zone) for finding in self.must_not],
        }


def judge(plan: Plan, happened: Iterable[Line]) -> Judgement:
    """Hold the scenario's statement against what happened; lines sorted by `at`."""
    gathered = gather(happened)
    must = [finding for one in plan.scenario.must for finding in judge_must(one, plan, gathered)]
    must_not = [judge_never(one, plan, gathered) for one in plan.scenario.must_not]
    if plan.scenario.quiet_cast:
        must_not.append(judge_quiet(plan, gathered))
    return Judgement(plan, must, must_not)


def report(judgement: Judgement, language: Language) -> str:
    """Return the judgement for people."""
    scenario, zh = judgement.plan.scenario, language == "zh"
    title = getattr(scenario.title, language)
    begin = f"{judgement.plan.begin:%Y-%m-%d %H:%M}"
    told = [
        f"{title} ({scenario.id}, {'种子' if zh else 'seed'} {judgement.plan.seed}, {begin})",
        *_part("必须：" if zh else "must:", judgement.must, judgement, language),
        *_part("不得：" if zh else "must not:", judgement.must_not, judgement, language),
    ]
    return "\n".join(told)


def _part(heading: str, findings: list[Finding], judgement: Judgement, language: Language) -> Iterator[str]:
    """Yield a part of the statement; of what is said of each of a role, all that hold are one line."""
    if not findings:
        yield f"{heading}无" if language == "zh" else f"{heading} none"
        return
    yield heading
    for _, alike in groupby(findings, key=lambda finding: id(finding.together or finding)):
        each = list(alike)
        well = [finding for finding in each if finding.holds]
        if len(well) > 1 and (claim := each[0].together) is not None:
            yield f"  ✓ {claim[language]}{_count(len(well), len(each), language)}"
            each = [finding for finding in each if not finding.holds]
        for finding in each:
            yield "  " + render(finding, judgement.plan.begin, language).replace("\n", "\n  ")


def _count(some: int, every: int, language: Language) -> str:
    if language == "zh":
        return f"：{every} 个全部如此" if some == every else f"：{every} 个中有 {some} 个"
    return f": all {every}" if some == every else f": {some} of {every}"
