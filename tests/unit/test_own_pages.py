"""Which requests with a cookie are our own pages': what browsers say, with and without a proxy in front."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from api.deps import COOKIE
from api.own_pages import INGEST, SAFE, OwnPagesOnly

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
OURS, THEIRS = "https://anxin.example.com", "https://evil.example.com"


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    def answer(_request: object) -> PlainTextResponse:
        return PlainTextResponse("done")

    app = Starlette(routes=[Route("/api/v1/alerts", answer, methods=METHODS), Route(INGEST, answer, methods=METHODS)])
    app.add_middleware(OwnPagesOnly)
    with TestClient(app, base_url=OURS, headers={"Cookie": f"a=b; {COOKIE}=token"}) as opened:
        yield opened


PASSES = {
    "our page": {"Sec-Fetch-Site": "same-origin", "Origin": OURS},
    "typed in": {"Sec-Fetch-Site": "none"},
    "an old browser": {"Origin": OURS},
    "a program": {},
    "a proxy that says the host it was asked for": {
        "Host": "127.0.0.1:8000", "X-Forwarded-Host": "anxin.example.com", "Origin": OURS,
    },
    "a proxy that rewrites the host, and a browser that says whose page": {
        "Host": "127.0.0.1:8000", "Sec-Fetch-Site": "same-origin", "Origin": OURS,
    },
    "a proxy that leaves its port out": {"Host": "anxin.example.com", "Origin": f"{OURS}:8443"},
    "on this machine": {"Host": "127.0.0.1:8000", "Origin": "http://127.0.0.1:8000"},
    "by an address of the new kind": {"Host": "[::1]:8000", "Origin": "http://[::1]:8000"},
    "a token instead": {"Authorization": "Bearer x", "Sec-Fetch-Site": "cross-site", "Origin": THEIRS},
    "no cookie": {"Cookie": "a=b", "Sec-Fetch-Site": "cross-site", "Origin": THEIRS},
}  # fmt: skip
REFUSED = {
    "another site": {"Sec-Fetch-Site": "cross-site"},
    "a neighbour": {"Sec-Fetch-Site": "same-site", "Origin": "https://other.example.com"},
    "what no browser says": {"Sec-Fetch-Site": "maybe"},
    "another site in an old browser": {"Origin": THEIRS},
    "a sandbox": {"Origin": "null"},
    "another port of this machine": {"Host": "127.0.0.1:8000", "Origin": "http://127.0.0.1:9000"},
    "an origin that is none": {"Origin": "http://[::1"},
    "no host at all": {"Host": "", "Origin": OURS},
    "a scheme that says nobody": {"Authorization": "Bearer", "Sec-Fetch-Site": "cross-site"},
    "Basic where it says nothing": {"Authorization": "Basic eA==", "Sec-Fetch-Site": "cross-site"},
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", PASSES)
def test_what_is_ours_gets_through(client: TestClient, name: str, method: str) -> None:
    assert client.request(method, "/api/v1/alerts", headers=PASSES[name]).status_code == 200


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", REFUSED)
def test_what_another_page_sends_does_not(client: TestClient, name: str, method: str) -> None:
    answer = client.request(method, "/api/v1/alerts", headers=REFUSED[name])
    if method in SAFE:
        assert answer.status_code == 200, "looking changes nothing"
        return
    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:anxin:problem:cross_site"
    assert "open the console itself" in answer.json()["detail"]


def test_a_device_says_who_it_is(client: TestClient) -> None:
    headers = {"Authorization": "Basic eA==", "Sec-Fetch-Site": "cross-site"}
    assert client.post(INGEST, headers=headers).status_code == 200
    assert client.post(INGEST, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
