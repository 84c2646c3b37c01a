"""A finding becomes a work item: one open per code and place (or camera), found again it is the same one."""

from __future__ import annotations

from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.incidents.actor import Actor
from gateway.model.alert import MAINTENANCE, Alert
from gateway.model.errors import Conflict
from gateway.model.judgement import Explanation
from gateway.model.patrol import Code, PatrolPoint
from gateway.patrol.codes import FINDINGS
from gateway.store import alerts as alert_store
from gateway.store import patrols as patrol_store
from gateway.store.patrols import Round


def find(connection: Connection[TupleRow], actor: Actor, round_: Round, number: int, code: Code) -> Alert:
    """Raise the work item of a finding at a round's point (from 1), or have the open one say that it still stands.

    It points to the round; the note stays with the look. Raises `Conflict` when the place left the registry meanwhile.
    """
    point, finding = round_.points[number - 1], FINDINGS[code]
    area = patrol_store.hold_place(connection, actor.scope.station, point.place)
    if area is None:
        raise Conflict(f"the place {point.place!r} is no longer registered; mend the route")
    subject = f"device:{point.device}" if code == "camera_blind" and point.device else f"place:{point.place}"
    explanation = _explanation(finding.rule, finding.title, round_, number, point, code)
    known = alert_store.open_of(connection, actor.scope.station, [(finding.rule, subject)]).get((finding.rule, subject))
    if known is not None:
        again = msgspec.structs.replace(
            known, active=True, cleared_at=None, seen=known.seen + 1, last_event_at=actor.at, explanation=explanation
        )
        return alert_store.update(connection, again)
    fresh = Alert(
        station=actor.scope.station, rule=finding.rule, rule_version=1, subject=subject, stream="work_item",
        priority=finding.priority, title=finding.title, explanation=explanation, first_action=finding.first_action,
        raised_at=actor.at, last_event_at=actor.at, place=point.place, area=area, device=point.device,
        suppressed_by=MAINTENANCE, suppressed_at=actor.at,
    )  # fmt: skip
    return alert_store.insert(connection, fresh)


def _explanation(
    rule: str, title: dict[str, str], round_: Round, number: int, point: PatrolPoint, code: Code
) -> dict[str, Any]:
    facts = {
        "code": code, "round": round_.id, "route": round_.route, "point": number, "place": point.place,
        "device": point.device,
    }  # fmt: skip
    summary = {
        "zh": f"「{round_.name}」第 {number} 个点位，{title['zh']}",
        "en": f"{title['en']}; point {number} of «{round_.name}»",
    }
    told: dict[str, Any] = msgspec.to_builtins(Explanation(rule, 1, summary, facts))
    return told
