"""What a console is told that somebody may do is what the routes let through: each route under its permission.

`tests/reach.py` says of each route who may ask it, and the matrix asks all of them, so what agrees with that is so.
"""

from __future__ import annotations

import pytest

from api.permissions import DATA_ROLES, PERMISSIONS, may
from gateway.accounts.walls import WALL
from gateway.model.incident import ACTS
from tests.reach import ACCOUNTS, PEOPLE, ROLES, ROUTES, WATCHERS

ACT_PATHS = {"note": "notes"}
#: Which routes each permission is about, `METHOD /path` without `/api/v1`.
ROUTES_OF: dict[str, set[str]] = {
    **{f"incidents.{act}": {f"POST /incidents/{{incident_id}}/{ACT_PATHS.get(act, act)}"} for act in ACTS},
    "alerts.ack": {"POST /alerts/{alert_id}/ack"},
    "alerts.unack": {"POST /alerts/{alert_id}/unack"},
    "alerts.reset": {"POST /alerts/{alert_id}/reset"},
    "incidents.open": {"POST /incidents"},
    "incidents.attach": {"POST /incidents/{incident_id}/attachments"},
    "incidents.dispute": {"PATCH /incidents/{incident_id}/dispute"},
    "incidents.trail": {"POST /incidents/{incident_id}/trail"},
    "pictures.see": {
        "GET /alerts/{alert_id}/pictures", "GET /alerts/{alert_id}/pictures/{picture_id}",
        "GET /patrols/rounds/{round_id}/looks/{look_id}/picture",
    },
    "cameras.live": {
        "GET /devices/{device}/still", "GET /alerts/{alert_id}/video", "POST /cameras/{device}/video",
        "POST /alerts/{alert_id}/video/snapshot",
    },
    "cameras.set_up": {"GET /devices/{device}/seeing"},
    "evidence.see": {
        "GET /evidence/head", "GET /incidents/{incident_id}/evidence",
        "GET /incidents/{incident_id}/evidence/{record_id}/{content}",
    },
    "evidence.export": {
        "POST /incidents/{incident_id}/evidence/bundle", "POST /incidents/{incident_id}/hold",
        "DELETE /incidents/{incident_id}/hold",
    },
    "shelves.write": {
        "POST /shelves", "POST /shelves/preview", "POST /shelves/{shelf_id}/agree", "POST /shelves/{shelf_id}/end",
        "POST /alerts/{alert_id}/shelve",
    },
    "desk.sit": {
        "POST /desk/begin", "POST /desk/pause", "POST /desk/end", "GET /desk/handover", "POST /desk/handover",
        "GET /desk/handovers", "GET /desk/handover/{handover_id}", "POST /desk/handover/{handover_id}/sign",
    },
    "drills.announce": {"POST /drills", "POST /drills/end"},
    "events.report": {"POST /ingest"},
    "deadletters.read": {"GET /dead-letters"},
    "deadletters.replay": {"POST /dead-letters/replay", "POST /dead-letters/{letter_id}/replay"},
    "duty.save": {"PUT /duty", "POST /duty/check"},
    "duty.check": {"GET /duty/check"},
    "duty.swap": {"POST /duty/swaps", "DELETE /duty/swaps/{swap_id}"},
    "duty.reach": {"GET /duty/reach"},
    "users.read": {"GET /users"},
    "contacts.others": {"GET /users/{username}/contacts", "POST /users/{username}/contacts/{contact_id}/test"},
    "contacts.change_others": {
        "POST /users/{username}/contacts", "DELETE /users/{username}/contacts/{contact_id}",
    },
    "notifications.others": {"GET /notifications/{notification_id}"},
    "persons.see": {"GET /persons", "GET /persons/{person_id}", "GET /persons/{person_id}/consent"},
    "persons.write": {
        "POST /persons", "PATCH /persons/{person_id}", "DELETE /persons/{person_id}",
        "POST /persons/{person_id}/consent",
    },
    "persons.reveal": {"POST /persons/{person_id}/reveal"},
    "persons.away": {"POST /persons/{person_id}/away"},
    "bulletins.issue": {"POST /bulletins", "POST /bulletins/preview", "POST /bulletins/{bulletin_id}/withdraw"},
    "enterprises.read": {"GET /enterprises"},
    "enterprises.change": {
        "POST /enterprises", "DELETE /enterprises/{enterprise_id}", "POST /enterprises/{enterprise_id}/test",
    },
    "footprints.write": {"POST /footprints"},
    "footprints.others": {"GET /footprints"},
    "records.read": {"GET /records"},
    "records.others": {"GET /records/{username}"},
    "stats.alarms": {"GET /stats/alarms"},
    "rules.activate": {"POST /rules/{rule}/versions", "POST /rules/{rule}/activate", "POST /rules/{rule}/retire"},
    "rules.backtest": {
        "POST /rules/{rule}/backtest", "GET /rules/{rule}/backtests", "GET /rules/{rule}/backtests/{backtest_id}",
    },
    "registry.change": {
        "POST /areas", "PUT /areas/{area}", "PATCH /areas/{area}", "DELETE /areas/{area}", "POST /devices",
        "PUT /devices/{device}", "PATCH /devices/{device}", "DELETE /devices/{device}", "POST /registry/sheets",
    },
    "registry.places": {"POST /places", "PUT /places/{place}", "PATCH /places/{place}", "DELETE /places/{place}"},
    "policy.save": {"PUT /policy"},
    "accounts.change": {
        "GET /accounts", "POST /users", "PATCH /users/{username}", "POST /users/{username}/password",
        "DELETE /users/{username}/totp",
    },
    "workitems.done": {"POST /work-items/{item_id}/done"},
    "patrols.walk": {
        "POST /patrols/{patrol}/rounds", "POST /patrols/rounds/{round_id}/looks", "POST /patrols/rounds/{round_id}/end",
    },
    "patrols.change": {
        "POST /patrols", "PUT /patrols/{patrol}", "PATCH /patrols/{patrol}", "DELETE /patrols/{patrol}",
    },
    "plans.lay": {"PUT /places/{place}/plan", "DELETE /places/{place}/plan"},
    "positions.read": {"GET /duty/positions"},
    "walls.change": {"GET /walls", "POST /walls", "DELETE /walls/{wall_id}"},
    "audit.read": {"GET /audit"},
    "retention.read": {"GET /retention"},
    "county.read": {"GET /county/links", "GET /county/alarms"},
}  # fmt: skip
#: What no route is wholly about: who reads at all, and one way of asking `GET /stats/clocks`.
OF_NO_ROUTE = {"data.read", "data.watch", "stats.officers"}


def named(route: str) -> str:
    method, path = route.split(" ")
    return f"{method} /api/v1{path}"


def test_every_permission_is_about_some_route() -> None:
    assert set(ROUTES_OF) == set(PERMISSIONS) - OF_NO_ROUTE
    every = [route for routes in ROUTES_OF.values() for route in routes]
    assert len(every) == len(set(every)), "a route is under one permission"
    assert {named(route) for route in every} <= set(ROUTES)


@pytest.mark.parametrize("name", ROUTES_OF)
def test_a_permission_is_what_its_routes_let_through(name: str) -> None:
    permission = PERMISSIONS[name]
    for route in ROUTES_OF[name]:
        row = ROUTES[named(route)]
        assert row.roles == permission.roles, route
        assert (row.kind == "whole") is permission.whole, route


def test_whatever_is_under_no_permission_is_for_all_who_read_or_about_oneself() -> None:
    under = {named(route) for routes in ROUTES_OF.values() for route in routes}
    free = {frozenset(PEOPLE.split()), frozenset(WATCHERS.split())}
    for name, row in ROUTES.items():
        if name in under or row.kind == "anybody":
            continue
        about_oneself = row.kind == "own" or row.oneself == frozenset(ACCOUNTS)
        assert row.roles in free or about_oneself, f"{name}: name what it takes in api.permissions"
    assert {PERMISSIONS["data.read"].roles, PERMISSIONS["data.watch"].roles} == free


@pytest.mark.parametrize("role", ROLES)
def test_who_has_areas_of_their_own_is_offered_nothing_of_the_whole_stations(role: str) -> None:
    whole, some = set(may(role, None)), set(may(role, ["grid-1"]))
    assert whole - some == {name for name in whole if PERMISSIONS[name].whole}
    assert some <= whole


def test_a_wall_may_watch_and_nothing_else() -> None:
    assert may(WALL, None) == ["data.watch"]
    assert WALL not in DATA_ROLES


def test_names_consoles_know() -> None:
    assert set(may("operator", None)) >= {
        "incidents.ack", "incidents.unack", "alerts.ack", "alerts.reset", "persons.reveal", "desk.sit", "shelves.write",
    }  # fmt: skip
    assert {"accounts.change", "audit.read", "registry.change"} <= set(may("admin", None))
    assert may("auditor", None) == ["audit.read", "retention.read"]
