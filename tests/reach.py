"""Who may ask what, and where: one line per route. `tests/integration/test_reach_matrix.py` asks all of it.

A new route is one line here, or the build fails: `"METHOD /path": kind(roles, …)`.

* `anybody()`: no session is needed.
* `own(roles)`: about oneself, or the same for everybody: nothing in it lies in an area.
* `station(roles, why)`: the whole station's on purpose, with the reason.
* `listing(roles)`: answers what lies within one's areas and nothing else.
* `thing(roles)`: about one object. Its `{…}` in path, query and body are filled with an object of one's own area, of
  another area and of another station, by the kind before the underscore: `{alert_id}` is an alert. 404 outside.
* `whole(roles)`: only for those of these roles who see the whole station; an object of another station is not there.

`ok` are the statuses of a request that got through, beside success. `body` is sent as JSON, `query` as parameters.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

Where = Literal["near", "far", "alien"]
ROLES = ("operator", "officer", "commander", "grid_worker", "auditor", "admin")
PEOPLE = "operator officer commander grid_worker admin"
CARERS = "operator officer commander grid_worker"
RESPONDERS = "operator officer commander"
DESK = "operator commander"
CHIEFS = "commander admin"
SUCCESS = frozenset({200, 201, 202, 204})
WHY = "an honest reason"


class Row(NamedTuple):
    """What is to be expected of a route."""

    kind: Literal["anybody", "own", "station", "listing", "thing", "whole"]
    roles: frozenset[str]
    body: Any = None
    query: dict[str, str] = {}  # noqa: RUF012  # never changed
    ok: frozenset[int] = SUCCESS
    why: str = ""
    unknown: frozenset[int] = frozenset({404})


def _row(kind: Any, roles: str, body: Any, query: dict[str, str] | None, ok: set[int] | None, why: str = "") -> Row:
    return Row(kind, frozenset(roles.split()), body, query or {}, frozenset(ok or ()) | SUCCESS, why)


def anybody() -> Row:
    return _row("anybody", " ".join(ROLES), None, None, None)


def own(roles: str, body: Any = None, ok: set[int] | None = None) -> Row:
    return _row("own", roles, body, None, ok)


def station(roles: str, why: str, body: Any = None, ok: set[int] | None = None) -> Row:
    return _row("station", roles, body, None, ok, why)


def listing(roles: str, query: dict[str, str] | None = None) -> Row:
    return _row("listing", roles, None, query, None)


def thing(
    roles: str, body: Any = None, query: dict[str, str] | None = None, ok: set[int] | None = None,
    unknown: set[int] | None = None,
) -> Row:  # fmt: skip
    """`unknown`: what whoever sees the whole station is answered about what is not there, if not 404."""
    return _row("thing", roles, body, query, ok)._replace(unknown=frozenset(unknown or {404}))


def whole(roles: str, body: Any = None, ok: set[int] | None = None) -> Row:
    return _row("whole", roles, body, None, ok)


ALL = " ".join(ROLES)
ROUTES: dict[str, Row] = {
    # ── getting in ──
    "POST /api/v1/auth/login": anybody(),
    "GET /healthz": anybody(),
    "GET /readyz": anybody(),
    "GET /metrics": anybody(),
    "GET /docs": anybody(),
    "GET /api/v1/me": own(ALL),
    "GET /api/v1/me/sessions": own(ALL),
    "DELETE /api/v1/me/sessions/{session_id}": own(ALL, ok={404}),
    "POST /api/v1/me/password": own(ALL, {"old": "correct horse", "new": "short"}, ok={422}),
    "POST /api/v1/auth/totp/enrol": own(ALL, {"password": "correct horse"}),
    "POST /api/v1/auth/totp/confirm": own(ALL, {"otp": "000000"}, ok={409, 422}),
    "POST /api/v1/auth/logout": own(ALL),
    # ── what happened ──
    "GET /api/v1/alerts": listing(PEOPLE),
    "GET /api/v1/work-items": listing(PEOPLE),
    "GET /api/v1/alerts/{alert_id}": thing(PEOPLE),
    "POST /api/v1/alerts/{alert_id}/ack": thing(DESK),
    "POST /api/v1/alerts/{alert_id}/reset": thing(DESK, ok={409}),
    "GET /api/v1/incidents": listing(PEOPLE),
    "GET /api/v1/incidents/{incident_id}": thing(PEOPLE),
    "GET /api/v1/incidents/{incident_id}/timeline": thing(PEOPLE),
    "POST /api/v1/incidents/{incident_id}/ack": thing(DESK),
    "POST /api/v1/incidents/{incident_id}/sign": thing(RESPONDERS),
    "POST /api/v1/incidents/{incident_id}/close": thing(RESPONDERS, {"disposition": "real"}),
    "GET /api/v1/events": listing(PEOPLE),
    "GET /api/v1/stream": listing(PEOPLE),
    "GET /api/v1/dead-letters": station(
        "operator commander admin", "what could not be read has no area; who mends it sees all of it"
    ),
    "POST /api/v1/ingest": station(
        "operator admin", "what is reported at the desk comes from anywhere", {"device": "near-door", "kind": "x"}
    ),
    # ── what there is ──
    "GET /api/v1/areas": listing(PEOPLE),
    "GET /api/v1/places": listing(PEOPLE),
    "GET /api/v1/devices": listing(PEOPLE),
    "GET /api/v1/users": station(CARERS, "who acts on incidents knows each other by name, across areas"),
    "GET /api/v1/drills": listing(PEOPLE),
    "POST /api/v1/drills": thing("operator commander admin", {"device": "{device}", "minutes": 5}),
    "POST /api/v1/drills/end": thing("operator commander admin", {"device": "{device}"}),
    # ── persons ──
    "GET /api/v1/persons": listing(CARERS),
    "POST /api/v1/persons": thing(CARERS, {"place": "{place}", "personal": {"name": "新人"}}),
    "GET /api/v1/persons/{person_id}": thing(CARERS),
    "PATCH /api/v1/persons/{person_id}": thing(CARERS, {"care": {"floor": 3}}),
    "DELETE /api/v1/persons/{person_id}": thing(CARERS),
    "POST /api/v1/persons/{person_id}/reveal": thing(CARERS, {"reason": WHY}),
    "GET /api/v1/persons/{person_id}/consent": thing(CARERS),
    "POST /api/v1/persons/{person_id}/consent": thing(CARERS, {"state": "withdrawn"}),
    "POST /api/v1/persons/{person_id}/away": thing(CARERS, {"until": None}),
    # ── rules ──
    "GET /api/v1/rules": own(PEOPLE),
    "GET /api/v1/rules/{rule}": own(PEOPLE),
    "GET /api/v1/rules/{rule}/trace": thing(PEOPLE, query={"subject": "person:{person}"}, unknown={200}),
    "POST /api/v1/rules/{rule}/versions": whole(CHIEFS, {"definition": "id: x", "tests": ""}, ok={422}),
    "POST /api/v1/rules/{rule}/activate": whole(CHIEFS, {"version": 99, "reason": WHY}, ok={404, 409, 422}),
    "POST /api/v1/rules/{rule}/retire": whole(CHIEFS, {"reason": WHY}, ok={409}),
    "POST /api/v1/rules/{rule}/backtest": whole(
        CHIEFS, {"since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, ok={422}
    ),
    "GET /api/v1/rules/{rule}/backtests": whole(CHIEFS),
    "GET /api/v1/rules/{rule}/backtests/{backtest_id}": whole(CHIEFS, ok={404}),
    # ── accounts and the trail ──
    "GET /api/v1/audit": station("auditor admin", "who did what is judged for the whole station"),
    "GET /api/v1/accounts": whole("admin"),
    "POST /api/v1/users": whole("admin", {"username": "{new}", "name": "新同事", "role": "officer"}),
    "PATCH /api/v1/users/{username}": whole("admin", {"auxiliary": True}),
    "POST /api/v1/users/{username}/password": whole("admin", {"password": "a good password"}),
    "DELETE /api/v1/users/{username}/totp": whole("admin", ok={404}),
}
