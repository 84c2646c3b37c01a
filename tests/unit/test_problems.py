"""What the API says and keeps of a request that fails by a defect of ours."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.testclient import TestClient
from structlog.testing import capture_logs

from api import problems


def test_a_defect_is_logged_by_its_route_and_not_by_the_token_in_its_address() -> None:
    app = FastAPI()
    problems.install(app)

    @app.post("/receipts/{channel}/{token}")
    def take(channel: str, token: str) -> None:
        raise RuntimeError(channel + token[:0])

    with capture_logs() as logged:
        answer = TestClient(app, raise_server_exceptions=False).post("/receipts/sms/s3cret-token")
    assert answer.status_code == 500
    (line,) = logged
    assert (line["method"], line["route"]) == ("POST", "/receipts/{channel}/{token}")
    assert "s3cret-token" not in str(line) + answer.text
