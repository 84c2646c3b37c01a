"""A GA/T 1400 client by hand: one HTTP connection, JSON written out, and objects that break no rule."""

from __future__ import annotations

import base64
import json
from http.client import HTTPConnection
from typing import Any

from tests.unit.simulators.raw_sip import GATEWAY, credentials

CAMERA = "34020000011325000001"
IMAGE = f"{CAMERA}022026030207410900001"
PERSON = f"{IMAGE}0100001"
SUBSCRIPTION, NOTIFICATION = "340200010000032026030108000000001", "340200010000042026030207410900001"
#: A JPEG's beginning, a frame header of 640 x 480, its end.
JPEG = base64.b64encode(
    b"\xff\xd8\xff\xe0\x00\x02\xff\xc0\x00\x0b\x08\x01\xe0\x02\x80\x01\x01\x11\x00\xff\xd9"
).decode()
FLAGS = dict.fromkeys(
    (
        "IsSuspectedTerrorist",
        "IsCriminalInvolved",
        "IsDetainees",
        "IsVictim",
        "IsSuspiciousPerson",
        "IsDriver",
        "IsForeigner",
    ),
    2,
)
PICTURE = {
    "ImageID": IMAGE, "EventSort": 2, "DeviceID": CAMERA, "Type": "10", "FileFormat": "Jpeg",
    "ShotTime": "20260302074109", "Width": 640, "Height": 480, "Data": JPEG,
}  # fmt: skip
ONE = {
    "PersonID": PERSON, "InfoKind": 1, "SourceID": IMAGE, "DeviceID": CAMERA, "LeftTopX": 0, "LeftTopY": 0,
    "RightBtmX": 640, "RightBtmY": 480, **FLAGS, "SubImageList": {"SubImageInfoObject": [PICTURE]},
}  # fmt: skip
INFO = {
    "ImageID": IMAGE, "InfoKind": 1, "ImageSource": "11", "FileFormat": "Jpeg", "ShotTime": "20260302074109",
    "Title": "东门", "ContentDescription": "一键报警", "ShotPlaceFullAdress": "实验小学东门", "SecurityLevel": "5",
    "Width": 640, "Height": 480, "EventSort": 0, "DeviceID": CAMERA,
}  # fmt: skip


class Client:
    """One connection, JSON by hand."""

    def __init__(self, port: int) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=5)

    def ask(self, path: str, told: Any = None, method: str = "POST", **changes: Any) -> tuple[int, Any, Any]:
        headers = {"Content-Type": "application/VIID+JSON;charset=UTF-8", "User-Identify": GATEWAY}
        headers |= {name.replace("_", "-"): value for name, value in changes.items()}
        body = told if isinstance(told, bytes) else json.dumps(told, ensure_ascii=False).encode()
        kept = {name: value for name, value in headers.items() if value is not None}
        self.connection.request(method, path, b"" if told is None else body, kept)
        answer = self.connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else None, answer.headers

    def session(self, what: str, **changes: Any) -> tuple[int, Any]:
        status, told, _ = self.ask(f"/VIID/System/{what}", {f"{what}Object": {"DeviceID": GATEWAY}}, **changes)
        return status, told and told["ResponseStatusObject"]["StatusCode"]

    def register(self) -> int:
        path = "/VIID/System/Register"
        _, _, headers = self.ask(path, {"RegisterObject": {"DeviceID": GATEWAY}})
        login = credentials(headers["WWW-Authenticate"], path, method="POST")
        return self.session("Register", Authorization=login)[0]

    def post(self, resource: str, key: str, *objects: Any) -> list[Any]:
        """Post objects, return their StatusCodes."""
        envelope = f"{resource.rstrip('s')}ListObject"
        _, told, _ = self.ask(f"/VIID/{resource}", {envelope: {key: list(objects)}})
        return [one["StatusCode"] for one in told["ResponseStatusListObject"]["ResponseStatusObject"]]
