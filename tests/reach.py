"""Who may ask what, and where: one line per route. `tests/integration/test_reach_matrix.py` asks all of it.

A new route is one line here, or the build fails: `"METHOD /path": kind(roles, …)`.

* `anybody()`: no session is needed.
* `own(roles)`: about oneself, or the same for everybody: nothing in it lies in an area.
* `station(roles, why)`: the whole station's on purpose, with the reason.
* `listing(roles)`: answers what lies within one's areas and nothing else.
* `thing(roles)`: about one object. Its `{…}` in path, query and body are filled with an object of one's own area, of
  another area and of another station, by the kind before the underscore: `{alert_id}` is an alert. 404 outside.
* `counted(roles, field)`: answers a number about what lies within one's areas, which grows with that and nothing else.
* `whole(roles)`: only for those of these roles who see the whole station; an object of another station is not there.

`ok` are the statuses of a request that got through, beside success. `body` is sent as JSON (bytes: as they are), query
as parameters. `about` says which sort of object a placeholder stands for: `{"incident": "signed"}`. `oneself` are roles
that may ask it about themselves, `refused` what everybody else is answered.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

Where = Literal["near", "far", "alien"]
#: Who has an account, and the screen on the wall, which has none.
ACCOUNTS = ("operator", "officer", "commander", "grid_worker", "auditor", "admin")
ROLES = (*ACCOUNTS, "wall")
PEOPLE = "operator officer commander grid_worker admin"
#: What everybody in the room may read.
WATCHERS = f"{PEOPLE} wall"
CARERS = "operator officer commander grid_worker"
RESPONDERS = "operator officer commander"
DESK = "operator commander"
CALLED = "officer commander"
WALKERS = "officer commander grid_worker"
CHIEFS = "commander admin"
SUCCESS = frozenset({200, 201, 202, 204})
WHY = "an honest reason"
PICTURE = b"\x89PNG\r\n\x1a\n" + b"a picture"
ROSTER = {"area": "{area}", "duty": [{"area": "{area}", "officer": "near-officer"}]}
TIP = {
    "kind": "safety", "title": {"zh": "提示"}, "text": {"zh": "谨防诈骗"}, "areas": ["{area}"],
    "enterprises": ["{enterprise}"], "ends_at": "{soon}",
}  # fmt: skip
SUBSCRIPTION = {
    "endpoint": "https://push.example.com/{new}",
    "keys": {"p256dh": "B" + "A" * 86, "auth": "A" * 22},
}


class Row(NamedTuple):
    """What is to be expected of a route."""

    kind: Literal["anybody", "own", "station", "listing", "counted", "thing", "whole"]
    roles: frozenset[str]
    body: Any = None
    query: dict[str, str] = {}  # noqa: RUF012  # never changed
    ok: frozenset[int] = SUCCESS
    why: str = ""
    unknown: frozenset[int] = frozenset({404})
    outside: frozenset[int] = frozenset({404})
    refused: frozenset[int] = frozenset({403})
    oneself: frozenset[str] = frozenset()
    about: dict[str, str] = {}  # noqa: RUF012  # never changed
    colleagues: bool = False
    field: str = ""


def _row(kind: Any, roles: str, body: Any, query: dict[str, str] | None, ok: set[int] | None, why: str = "") -> Row:
    return Row(kind, frozenset(roles.split()), body, query or {}, frozenset(ok or ()) | SUCCESS, why)


def anybody(body: Any = None, ok: set[int] | None = None, query: dict[str, str] | None = None) -> Row:
    return _row("anybody", " ".join(ROLES), body, query, ok)


def own(roles: str, body: Any = None, ok: set[int] | None = None) -> Row:
    return _row("own", roles, body, None, ok)


def station(roles: str, why: str, body: Any = None, ok: set[int] | None = None, oneself: str = "") -> Row:
    return _row("station", roles, body, None, ok, why)._replace(oneself=frozenset(oneself.split()))


def listing(roles: str, query: dict[str, str] | None = None, *, oneself: str = "", colleagues: bool = False) -> Row:
    """`colleagues`: user names may stand in it wherever they belong."""
    row = _row("listing", roles, None, query, None)
    return row._replace(oneself=frozenset(oneself.split()), colleagues=colleagues)


def counted(roles: str, field: str) -> Row:
    return _row("counted", roles, None, None, None)._replace(field=field)


def thing(
    roles: str, body: Any = None, query: dict[str, str] | None = None, ok: set[int] | None = None, *,
    unknown: set[int] | None = None, outside: set[int] | None = None, refused: set[int] | None = None,
    oneself: str = "", about: dict[str, str] | None = None, colleagues: bool = False,
) -> Row:  # fmt: skip
    """`unknown`: what whoever sees the whole station is answered about what is not there, if not 404.

    `outside`: what whoever has areas is answered about what lies outside of them, if not 404.
    """
    return _row("thing", roles, body, query, ok)._replace(
        unknown=frozenset(unknown or {404}), outside=frozenset(outside or {404}), refused=frozenset(refused or {403}),
        oneself=frozenset(oneself.split()), about=about or {}, colleagues=colleagues,
    )  # fmt: skip


def whole(
    roles: str, body: Any = None, ok: set[int] | None = None, *, query: dict[str, str] | None = None,
    about: dict[str, str] | None = None,
) -> Row:  # fmt: skip
    return _row("whole", roles, body, query, ok)._replace(about=about or {})


ALL = " ".join(ACCOUNTS)
ROUTES: dict[str, Row] = {
    # ── getting in ──
    "POST /api/v1/auth/login": anybody(),
    "GET /healthz": anybody(),
    "GET /readyz": anybody(),
    "GET /metrics": anybody(),
    "GET /docs": anybody(),
    "GET /api/v1/me": own(f"{ALL} wall"),
    "GET /api/v1/me/sessions": own(ALL),
    "DELETE /api/v1/me/sessions/{session_id}": own(ALL, ok={404}),
    "POST /api/v1/me/password": own(ALL, {"old": "correct horse", "new": "short"}, ok={422}),
    "POST /api/v1/auth/totp/enrol": own(ALL, {"password": "correct horse"}),
    "POST /api/v1/auth/totp/confirm": own(ALL, {"otp": "000000"}, ok={409, 422}),
    "POST /api/v1/auth/logout": own(f"{ALL} wall"),
    "POST /api/v1/auth/wall": anybody({"token": "made-up"}, ok={401, 403}),
    "GET /api/v1/walls": whole(CHIEFS),
    "POST /api/v1/walls": whole(CHIEFS, {"label": "大屏", "areas": ["near-grid"]}),
    "DELETE /api/v1/walls/{wall_id}": whole(CHIEFS),
    # ── what happened ──
    "GET /api/v1/alerts": listing(WATCHERS),
    "GET /api/v1/work-items": listing(WATCHERS),
    "GET /api/v1/alerts/{alert_id}": thing(PEOPLE),
    "POST /api/v1/alerts/{alert_id}/ack": thing(DESK),
    "POST /api/v1/alerts/{alert_id}/unack": thing(DESK),
    "POST /api/v1/alerts/{alert_id}/reset": thing(DESK, ok={409}),
    "GET /api/v1/incidents": listing(WATCHERS, {"limit": "500"}),
    "GET /api/v1/incidents/{incident_id}": thing(PEOPLE),
    "GET /api/v1/incidents/{incident_id}/timeline": thing(PEOPLE),
    "POST /api/v1/incidents/{incident_id}/ack": thing(DESK),
    "POST /api/v1/incidents/{incident_id}/unack": thing(DESK, ok={409}, about={"incident": "acknowledged"}),
    "POST /api/v1/incidents/{incident_id}/sign": thing(RESPONDERS),
    "POST /api/v1/incidents/{incident_id}/close": thing(RESPONDERS, {"disposition": "real"}),
    "POST /api/v1/incidents": thing(CARERS, {"category": "other", "text": "有人求助", "place": "{place}"}),
    "POST /api/v1/incidents/{incident_id}/dispatch": thing(DESK, {"assignees": ["near-officer"]}),
    "POST /api/v1/incidents/{incident_id}/decline": thing(CALLED),
    "POST /api/v1/incidents/{incident_id}/assist": thing(CALLED, about={"incident": "signed"}),
    "POST /api/v1/incidents/{incident_id}/withdraw": thing(RESPONDERS, about={"incident": "proposed"}),
    "POST /api/v1/incidents/{incident_id}/depart": thing(RESPONDERS, about={"incident": "signed"}),
    "POST /api/v1/incidents/{incident_id}/arrive": thing(RESPONDERS, about={"incident": "signed"}),
    "POST /api/v1/incidents/{incident_id}/handle": thing(RESPONDERS, {"text": "已处置"}, about={"incident": "signed"}),
    "POST /api/v1/incidents/{incident_id}/reopen": thing(DESK, {"reason": WHY}, about={"incident": "closed"}),
    "POST /api/v1/incidents/{incident_id}/merge": thing(DESK, {"into": "{into}"}),
    "POST /api/v1/incidents/{incident_id}/cancel": thing(DESK, {"reason": WHY}, about={"incident": "reported"}),
    "POST /api/v1/incidents/{incident_id}/notes": thing(CARERS, {"text": "已联系家属"}),
    "PATCH /api/v1/incidents/{incident_id}/dispute": thing(
        CARERS, {"parties": 2, "places": ["{place}"]}, about={"incident": "dispute"}
    ),
    "GET /api/v1/incidents/{incident_id}/candidates": thing(PEOPLE, colleagues=True),
    "POST /api/v1/incidents/{incident_id}/presence": thing(PEOPLE, {"leaving": False}),
    "POST /api/v1/incidents/{incident_id}/trail": thing(RESPONDERS, {"reason": WHY}),
    "POST /api/v1/incidents/{incident_id}/attachments": thing(CARERS, PICTURE),
    "GET /api/v1/incidents/{incident_id}/attachments/{attachment_id}": thing(PEOPLE),
    "GET /api/v1/alerts/{alert_id}/pictures": thing(RESPONDERS),
    "GET /api/v1/alerts/{alert_id}/pictures/{picture_id}": thing(RESPONDERS),
    "POST /api/v1/media": anybody(
        ok={401},
        query={
            "event": "e",
            "role": "clip",
            "from": "2026-11-22T08:00:00+08:00",
            "until": "2026-11-22T08:00:40+08:00",
        },
    ),
    "GET /api/v1/devices/{device}/still": thing(RESPONDERS, about={"device": "camera"}),
    "GET /api/v1/alerts/{alert_id}/video": thing(RESPONDERS),
    "POST /api/v1/cameras/{device}/video": thing(RESPONDERS, {}, about={"device": "filmed"}, ok={502}),
    "POST /api/v1/alerts/{alert_id}/video/snapshot": thing(
        RESPONDERS, {"device": "{device}"}, about={"device": "filmed"}, ok={409}
    ),
    "GET /api/v1/devices/{device}/seeing": thing(CHIEFS, about={"device": "camera"}),
    "PUT /api/v1/seeing": anybody(ok={401}),
    "PUT /api/v1/still": anybody(ok={401}, query={"at": "2026-11-22T08:00:00+08:00"}),
    "GET /api/v1/evidence/head": station(DESK, "a number, a key and a signature: no data of anybody"),
    "GET /api/v1/incidents/{incident_id}/evidence": thing(DESK),
    "GET /api/v1/incidents/{incident_id}/evidence/{record_id}/{content}": thing(DESK),
    "POST /api/v1/incidents/{incident_id}/evidence/bundle": thing(
        "commander", {"recipient": "县局法制大队", "reason": WHY}, about={"incident": "frozen"}
    ),
    "POST /api/v1/incidents/{incident_id}/hold": thing("commander", {"reason": WHY}),
    "DELETE /api/v1/incidents/{incident_id}/hold": thing("commander"),
    "GET /api/v1/events": listing(PEOPLE),
    "GET /api/v1/stream": listing(WATCHERS),
    "GET /api/v1/dead-letters": station(
        "operator commander admin", "what could not be read has no area; who mends it sees all of it"
    ),
    "POST /api/v1/dead-letters/{letter_id}/replay": station(CHIEFS, "as the list of them", ok={422}),
    "POST /api/v1/dead-letters/replay": station(CHIEFS, "as the list of them", {"reason": "not_json"}),
    "POST /api/v1/ingest": station(
        "operator admin", "what is reported at the desk comes from anywhere", {"device": "near-door", "kind": "x"}
    ),
    # ── what there is ──
    "GET /api/v1/areas": listing(WATCHERS),
    "GET /api/v1/places": listing(WATCHERS),
    "GET /api/v1/devices": listing(WATCHERS),
    "GET /api/v1/map": own(WATCHERS),
    "GET /map/base.pmtiles": own(f"{ALL} wall", ok={404}),
    "HEAD /map/base.pmtiles": own(f"{ALL} wall", ok={404}),
    "GET /api/v1/users": station(CARERS, "who acts on incidents knows each other by name, across areas"),
    "GET /api/v1/drills": listing(PEOPLE),
    "POST /api/v1/drills": thing("operator commander admin", {"device": "{device}", "minutes": 5}),
    "POST /api/v1/drills/end": thing("operator commander admin", {"device": "{device}"}),
    "POST /api/v1/areas": whole("admin", {"id": "{new}", "kind": "grid", "name": "新网格"}),
    "PUT /api/v1/areas/{area}": whole("admin", {"kind": "grid", "name": "网格"}, about={"area": "plot"}),
    "PATCH /api/v1/areas/{area}": whole("admin", {"name": "网格"}, about={"area": "plot"}),
    "DELETE /api/v1/areas/{area}": whole("admin", about={"area": "plot"}),
    "POST /api/v1/places": whole(CHIEFS, {"id": "{new}", "kind": "flat", "area": "near-grid", "name": "新楼"}),
    "PUT /api/v1/places/{place}": whole(
        CHIEFS, {"kind": "flat", "area": "near-grid", "name": "楼"}, about={"place": "spot"}
    ),
    "PATCH /api/v1/places/{place}": whole(CHIEFS, {"name": "楼"}, about={"place": "spot"}),
    "DELETE /api/v1/places/{place}": whole(CHIEFS, about={"place": "spot"}),
    "PUT /api/v1/places/{place}/plan": thing(CHIEFS, PICTURE, {"corners": "33.16,109.10;33.15,109.11"}),
    "GET /api/v1/places/{place}/plan": thing(PEOPLE, about={"place": "planned"}),
    "DELETE /api/v1/places/{place}/plan": thing(CHIEFS, about={"place": "planned"}),
    "POST /api/v1/devices": whole(
        "admin", {"id": "{new}", "kind": "door_contact", "place": "near-place", "name": "门磁"}
    ),
    "PUT /api/v1/devices/{device}": whole(
        "admin", {"kind": "door_contact", "place": "near-place", "name": "门磁"}, about={"device": "gadget"}
    ),
    "PATCH /api/v1/devices/{device}": whole("admin", {"name": "门磁"}, about={"device": "gadget"}),
    "DELETE /api/v1/devices/{device}": whole("admin", about={"device": "gadget"}),
    "POST /api/v1/registry/sheets": whole("admin", b"no sheet", ok={422}, query={"kind": "devices"}),
    "GET /api/v1/policy": station(PEOPLE, "whoever is told may know how; there is nobody and no place in it"),
    "PUT /api/v1/policy": whole(CHIEFS, {}),
    # ── who answers ──
    "GET /api/v1/duty": listing(PEOPLE, colleagues=True),
    "PUT /api/v1/duty": thing(CHIEFS, ROSTER),
    "GET /api/v1/duty/now": thing(WATCHERS, query={"place": "{place}"}),
    "GET /api/v1/duty/calendar": thing(PEOPLE, query={"from": "2026-11-01", "area": "{area}"}),
    "GET /api/v1/duty/check": listing("operator commander admin", {"days": "{doubts}"}, colleagues=True),
    "POST /api/v1/duty/check": thing(CHIEFS, ROSTER, colleagues=True),
    "POST /api/v1/duty/swaps": thing(
        "officer commander admin",
        {"shift": "{shift}", "day": "{day}", "instead_of": "{turn}", "by": "{stand}"},
        outside={403, 404},
        unknown={403, 404},  # an officer who names somebody else's turn is told so at once
    ),
    "DELETE /api/v1/duty/swaps/{swap_id}": thing("officer commander admin"),
    "GET /api/v1/duty/reach": listing("operator commander admin", colleagues=True),
    "GET /api/v1/duty/positions": listing(DESK, colleagues=True),
    # ── how people are reached ──
    "GET /api/v1/users/{username}/contacts": thing(CHIEFS, oneself=ALL),
    "POST /api/v1/users/{username}/contacts": thing(
        "admin", {"channel": "phone", "address": "phone-{new}"}, oneself=ALL
    ),
    "DELETE /api/v1/users/{username}/contacts/{contact_id}": thing("admin", oneself=ALL),
    "POST /api/v1/users/{username}/contacts/{contact_id}/test": thing(CHIEFS, oneself=ALL),
    "GET /api/v1/push/key": own(ALL, ok={404}),
    "POST /api/v1/push/subscriptions": own(ALL, SUBSCRIPTION),
    "DELETE /api/v1/push/subscriptions": own(ALL, SUBSCRIPTION, ok={404}),
    "GET /api/v1/notifications/{notification_id}": thing("operator commander admin", refused={404}, oneself=ALL),
    "POST /api/v1/notifications/{notification_id}/receipt": thing("", {"step": "seen"}, refused={404}, oneself=ALL),
    "POST /api/v1/receipts/{token}": anybody({"step": "seen"}),
    "POST /api/v1/receipts/provider/{channel}": anybody({}, ok={403, 404}),  # by its signature
    "POST /api/v1/receipts/provider/{channel}/{token}": anybody({}, ok={403, 404}),  # by the token in it
    # ── what is kept quiet ──
    "GET /api/v1/shelves": listing(PEOPLE, colleagues=True),
    "POST /api/v1/shelves": thing(DESK, {"place": "{place}", "until": "{soon}", "reason": WHY}),
    "POST /api/v1/shelves/preview": thing(DESK, {"place": "{place}"}),
    "POST /api/v1/shelves/{shelf_id}/agree": thing(DESK, colleagues=True),
    "POST /api/v1/shelves/{shelf_id}/end": thing(DESK, colleagues=True),
    "POST /api/v1/alerts/{alert_id}/shelve": thing(DESK, {"minutes": 5, "reason": WHY}),
    "GET /api/v1/suppressed": listing(PEOPLE),
    "GET /api/v1/floods": station(
        WATCHERS, "that there is a flood concerns everybody; its report, the whole station's"
    ),
    # ── online patrol ──
    "GET /api/v1/patrols": listing(PEOPLE),
    "POST /api/v1/patrols": whole(
        CHIEFS, {"id": "{new}", "area": "near-grid", "name": "夜巡", "points": [{"place": "near-place"}]}
    ),
    "PUT /api/v1/patrols/{patrol}": whole(
        CHIEFS, {"area": "near-grid", "name": "夜巡", "points": [{"place": "near-place"}]}
    ),
    "PATCH /api/v1/patrols/{patrol}": whole(CHIEFS, {"name": "夜巡"}),
    "DELETE /api/v1/patrols/{patrol}": whole(CHIEFS),
    "POST /api/v1/patrols/{patrol}/rounds": thing(RESPONDERS),
    "GET /api/v1/patrols/{patrol}/rounds": thing(PEOPLE),
    "GET /api/v1/patrols/rounds/{round_id}": thing(PEOPLE),
    "POST /api/v1/patrols/rounds/{round_id}/looks": thing(
        RESPONDERS, {"point": 1, "seen": "finding", "code": "hazard", "note": "灭火器过期"}
    ),
    "GET /api/v1/patrols/rounds/{round_id}/looks/{look_id}/picture": thing(RESPONDERS),
    "POST /api/v1/patrols/rounds/{round_id}/end": thing(RESPONDERS),
    "GET /api/v1/work-items/{item_id}": thing(PEOPLE),
    "POST /api/v1/work-items/{item_id}/done": thing(CARERS, {"text": "已清通"}),
    # ── bulletins ──
    "GET /api/v1/bulletins": listing(PEOPLE, colleagues=True),
    "POST /api/v1/bulletins": thing(RESPONDERS, TIP),
    "POST /api/v1/bulletins/preview": thing(RESPONDERS, TIP),
    "GET /api/v1/bulletins/{bulletin_id}": thing(PEOPLE, colleagues=True),
    "POST /api/v1/bulletins/{bulletin_id}/withdraw": thing(RESPONDERS),
    "GET /api/v1/enterprises": listing("operator officer commander admin", colleagues=True),
    "POST /api/v1/enterprises": thing(CHIEFS, {"name": "超市", "area": "{area}", "url": "https://shop.example.com/n"}),
    "DELETE /api/v1/enterprises/{enterprise_id}": thing(CHIEFS),
    "POST /api/v1/enterprises/{enterprise_id}/test": thing(CHIEFS),
    # ── figures, the desk, the officers' record ──
    "GET /api/v1/stats/clocks": listing(WATCHERS, {"by": "area"}),
    "GET /api/v1/stats/mix": listing(WATCHERS),
    "GET /api/v1/stats/rules": counted(WATCHERS, "alerts"),
    "GET /api/v1/stats/alarms": counted("operator commander admin", "alarms"),
    "POST /api/v1/desk/begin": own(DESK),
    "POST /api/v1/desk/pause": own(DESK, ok={409}),
    "POST /api/v1/desk/end": own(DESK, ok={409}),
    "GET /api/v1/desk/handover": listing(DESK, colleagues=True),
    "POST /api/v1/desk/handover": listing(DESK, colleagues=True),
    "GET /api/v1/desk/handovers": listing(DESK),
    "GET /api/v1/desk/handover/{handover_id}": thing(DESK),
    "POST /api/v1/desk/handover/{handover_id}/sign": thing(DESK),
    "POST /api/v1/footprints": own(
        WALKERS, {"items": [{"client_id": "{new}", "kind": "visit", "at": "{now}", "place": "{place}"}]}
    ),
    "GET /api/v1/footprints": listing("commander", {"username": "{walker}"}, oneself=WALKERS),
    "GET /api/v1/records": listing(RESPONDERS),
    "GET /api/v1/records/{username}": station(
        "commander", "of any colleague's month, what was done within one's own areas", oneself=WALKERS
    ),
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
    "GET /api/v1/rules": own(WATCHERS),
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
    "GET /api/v1/retention": whole("commander auditor admin"),
    "GET /api/v1/county/links": whole("operator commander admin"),
    "GET /api/v1/county/alarms": whole("operator commander admin"),
    "GET /api/v1/accounts": whole("admin"),
    "POST /api/v1/users": whole("admin", {"username": "{new}", "name": "新同事", "role": "officer"}),
    "PATCH /api/v1/users/{username}": whole("admin", {"auxiliary": True}),
    "POST /api/v1/users/{username}/password": whole("admin", {"password": "a good password"}),
    "DELETE /api/v1/users/{username}/totp": whole("admin", ok={404}),
}
