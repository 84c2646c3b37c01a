"""Watching a running system through its API: what changes, as it changes, and at the end who was told."""

import json
import queue
import threading
from collections.abc import Iterable, Iterator
from datetime import datetime
from http.client import HTTPException
from types import TracebackType
from typing import Any, Self
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from simulators.scenario.file import ScenarioError
from simulators.scenario.happened import Line

CALL_S = 10.0
SILENCE_S = 40.0
"""The stream says something every 15 s; after this long the connection is dead."""
AGAIN_S = 1.0
FOLLOWED = frozenset({"alert", "work_item", "incident"})


class Watch:
    """Follows the stream on a thread of its own, from where it left off after each break."""

    def __init__(self, api: str, user: str, password: str) -> None:
        """Log in; raises ScenarioError when the API is not there or refuses."""
        if not api.startswith(("http://", "https://")):
            raise ScenarioError(f"{api!r} is no address of an API; write something like http://127.0.0.1:8000")
        self._api = f"{api.rstrip('/')}/api/v1"
        self._token = ""
        self._token = str(self._call("auth/login", {"username": user, "password": password})["token"])
        self._lines: queue.SimpleQueue[Line] = queue.SimpleQueue()
        self._position = ""
        self._stopped = threading.Event()
        self._follows = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="stream", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._follows.wait(CALL_S):
            raise ScenarioError(f"the stream of {self._api} says nothing: is the API up to date and running?")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._stopped.set()

    def news(self) -> Iterator[Line]:
        """Yield what came since the last call."""
        while not self._lines.empty():
            yield self._lines.get()

    def told(self, incidents: Iterable[int]) -> Iterator[Line]:
        """Yield the messages and rungs of incidents, as their receipts and timelines have them now."""
        for number in incidents:
            incident = self._call(f"incidents/{number}")
            common = {"incident": number, "alert": None, "priority": incident["priority"]}
            for receipt in incident["receipts"]:
                if receipt["accepted_at"] is not None:
                    body = {**common, "channel": receipt["channel"], "recipient": receipt["user"]}
                    yield Line(_time(receipt["accepted_at"]), "notification", {**body, **_drill(incident)})
            for step in incident["timeline"]:
                if step["act"] == "escalated":
                    yield Line(_time(step["at"]), "rung", {**common, "number": step["detail"]["rung"]})

    def _call(self, path: str, body: object = None) -> dict[str, Any]:
        data = json.dumps(body).encode() if body is not None else None
        try:
            with urlopen(self._request(path, data), timeout=CALL_S) as answer:  # noqa: S310, see __init__
                found: dict[str, Any] = json.load(answer)
                return found
        except HTTPError as error:
            raise ScenarioError(f"{self._api}/{path} answers {error.code}: {_reason(error)}") from error
        except (URLError, OSError, HTTPException, ValueError) as error:
            raise ScenarioError(f"{self._api}/{path} cannot be reached: {error}. Is --api right?") from error

    def _request(self, path: str, data: bytes | None = None) -> Request:
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        return Request(f"{self._api}/{path}", data, headers)  # noqa: S310, see __init__

    def _follow(self) -> None:
        while not self._stopped.is_set():
            request = self._request("stream")
            if self._position:
                request.add_header("Last-Event-ID", self._position)
            try:
                with urlopen(request, timeout=SILENCE_S) as answer:  # noqa: S310, see __init__
                    self._read(answer)
            except (OSError, HTTPException, ValueError):
                self._stopped.wait(AGAIN_S)

    def _read(self, answer: Iterable[bytes]) -> None:
        frame: dict[str, str] = {}
        for raw in answer:
            if self._stopped.is_set():
                return
            text = raw.decode().rstrip("\n")
            if text:
                word, _, value = text.partition(": ")
                frame[word] = value
                continue
            self._take(frame)
            frame = {}

    def _take(self, frame: dict[str, str]) -> None:
        self._position = frame.get("id", self._position)
        if "event" in frame:
            self._follows.set()
        if frame.get("event") in FOLLOWED:
            body = json.loads(frame["data"])
            self._lines.put(Line(_changed_at(body), frame["event"], body))


def _changed_at(body: dict[str, Any]) -> datetime:
    """Return when a change was made, by the system's own clock: the latest moment it tells of."""
    words = ("raised_at", "last_sounded_at", "acknowledged_at", "cleared_at", "ended_at", "changed_at", "opened_at")
    return max(_time(body[word]) for word in words if body.get(word))


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _drill(incident: dict[str, Any]) -> dict[str, bool]:
    return {"drill": bool(incident.get("drill", False))}


def _reason(error: HTTPError) -> str:
    try:
        return str(json.load(error).get("detail") or error.reason)
    except (ValueError, AttributeError):
        return str(error.reason)
