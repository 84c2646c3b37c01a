"""Fixtures that several kinds of test share, and the marker each folder gives its tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import hypothesis
import pytest

from tests.answers import hold_to_document
from tests.station import Station, make_site

#: Timings fail no test: how long an example takes is the machine's affair.
hypothesis.settings.register_profile(
    "anxin", hypothesis.settings(), deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("anxin")

HERE = Path(__file__).parent
MARKED = {"unit", "contract", "integration", "acceptance", "browser", "faults"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        folder = item.path.relative_to(HERE).parts[0]
        if folder in MARKED:
            item.add_marker(folder)


@pytest.fixture(scope="session", autouse=True)
def _answers_are_as_documented() -> Iterator[None]:
    """Whatever a test asks of the API, and however: the answer is what `/openapi.json` says."""
    send = httpx.Client.send

    def checked(client: httpx.Client, request: httpx.Request, *, stream: bool = False, **how: Any) -> httpx.Response:
        answer = send(client, request, stream=stream, **how)
        if not stream:
            hold_to_document(answer)
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx.Client, "send", checked)
        yield


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """A whole running station, shared by the tests of one file."""
    running = Station(tmp_path_factory.mktemp("station"), make_site(doors=40))
    try:
        yield running.start_all()
    finally:
        running.close()
