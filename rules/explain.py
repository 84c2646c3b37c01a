"""From structured facts to one sentence in each language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gateway.model.judgement import Explanation

if TYPE_CHECKING:
    from rules.definition import Definition


class _Shown(dict[str, Any]):
    """Facts for a template; one that is absent shows as a dash instead of breaking the sentence."""

    def __missing__(self, key: str) -> str:
        return "—"


def explain(
    definition: Definition,
    version: int,
    facts: Mapping[str, Any],
    limit: str | None,
    limit_source: str | None,
) -> Explanation:
    """Return the explanation of one verdict.

    The definition's templates name facts as `{place}`, `{count}`…
    """
    shown = _Shown(facts)
    if limit is not None:
        shown["limit"] = limit
    return Explanation(
        rule=definition.id,
        version=version,
        summary={
            "zh": definition.explain.zh.format_map(shown),
            "en": definition.explain.en.format_map(shown),
        },
        facts=dict(facts),
        limit=limit,
        limit_source=limit_source,
        prevented_by={"zh": definition.prevented_by.zh, "en": definition.prevented_by.en},
    )
