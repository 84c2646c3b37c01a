"""Pages are served as built: addresses only a page knows answer the page, files and the API answer themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api import pages, problems
from api.headers import SecurityHeaders, policy

pytestmark = pytest.mark.unit

BROWSER = {"Accept": "text/html,application/xhtml+xml"}


def serving(built: Path, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    monkeypatch.setattr(pages, "BUILT", built)
    app = FastAPI(docs_url=None, redoc_url=None)
    app.add_middleware(SecurityHeaders)
    problems.install(app)
    pages.install(app)
    return TestClient(app)


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    (tmp_path / "assets").mkdir()
    for name in ("index.html", "phone.html", "docs.html", "assets/index-abc.js"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    with serving(tmp_path, monkeypatch) as client:
        yield client


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("/", "index.html"),
        ("/?mode=wall", "index.html"),
        ("/devices", "index.html"),
        ("/rules/elder-silent", "index.html"),
        ("/m", "phone.html"),
        ("/m?incident=7", "phone.html"),
        ("/m/shift", "phone.html"),
        ("/map", "index.html"),
        ("/docs", "docs.html"),
    ],
)
def test_an_address_answers_its_page(client: TestClient, address: str, page: str) -> None:
    answer = client.get(address, headers=BROWSER)
    assert (answer.status_code, answer.text) == (200, page)
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("address", ["/assets/gone.js", "/gone.png", "/api/v1/nothing", "/api/nothing/at-all"])
def test_what_is_not_there_is_said_not_to_be(client: TestClient, address: str) -> None:
    answer = client.get(address, headers=BROWSER)
    assert answer.status_code == 404
    assert "html" not in answer.text


def test_a_program_that_asks_for_a_page_that_is_not_there_is_told(client: TestClient) -> None:
    assert client.get("/devices", headers={"Accept": "application/json"}).status_code == 404


def test_what_has_its_hash_in_its_name_is_kept_for_good(client: TestClient) -> None:
    assert "immutable" in client.get("/assets/index-abc.js").headers["Cache-Control"]


def test_nothing_inline_and_nothing_from_elsewhere(client: TestClient) -> None:
    told = client.get("/", headers=BROWSER).headers["Content-Security-Policy"]
    assert "default-src 'self'" in told
    assert "unsafe" not in told
    assert "http" not in told


def test_video_comes_from_the_platforms_that_are_named_and_from_nowhere_else() -> None:
    told = policy(["https://10.20.0.6", "http://10.20.0.7:8080"])
    directives = dict(one.strip().split(" ", 1) for one in told.split(";"))
    assert directives["media-src"] == "'self' blob: https://10.20.0.6 http://10.20.0.7:8080"
    assert directives["connect-src"] == "'self' https://10.20.0.6 http://10.20.0.7:8080"
    others = {name: said for name, said in directives.items() if name not in {"media-src", "connect-src"}}
    assert [name for name, said in others.items() if "10.20" in said] == []
    assert policy([]) == policy()


def test_pages_that_were_not_built_say_what_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(tmp_path / "dist", monkeypatch) as client:
        for address in ("/", "/devices", "/m", "/m/shift", "/docs"):
            answer = client.get(address, headers=BROWSER)
            assert answer.status_code == 503, address
            assert "make console" in answer.json()["detail"]
        assert client.get("/api/v1/nothing").status_code == 404
        assert client.get("/devices").status_code == 404
        assert client.post("/api/v1/nothing").status_code == 405
