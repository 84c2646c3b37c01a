"""What still stands about people who do not, or no longer, agree to be watched over: it ends.

Rules let go by themselves of those they watch by name; of what they saw at a home (a door left open) they would wait
for its end. Asked whenever the registry changed or a road opens, so that a withdrawal while the gateway was down counts
too.
"""

from __future__ import annotations

from datetime import datetime

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.model.judgement import Explanation, Verdict
from gateway.store import persons
from rules.definition import Definition
from rules.load import RuleBook

_SUMMARY = {"zh": "本人已撤回照护同意，不再看护", "en": "consent to be watched over was withdrawn"}


def endings(connection: Connection[TupleRow], station: str, book: RuleBook, now: datetime) -> list[Verdict]:
    """Return the verdicts that end what optional monitoring holds up of people without consent."""
    rules = {rule.id: rule.version for rule in book if _is_optional(rule.definition)}
    return [
        Verdict(
            "clear", rule, subject, now, Explanation(rule, rules[rule], _SUMMARY, {}), priority=priority, stream=stream
        )
        for rule, subject, priority, stream in persons.standing(connection, station, rules)
    ]


def _is_optional(definition: Definition) -> bool:
    return definition.category == "care" or bool(definition.params.get("care"))
