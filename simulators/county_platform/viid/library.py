"""The image database itself: who is registered, what was stored, what each request is answered."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from simulators.county_platform.complaints import Complaints
from simulators.county_platform.digest import Challenge, Guard, Verdict, fields
from simulators.county_platform.viid.checks import Fault, Object, check, is_business_id, listed, moment
from simulators.county_platform.viid.forms import CARRIED, FORMS
from simulators.county_platform.viid.settings import Answers, ViidSettings

_SYSTEM = "/VIID/System/"
_TYPE = "application/viid+json;charset=utf-8"
OK, INVALID, BAD_JSON, BAD_CONTENT = 0, 4, 7, 8
_TOLD = {OK: "正常", INVALID: "无效操作", BAD_JSON: "JSON 格式无效", BAD_CONTENT: "JSON 内容无效"}


class Reply(NamedTuple):
    """An HTTP answer; `told` becomes JSON, None is an empty body."""

    status: int
    told: Any = None
    headers: tuple[tuple[str, str], ...] = ()


class Asked(NamedTuple):
    """An HTTP request; header names in lower case."""

    method: str
    uri: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The path without the query."""
        return urlsplit(self.uri).path

    def shown(self) -> bytes:
        """Return it as bytes to look at, without most of its pictures."""
        head = "".join(f"{name}: {value}\n" for name, value in self.headers.items())
        return f"{self.method} {self.uri}\n{head}\n".encode() + self.body[:4000]


class Library:
    """Takes requests. All methods run under the server's lock."""

    def __init__(self, settings: ViidSettings, told: Callable[[str], None]) -> None:
        self._settings, self._told = settings, told
        self.answers = Answers()
        self.guard = Guard(Challenge(settings.realm))
        self.complaints = Complaints(lambda: settings.beijing_now, told)
        #: Device → monotonic second of its last request.
        self.registered: dict[str, float] = {}
        self.keepalives: dict[str, int] = defaultdict(int)
        self.objects: dict[str, list[Object]] = defaultdict(list)
        self.subscriptions: dict[str, Object] = {}
        #: What the next requests are told: HTTP statuses of any, StatusCodes of a resource's items.
        self.statuses: list[int] = []
        self.codes: dict[str, list[int]] = defaultdict(list)
        self._seen: dict[str, str] = {}

    def take(self, asked: Asked) -> Reply:
        """Answer a request."""
        if self.statuses:
            return Reply(self.statuses.pop(0))
        device = asked.headers.get("user-identify", "")
        if not (len(device) == 20 and device.isascii() and device.isdigit()):  # noqa: PLR2004
            self._complain(asked, [("user-identify", f"User-Identify {device!r}")])
            return self._status(asked, 401, INVALID, "未注册")
        if (refused := self._challenged(asked, device)) is not None:
            return refused
        if asked.path.startswith(_SYSTEM):
            return self._system(asked, device)
        if not self._known(device):
            return self._status(asked, 401, INVALID, "未注册")
        return self._resource(asked)

    def _known(self, device: str) -> bool:
        last = self.registered.get(device)
        if last is None or time.monotonic() - last > self._settings.idle_s:
            self.registered.pop(device, None)
            return False
        self.registered[device] = time.monotonic()
        return True

    def _challenged(self, asked: Asked, device: str) -> Reply | None:
        """Return a refusal where credentials are asked for and not right."""
        where = self._settings.challenges
        if where == "nothing" or (where == "register" and asked.path != f"{_SYSTEM}Register"):
            return None
        told = asked.headers.get("authorization", "")
        stale = False
        if told:
            verdict, faults = self.guard.judge(
                told, user=device, password=self._settings.devices.get(device, ""), method=asked.method, uri=asked.uri
            )
            self._complain(asked, faults)
            if verdict is Verdict.RIGHT and device in self._settings.devices:
                return None
            if verdict is Verdict.WRONG:
                return self._status(asked, 403, INVALID, f"凭证无效 {fields(told).get('username')}")
            stale = True
        return Reply(401, None, (("WWW-Authenticate", self.guard.ask(stale=stale)),))

    def _system(self, asked: Asked, device: str) -> Reply:
        what = asked.path.removeprefix(_SYSTEM)
        if (asked.method, what) == ("GET", "Time"):
            now = self._settings.beijing_now.strftime("%Y%m%d%H%M%S")
            told = {"VIIDServerID": self._settings.id, "TimeMode": "1", "LocalTime": now, "TimeZone": "Asia/Shanghai"}
            return Reply(200, {"SystemTimeObject": told})
        if asked.method != "POST" or what not in {"Register", "Keepalive", "UnRegister"}:
            return self._status(asked, 404, INVALID)
        body = self._json(asked)
        if body is None:
            return self._status(asked, 200, BAD_JSON)
        told_id = listed(body.get(f"{what}Object"))
        if [one.get("DeviceID") for one in told_id] != [device]:
            self._complain(asked, [("envelope", f"{what}Object with DeviceID {device}, the User-Identify")])
            return self._status(asked, 200, BAD_CONTENT)
        return self._session(asked, what, device)

    def _session(self, asked: Asked, what: str, device: str) -> Reply:
        if device not in self._settings.devices:
            return self._status(asked, 403, INVALID)
        if what == "Register":
            self.registered[device] = time.monotonic()
            self._told(f"视图库注册 {device}")
        elif not self._known(device):
            unauthorised = what == "Keepalive" and self._settings.unknown_keepalive == "401"
            return self._status(asked, 401 if unauthorised else 200, INVALID, "未注册")
        elif what == "Keepalive":
            self.keepalives[device] += 1
        else:
            del self.registered[device]
        return self._status(asked, 200, OK, about=device)

    def _resource(self, asked: Asked) -> Reply:
        resource = asked.path.removeprefix("/VIID/")
        form = FORMS.get(resource)
        if form is None or asked.method != "POST":
            self._complain(asked, [("resource", f"{asked.method} {asked.path}")])
            return self._status(asked, 404, INVALID)
        body = self._json(asked)
        if body is None:
            return self._status(asked, 200, BAD_JSON)
        held = body.get(form.envelope)
        if set(body) != {form.envelope} or not isinstance(held, dict) or not set(held) & set(form.keys):
            self._complain(asked, [("envelope", f"{list(body)}, {resource} wants {form.envelope}.{form.keys[0]}")])
            return self._status(asked, 200, BAD_CONTENT)
        items = listed(next(held[key] for key in form.keys if key in held))
        told = [self._store(asked, resource, one) for one in items]
        if not items:
            self._complain(asked, [("envelope", "no object in it")])
        return self._statuses(asked, told)

    def _store(self, asked: Asked, resource: str, one: Object) -> tuple[int, str]:
        """Take an object; return its StatusCode and ID."""
        form = FORMS[resource]
        own = str((one.get("ImageInfo", {}) if resource == "Images" else one).get(form.id_key, ""))
        ordered = self.codes[resource]
        code = ordered.pop(0) if ordered else OK
        if code:
            return code, own
        faults = list(check(resource, one))
        content = json.dumps(one, sort_keys=True)
        if self._seen.setdefault(own, content) != content:
            faults.append(("id-reuse", f"{own} was another object before"))
        if resource == "SubscribeNotifications":
            faults += self._subscribed(one, own)
        self._complain(asked, faults)
        if any(rule in {"id", "missing-field", "base64"} for rule, _ in faults):
            return BAD_CONTENT, own
        self.objects[resource].append(one)
        self._told(f"视图库入库 {resource} {own}")
        for key, (carried, _) in CARRIED.items():
            if key in one:
                self.objects[carried] += listed(one[key].get(FORMS[carried].keys[0], []))
        return OK, own

    def _subscribed(self, one: Object, own: str) -> Iterable[Fault]:
        """Judge a notification against what was subscribed."""
        known = self.subscriptions.get(str(one.get("SubscribeID")))
        if known is None:
            yield "subscribe-id", f"{own}: nobody subscribed {one.get('SubscribeID')}"
            return
        if not is_business_id(known.get("SubscribeID")):
            return
        at, begin, end = (moment(each) for each in (one.get("TriggerTime"), known["BeginTime"], known["EndTime"]))
        if known.get("OperateType") == 1:
            yield "subscribe-over", f"{own}: {known['SubscribeID']} was cancelled"
        elif at and begin and end and not begin <= at <= end:
            yield "subscribe-over", f"{own}: {at} is outside {begin} – {end}"
        details = set(str(known.get("SubscribeDetail", "")).split(","))
        for key, (_, detail) in CARRIED.items():
            if key in one and detail not in details:
                yield "subscribe-detail", f"{own}: {key} was not subscribed ({', '.join(sorted(details))})"

    def _json(self, asked: Asked) -> dict[str, Any] | None:
        """Read a body; None where it is no JSON object."""
        faults: list[Fault] = []
        kind = asked.headers.get("content-type", "")
        if kind.replace(" ", "").lower() != _TYPE:
            faults.append(("content-type", f"Content-Type {kind!r}"))
        if asked.body.startswith(b"\xef\xbb\xbf"):
            faults.append(("charset", "a byte order mark"))
        if len(asked.body) > self._settings.longest_body:
            faults.append(("body-size", f"{len(asked.body)} bytes, more than {self._settings.longest_body}"))
        told: Any = None
        try:
            told = json.loads(asked.body.decode("utf-8-sig"))
        except ValueError as error:
            faults.append(("json", str(error)))
        else:
            faults += [] if isinstance(told, dict) else [("json", "no object")]
        self._complain(asked, faults)
        return told if isinstance(told, dict) else None

    def _complain(self, asked: Asked, faults: Iterable[Fault]) -> None:
        self.complaints.about(asked.shown(), faults)

    def _one(self, asked: Asked, code: int, text: str, about: str) -> dict[str, Any]:
        return {
            "RequestURL": asked.path,
            "StatusCode": str(code) if self.answers.text_codes else code,
            "StatusString": text or _TOLD.get(code, "失败"),
            "Id": about,
            "LocalTime": self._settings.beijing_now.strftime("%Y%m%d%H%M%S"),
        }

    def _status(self, asked: Asked, status: int, code: int, text: str = "", about: str = "") -> Reply:
        one = self._one(asked, code, text, about)
        return Reply(status, one if self.answers.shape == "bare" else {"ResponseStatusObject": one})

    def _statuses(self, asked: Asked, told: list[tuple[int, str]]) -> Reply:
        """Answer a batch; one shape or another of what is seen in the field."""
        each = [self._one(asked, code, "", own) for code, own in told]
        shape = self.answers.shape
        if len(each) == 1 and shape != "list":
            return Reply(200, each[0] if shape == "bare" else {"ResponseStatusObject": each[0]})
        return Reply(200, {"ResponseStatusListObject": {"ResponseStatusObject": each}})
