"""Incidents that people open: a resident at the desk, a 110 operator's call, a grid worker's dispute.

The title is the sort of thing it is, in both languages: it goes into pushes. What was said in words, and who reported
it, is sealed.
"""

from __future__ import annotations

from typing import Any, get_args

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway import trail
from gateway.incidents import dispute, effects, texts
from gateway.incidents.actor import Actor
from gateway.incidents.decide import due
from gateway.incidents.dispute import Dispute
from gateway.incidents.earlier import OPENED
from gateway.model.errors import BadInput, Forbidden, NotFound
from gateway.model.incident import Category, Incident
from gateway.model.policy import Priority
from gateway.sealing import Sealer
from gateway.store import incident_subjects, incident_texts
from gateway.store import incidents as incident_store
from gateway.store import registry as registry_store
from gateway.telling import tell
from gateway.telling.tell import Announcer

#: Who may open an incident by hand; each within their areas.
OPENING_ROLES = frozenset({"operator", "commander", "officer", "grid_worker"})
TITLES: dict[str, dict[str, str]] = {
    "school": {"zh": "校园报警", "en": "School alarm"},
    "distress": {"zh": "群众求助", "en": "Call for help"},
    "care": {"zh": "关爱对象异常", "en": "Concern about a person in care"},
    "entry": {"zh": "可疑进入", "en": "Suspicious entry"},
    "order": {"zh": "治安警情", "en": "Public order"},
    "fire": {"zh": "火情", "en": "Fire"},
    "traffic": {"zh": "交通警情", "en": "Traffic"},
    "dispute": {"zh": "矛盾纠纷", "en": "Dispute"},
    "premises": {"zh": "场所隐患", "en": "Trouble at premises"},
    "other": {"zh": "其他警情", "en": "Other incident"},
}
#: How urgent it is when nobody says so.
PRIORITIES: dict[str, Priority] = {
    "school": "P1", "distress": "P1", "fire": "P1", "care": "P2", "entry": "P2", "order": "P2", "traffic": "P3",
    "dispute": "P3", "premises": "P3", "other": "P3",
}  # fmt: skip


class Report(msgspec.Struct, frozen=True):
    """What somebody reports. `title`, `text` and `reporter` are free text.

    `video_url` is a camera's or a clip's address, `client_id`: the reporting device's own id of it.
    """

    category: Category
    title: str | None = None
    text: str | None = None
    place: str | None = None
    area: str | None = None
    person: str | None = None
    priority: Priority | None = None
    reporter: str | None = None
    video_url: str | None = None
    dispute: Dispute | None = None
    client_id: str | None = None


def open_by_hand(
    connection: Connection[TupleRow], announcer: Announcer, sealer: Sealer, actor: Actor, report: Report
) -> tuple[Incident, bool]:
    """Open an incident and call its ladder; returns it, and False when this very report had opened it before.

    Raises `Forbidden`, `BadInput`, and `NotFound` for a place, an area or a person outside of the actor's scope.
    """
    if actor.role not in OPENING_ROLES:
        raise Forbidden(f"the role {actor.role} may not open incidents")
    if report.client_id is not None:
        known = incident_texts.incident_of_client(connection, actor.username, report.client_id)
        if known is not None and known[1] == OPENED:
            return effects.held(connection, actor.scope, known[0]), False
        if known is not None:
            raise BadInput(
                f"the client_id {report.client_id} is of something else; give each report its own", reason="client"
            )
    _must_be_whole(report)
    from gateway.telling import ladder  # noqa: PLC0415  # it tells, and what it tells of imports us

    place, area = _where(connection, actor, report)
    priority = report.priority or PRIORITIES[report.category]
    registry = registry_store.load(connection, actor.scope.station)
    incident = incident_store.insert(
        connection,
        Incident(
            station=actor.scope.station,
            priority=priority,
            title=TITLES[report.category],
            opened_at=actor.at,
            changed_at=actor.at,
            ladder=ladder.freeze(registry, area=area, place=place, priority=priority, now=actor.at),
            category=report.category,
            origin="person",
            opened_by=actor.username,
            place=place,
            area=area,
            person=report.person,
            due_at=due(priority, "new", registry_store.policy(connection, actor.scope.station), actor.at),
            detail=_detail(connection, actor, report),
            follow_up_on=report.dispute.follow_up_on if report.dispute is not None else None,
        ),
    )
    detail: dict[str, Any] = {"category": report.category, "origin": "person"}
    step = effects.write_step(connection, actor, incident.id, OPENED, None, "new", detail, report.client_id)
    texts.keep(
        connection, sealer, incident.station, incident.id, step,
        headline=report.title, text=report.text, reporter=report.reporter,
        outcome=report.dispute.outcome_text if report.dispute is not None else None,
    )  # fmt: skip
    ladder.start(connection, incident, registry, actor.at)
    trail.note(connection, actor, "incident.open", f"incident/{incident.id}", {"category": report.category})
    announcer.announce(connection, [(tell.incident_change(connection, incident), True)], actor.at)
    return incident, True


def _must_be_whole(report: Report) -> None:
    if report.category not in TITLES or report.category not in get_args(Category):
        raise BadInput(f"choose a category, one of {', '.join(TITLES)}", reason="category")
    if not (report.title or "").strip() and not (report.text or "").strip():
        raise BadInput("say what happened: a title or a text", reason="text")
    if report.place is None and report.area is None:
        raise BadInput("say where it is: a place or an area", reason="place")
    if report.dispute is not None and report.category != "dispute":
        raise BadInput("only a dispute has parties and a route; leave `dispute` out", reason="dispute")


def _where(connection: Connection[TupleRow], actor: Actor, report: Report) -> tuple[str | None, str | None]:
    area = report.area
    if report.place is not None:
        area = registry_store.area_of_place(connection, actor.scope, report.place)
        if area is None:
            raise NotFound(f"there is no place {report.place!r} within your reach")
        if report.area is not None and report.area != area:
            raise BadInput(f"the place {report.place} lies in {area}, not in {report.area}; say one", reason="area")
    elif area is None or not incident_subjects.has_area(connection, actor.scope, area):
        raise NotFound(f"there is no area {area!r} within your reach")
    if report.person is not None and incident_subjects.home_of(connection, actor.scope, report.person) is None:
        raise NotFound(f"there is no person {report.person!r} within your reach")
    return report.place, area


def _detail(connection: Connection[TupleRow], actor: Actor, report: Report) -> dict[str, Any]:
    detail: dict[str, Any] = {}
    if report.video_url is not None:
        detail["video_url"] = report.video_url
    if report.dispute is not None:
        detail["dispute"] = dispute.coded(connection, actor, report.dispute)
    return detail
