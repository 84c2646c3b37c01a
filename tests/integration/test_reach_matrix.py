"""Every route × role × jurisdiction: what `tests/reach.py` says of it is what the API does, and nothing is left out."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx2 as httpx
import pytest
from fastapi.routing import APIRoute

from api.app import make_app
from api.deps import Allow, open_session
from gateway.model.person import Person
from gateway.model.registry import Area, Device, Place
from gateway.model.registry import Station as StationRow
from gateway.passwords import hash_password
from gateway.registering.site import Site, SiteUser
from gateway.registering.writing import import_site
from gateway.settings import Settings
from gateway.store.pool import connect
from tests.reach import ROLES, ROUTES, Row, Where
from tests.station import PASSWORD, SEALER, Station

RULE = "elder-silent"
_number = itertools.count(1)


# ── what there is to ask ─────────────────────────────────────────────────────────────────────────────────────────────


def routes() -> dict[str, APIRoute]:
    """Every method and path of the application; files of the console aside."""
    app = make_app(
        Settings(database_url="postgresql://nowhere/none", data_key="AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
    )  # type: ignore[arg-type]
    found: dict[str, APIRoute] = {}
    for one in app.routes:
        included = getattr(one, "original_router", None)
        prefix = one.include_context.prefix if included is not None else ""  # type: ignore[attr-defined]
        for route in included.routes if included is not None else [one]:
            if isinstance(route, APIRoute):
                found |= {f"{method} {prefix}{route.path}": route for method in route.methods}
    return found


def declared(route: APIRoute) -> tuple[bool, frozenset[str]]:
    """Whether a session is needed, and the roles that the route's dependencies let through."""
    needed, roles = False, frozenset(ROLES)
    waiting = [route.dependant]
    while waiting:
        dependant = waiting.pop()
        needed = needed or dependant.call is open_session
        if isinstance(dependant.call, Allow):
            roles &= dependant.call.roles
        waiting.extend(dependant.dependencies)
    return needed, roles


def test_every_route_says_who_may_ask_it() -> None:
    """A route that is missing here was added without saying who may ask it: one line in `tests/reach.py`."""
    assert ROUTES.keys() == routes().keys()


@pytest.mark.parametrize("name", list(ROUTES))
def test_what_a_route_declares_agrees(name: str) -> None:
    needed, roles = declared(routes()[name])
    row = ROUTES[name]
    assert row.roles <= roles, f"the route lets only {sorted(roles)} through"
    assert needed is (row.kind != "anybody") or name == "POST /api/v1/ingest", "it asks for its session by itself"
    assert row.kind != "station" or row.why


# ── asking all of it ─────────────────────────────────────────────────────────────────────────────────────────────────


def site_of(station: str, *parts: Where) -> Site:
    """A station with one grid, place, device and person for each part, named by it."""
    return Site(
        station=StationRow(station, "测试派出所", "Asia/Shanghai"),
        areas=[Area(f"{part}-grid", "grid", f"{part} 网格") for part in parts],
        places=[Place(f"{part}-place", "flat", f"{part}-grid", f"{part} 1号楼") for part in parts],
        devices=[Device(f"{part}-door", "door_contact", f"{part}-place", f"{part} 门磁") for part in parts],
        persons=[Person(f"{part}-person", "老人", f"{part}-place", {"lives_alone": True}) for part in parts],
        users=[
            *(SiteUser(f"near-{role}", "某人", role, areas=["near-grid"]) for role in ROLES if "near" in parts),  # type: ignore[arg-type]
            *(SiteUser(f"whole-{role}", "某人", role) for role in ROLES if "near" in parts),  # type: ignore[arg-type]
            SiteUser(f"{parts[0]}-colleague", "同事", "officer"),
            *([SiteUser("unplaced", "新网格员", "grid_worker")] if "near" in parts else []),
        ],
    )


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """A station with two areas, and another station in the same database."""
    running = Station(tmp_path_factory.mktemp("town"), site_of("teststation", "near", "far"))
    running.settings["ANXIN_LOGIN_ATTEMPTS"] = "1000"
    try:
        running.start_stores()
        with connect(running.postgres.url, "test import") as connection:
            import_site(
                connection, site_of("alienstation", "alien"), SEALER,
                password_hashes={"alien-colleague": hash_password(PASSWORD)},
            )  # fmt: skip
        running.start_gateway()  # it publishes the rules
        running.stop("gateway")
        running.start_api()
        for where in ("near", "far", "alien"):
            for kind in ("alert", "incident", "drill", "event"):
                MAKE[kind](running, where)
        yield running
    finally:
        running.close()


def station_of(town: Station, where: Where) -> str:
    return "alienstation" if where == "alien" else town.id


def make_alert(town: Station, where: Where, stream: str = "alert") -> str:
    number = next(_number)
    if stream == "alert":
        make_alert(town, where, "work_item")
    return str(town.one(
        "insert into alert (station_id, rule_id, rule_version, subject, stream, priority, place_id, area_id, device_id,"
        " title, explanation, first_action, raised_at, last_event_at) values (%s, 'door-forced', 1, %s, %s, 'P2', %s,"
        " %s, %s, '{}', '{}', '{}', now(), now()) returning id",
        station_of(town, where), f"device:{where}-{number}", stream, f"{where}-place", f"{where}-grid", f"{where}-door",
    ))  # fmt: skip


def make_incident(town: Station, where: Where) -> str:
    return str(town.one(
        "insert into incident (station_id, priority, place_id, area_id, title, opened_at, changed_at, ladder)"
        " values (%s, 'P2', %s, %s, '{}', now(), now(), '[]') returning id",
        station_of(town, where), f"{where}-place", f"{where}-grid",
    ))  # fmt: skip


def make_person(town: Station, where: Where) -> str:
    return str(town.one(
        "insert into person (station_id, id, place_id, care) values (%s, %s, %s, '{}') returning id",
        station_of(town, where), f"{where}-person-{next(_number)}", f"{where}-place",
    ))  # fmt: skip


def make_user(town: Station, where: Where) -> str:
    return str(town.one(
        "insert into user_account (username, station_id, name, role) values (%s, %s, '同事', 'officer')"
        " returning username",
        f"{where}-user-{next(_number)}", station_of(town, where),
    ))  # fmt: skip


def make_drill(town: Station, where: Where) -> str:
    return str(town.one(
        "insert into drill (station_id, device_id, starts_at, ends_at, note, announced_by)"
        " values (%s, %s, now(), now() + interval '1 hour', '', 'x') returning device_id",
        station_of(town, where), f"{where}-door",
    ))  # fmt: skip


def make_event(town: Station, where: Where) -> str:
    return str(town.one(
        "insert into event (station_id, device_id, event_id, ts, device_ts, received_at, kind, place_id, data)"
        " values (%s, %s, %s, now(), now(), now(), 'door.opened', %s, '{}') returning event_id",
        station_of(town, where), f"{where}-door", f"e{next(_number)}", f"{where}-place",
    ))  # fmt: skip


#: How an object of a kind comes about, fresh for each question: what was asked before must not matter.
MAKE: dict[str, Callable[[Station, Where], str]] = {
    "alert": make_alert,
    "incident": make_incident,
    "person": make_person,
    "username": make_user,
    "device": make_drill,
    "drill": make_drill,
    "event": make_event,
    "place": lambda _town, where: f"{where}-place",
    "rule": lambda _town, _where: RULE,
    "backtest": lambda _town, _where: "404404",
    "session": lambda _town, _where: "404404",
    "new": lambda _town, _where: f"new-{next(_number)}",
}


def filled(town: Station, text: str, where: Where) -> str:
    return re.sub(r"\{(\w+?)(_id)?\}", lambda found: MAKE[found[1]](town, where), text)


def filled_all(town: Station, body: Any, where: Where) -> Any:
    if isinstance(body, dict):
        return {name: filled_all(town, value, where) for name, value in body.items()}
    return filled(town, body, where) if isinstance(body, str) else body


_tokens: dict[str, str] = {}


def ask(town: Station, name: str, username: str | None, where: Where) -> httpx.Response:
    """Ask a route as somebody, about something that lies somewhere."""
    method, path = name.split(" ")
    row = ROUTES[name]
    headers = {}
    if username is not None:
        if username not in _tokens or name.endswith("/auth/logout"):
            answer = httpx.post(f"{town.url}/api/v1/auth/login", json={"username": username, "password": PASSWORD})
            answer.raise_for_status()
            _tokens[username] = answer.json()["token"]
        headers["Authorization"] = f"Bearer {_tokens[username]}"
        if name.endswith("/auth/logout"):
            del _tokens[username]
    url, body = f"{town.url}{filled(town, path, where)}", filled_all(town, row.body, where)
    with httpx.stream(
        method, url, headers=headers, timeout=15, **({"json": body} if body is not None else {}),
        params={key: filled(town, value, where) for key, value in row.query.items()},
    ) as answer:  # fmt: skip
        if not name.endswith("/stream"):
            answer.read()
    return answer


def parts_in(answer: httpx.Response) -> set[str]:
    return {part for part in ("near", "far", "alien") if f"{part}-" in answer.text}


AREAS_OF_THEIR_OWN = [name for name, row in ROUTES.items() if row.kind in {"listing", "thing"}]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", [name for name, row in ROUTES.items() if row.kind != "anybody"])
def test_a_role_gets_through_or_not(town: Station, name: str, role: str) -> None:
    row = ROUTES[name]
    username = f"whole-{role}" if row.kind == "whole" else f"near-{role}"
    answer = ask(town, name, username, "near")
    if role in row.roles:
        assert answer.status_code in row.ok, answer.text
    else:
        assert answer.status_code == 403, answer.text


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", [name for name in AREAS_OF_THEIR_OWN if not name.endswith("/stream")])
def test_nobody_reaches_another_area_or_another_station(town: Station, name: str, role: str) -> None:
    row = ROUTES[name]
    for where in ("far", "alien"):
        answer = ask(town, name, f"near-{role}", where)
        if role not in row.roles:
            assert answer.status_code == 403, answer.text
        elif row.kind == "thing":
            assert answer.status_code == 404, f"{where}: {answer.text}"
            assert not parts_in(answer) - {where}, "only what was asked for is named"
        else:
            assert parts_in(answer) == {"near"}, answer.text
    if role in row.roles:
        seen = ask(town, name, f"whole-{role}", "far")
        if role == "grid_worker":  # without a grid they see nothing, instead of everything
            assert seen.status_code == 404 if row.kind == "thing" else not parts_in(seen)
        elif row.kind == "thing":
            assert seen.status_code in row.ok, seen.text
        else:
            assert parts_in(seen) == {"near", "far"}, seen.text
        if role != "grid_worker" and row.kind == "thing":
            there, nowhere = ask(town, name, f"whole-{role}", "alien"), row.unknown
            assert there.status_code in nowhere, there.text


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", [name for name, row in ROUTES.items() if row.kind == "whole"])
def test_what_is_the_whole_stations_is_for_nobody_of_some_areas(town: Station, name: str, role: str) -> None:
    assert ask(town, name, f"near-{role}", "near").status_code == 403
    if role in ROUTES[name].roles:
        answer = ask(town, name, f"whole-{role}", "alien")
        assert "alien-" not in answer.text or answer.status_code == 404
        if "{username}" in name:
            assert answer.status_code == 404, answer.text


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", [name for name, row in ROUTES.items() if row.kind in {"own", "station"}])
def test_nothing_of_another_station_is_in_any_answer(town: Station, name: str, role: str) -> None:
    if role not in ROUTES[name].roles:
        return
    answer = ask(town, name, f"near-{role}", "near")
    if name.endswith("/audit"):  # what our own people asked for stands in the trail, also what they did not get
        assert not any((line["username"] or "").startswith("alien") for line in answer.json()["items"])
    else:
        assert "alien" not in answer.text


@pytest.mark.parametrize("name", list(ROUTES))
def test_without_a_session_there_is_nothing(town: Station, name: str) -> None:
    answer = ask(town, name, None, "near")
    if ROUTES[name].kind == "anybody":
        assert answer.status_code not in {401, 403} or name.endswith("/login")
    else:
        assert answer.status_code == 401, answer.text


def test_another_stations_people_do_not_get_in(town: Station) -> None:
    login = {"username": "alien-colleague", "password": PASSWORD}
    assert httpx.post(f"{town.url}/api/v1/auth/login", json=login).status_code == 401


def test_the_matrix_can_fail() -> None:
    """What a route with a hole would look like to the tests above."""
    assert parts_in(httpx.Response(200, text='{"place": "far-place"}')) == {"far"}
    assert Row("listing", frozenset()).ok == {200, 201, 202, 204}
