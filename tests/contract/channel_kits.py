"""Every channel, and what its provider's answers mean: made from the vendors' documentation, error bodies included."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from connectors.aliyun_sms.channel import AliyunSmsChannel
from connectors.aliyun_voice.channel import AliyunVoiceChannel
from connectors.apprise_any.channel import AppriseChannel
from connectors.command_room.channel import CommandRoomChannel
from connectors.phone_push.channel import PhoneChannel
from connectors.web_push.channel import WebPushChannel
from connectors.webhook.channel import WebhookChannel
from connectors.wecom.channel import WecomChannel
from gateway.model.ports import Channel, Message
from simulators.receivers.subscribed import Phone
from tests.contract.fake_provider import Asked

LIMIT_S = 0.6
NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
VAPID_KEY = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
NUMBER = "13800000001"
PHONE = Phone("officer", None)
PLANTED = "王秀英"
"""A name that stands in a field no channel may send on."""

Result = Literal["accepted", "retry", "refused", "gone"]


def message(recipient: str, **changes: Any) -> Message:
    body = {
        "title": {"zh": "P1 校园一键报警", "en": "P1 School button"},
        "body": {"zh": "东街网格 · 警情 12 · 点开查看", "en": "East street · incident 12 · open for details"},
        "incident": 12,
        "alert": 34,
        "rung": 0,
        "drill": False,
        "ttl_s": 600,
        "url": "/m?incident=12",
        "receipt": "receipt-token-1",
    }
    about = {"id": 4711, "key": "incident:chengguan:12:1:0:5:chen", "channel": "any", "recipient": recipient}
    facts = {"priority": "P1", "body": body, "created_at": NOW, "incident": 12, "alert": 34}
    return Message(**{**about, **facts, **changes})


@dataclass
class Kit:
    """One channel against its provider. `says` are (status, body, what it means, a word of the detail)."""

    name: str
    make: Callable[[str], Channel]
    recipient: Callable[[str], str]
    good: tuple[int, dict[str, Any] | bytes]
    says: list[tuple[int, dict[str, Any], Result, str]] = field(default_factory=list)
    #: Whether the body of a 2xx decides.
    reads: bool = True
    secrets: list[str] = field(default_factory=list)
    before: Callable[[Asked], bytes | None] = lambda _asked: None
    #: What differs from the usual by status.
    by_status: dict[int, Result] = field(default_factory=dict)
    #: Whether Retry-After is told on.
    waits: bool = True
    provider_id: str | None = None
    #: The library behind it, not we, decides about redirects and odd bodies.
    library: bool = False


def _token(asked: Asked) -> bytes | None:
    if not asked.target.startswith("/cgi-bin/gettoken"):
        return None
    return json.dumps({"errcode": 0, "errmsg": "ok", "access_token": "t0ken-of-wecom", "expires_in": 7200}).encode()


def _aliyun(code: str, text: str) -> dict[str, Any]:
    return {"Message": text, "RequestId": "8906582E-6722-4AFA-B7D4-1FD0A3A36E4E", "Code": code}


def _gateway(code: str, text: str) -> dict[str, Any]:
    """What Alibaba Cloud's gateway answers before the product is reached."""
    return {
        **_aliyun(code, text),
        "HostId": "dysmsapi.aliyuncs.com",
        "Recommend": "https://api.aliyun.com/troubleshoot",
    }


def _subscription(url: str) -> str:
    return json.dumps({"endpoint": f"{url}/send/dRj3Yk8-endpoint-token", "keys": PHONE.keys()})


_ALIYUN_SAYS: list[tuple[int, dict[str, Any], Result, str]] = [
    (200, _aliyun("isv.BUSINESS_LIMIT_CONTROL", "触发分钟级流控Permits:1"), "retry", "分钟级"),
    (200, _aliyun("isv.BUSINESS_LIMIT_CONTROL", "触发小时级流控Permits:5"), "refused", "limit"),
    (200, _aliyun("isv.BUSINESS_LIMIT_CONTROL", "触发天级流控Permits:50"), "refused", "limit"),
    (200, _aliyun("isv.MOBILE_NUMBER_ILLEGAL", f"{NUMBER}invalid mobile number"), "gone", "invalid"),
    (200, _aliyun("isv.AMOUNT_NOT_ENOUGH", "账户余额不足"), "refused", "top it up"),
    (200, _aliyun("isv.OUT_OF_SERVICE", "业务停机"), "refused", "top it up"),
    (200, _aliyun("isv.SOMETHING_NEW", "新的错误"), "refused", "isv.SOMETHING_NEW"),
    (200, _aliyun("isp.SYSTEM_ERROR", "系统错误"), "retry", "isp.SYSTEM_ERROR"),
    (200, _aliyun("isp.RAM_PERMISSION_DENY", "RAM权限DENY"), "refused", "RAM"),
    (400, _gateway("Throttling.User", "Request was denied due to user flow control."), "retry", "Throttling"),
    (503, _gateway("ServiceUnavailable", "The request has failed due to a temporary failure."), "retry", "Service"),
    (
        404,
        _gateway("InvalidAccessKeyId.NotFound", "No such key."),
        "refused",
        "ANXIN_ALIYUN_KEY_ID",
    ),
    (
        400,
        _gateway("SignatureDoesNotMatch", "It does not match."),
        "refused",
        "ANXIN_ALIYUN_KEY_SECRET",
    ),
    (400, _gateway("InvalidTimeStamp.Expired", "Specified time stamp or date value is expired."), "refused", "clock"),
]


def _wecom(code: int, text: str, **more: Any) -> dict[str, Any]:
    return {"errcode": code, "errmsg": f"{text}, hint: [1669999999999999], from ip: 203.0.113.9", **more}


def _still(*_: object) -> float:
    return 0.0


KITS = [
    Kit(
        "phone",
        lambda url: PhoneChannel(url, limit_s=LIMIT_S),
        lambda _url: "phone-officer-chen",
        (200, {"code": 0, "message_id": "m-1"}),
        [
            (200, {"code": 45009, "message": "api freq out of limit"}, "retry", "45009"),
            (200, {"code": -1, "message": "system busy"}, "retry", "busy"),
            (200, {"code": 410, "message": "unregistered"}, "gone", "unregistered"),
            (200, {"code": 40003, "message": f"invalid to phone-officer-chen {NUMBER}"}, "refused", "40003"),
            (200, {}, "retry", "cannot be read"),
        ],
        provider_id="m-1",
        by_status={410: "gone"},
    ),
    Kit(
        "command_room",
        lambda url: CommandRoomChannel(url, "s3cret-of-the-room", lambda: NOW, limit_s=LIMIT_S),
        lambda _url: "command_room",
        (204, b""),
        [(200, {"code": 1, "message": "stored, and told so"}, "accepted", "")],
        reads=False,
        secrets=["s3cret-of-the-room"],
        by_status={410: "retry"},
    ),
    Kit(
        "webhook",
        lambda _url: WebhookChannel(lambda: NOW, private_endpoints=True, limit_s=LIMIT_S),
        lambda url: json.dumps({"url": f"{url}/hooks/T0KENOFTHEIRS", "secret": "s3cret-of-theirs"}),
        (202, b"ok"),
        [(200, {"error": "they say what they like"}, "accepted", "")],
        reads=False,
        secrets=["T0KENOFTHEIRS", "s3cret-of-theirs"],
        by_status={410: "gone"},
    ),
    Kit(
        "web_push",
        lambda _url: WebPushChannel(
            VAPID_KEY, "mailto:duty@anxin.example", lambda: NOW, private_endpoints=True, limit_s=LIMIT_S
        ),
        _subscription,
        (201, b""),
        [
            (410, {"code": 410, "errno": 106, "error": "Gone", "message": "subscription is over"}, "gone", "over"),
            (404, {"code": 404, "errno": 102, "error": "Not Found"}, "gone", "404"),
            (413, {"code": 413, "errno": 104, "error": "Payload Too Large"}, "refused", "413"),
            (403, {"reason": "BadJwtToken"}, "refused", "BadJwtToken"),
            (401, {"code": 401, "errno": 109, "error": "Unauthorized"}, "refused", "401"),
        ],
        reads=False,
        secrets=["dRj3Yk8-endpoint-token", PHONE.keys()["auth"], PHONE.keys()["p256dh"], VAPID_KEY, "vapid t="],
        by_status={404: "gone", 410: "gone", 401: "refused", 403: "refused"},
    ),
    Kit(
        "wecom",
        lambda url: WecomChannel("ww-corp", 1000002, "s3cret-of-wecom", _still, base_url=url, limit_s=LIMIT_S),
        lambda _url: "ChenWei-0017",
        (200, {"errcode": 0, "errmsg": "ok", "invaliduser": "", "msgid": "xxxx"}),
        [
            (200, {"errcode": 0, "errmsg": "ok", "invaliduser": "chenwei-0017"}, "gone", "member"),
            (200, {"errcode": 0, "errmsg": "ok", "unlicenseduser": "chenwei-0017"}, "refused", "licence"),
            (200, _wecom(81013, "user & party & tag all invalid"), "gone", "81013"),
            (200, _wecom(60111, "userid not found"), "gone", "60111"),
            (200, _wecom(45009, "api freq out of limit"), "retry", "45009"),
            (200, _wecom(-1, "system busy"), "retry", "busy"),
            (200, _wecom(60020, "not allow to access from your ip"), "refused", "企业可信IP"),
            (200, _wecom(40014, "invalid access_token"), "retry", "40014"),
            (200, _wecom(42001, "access_token expired"), "retry", "42001"),
            (200, _wecom(48002, "api forbidden"), "refused", "right"),
            (200, _wecom(44004, "empty content"), "refused", "44004"),
        ],
        secrets=["t0ken-of-wecom", "s3cret-of-wecom"],
        before=_token,
        provider_id="xxxx",
    ),
    Kit(
        "sms",
        lambda url: AliyunSmsChannel(
            "LTAI-key-id", "s3cret-of-aliyun", "安心网关", "SMS_154950909", lambda: NOW, base_url=url, limit_s=LIMIT_S
        ),
        lambda _url: f"+86 {NUMBER}",
        (200, {"Message": "OK", "RequestId": "873043AC", "Code": "OK", "BizId": "134523^4351232"}),
        [
            *_ALIYUN_SAYS,
            (
                200,
                _aliyun("isv.SMS_SIGNATURE_ILLEGAL", "签名不合法"),
                "refused",
                "ANXIN_ALIYUN_SMS_SIGN",
            ),
            (
                200,
                _aliyun("isv.SMS_TEMPLATE_ILLEGAL", "找不到对应模板"),
                "refused",
                "ANXIN_ALIYUN_SMS_TEMPLATE",
            ),
            (200, _aliyun("isv.DAY_LIMIT_CONTROL", "触发日发送限额"), "refused", "raise it"),
        ],
        secrets=["s3cret-of-aliyun", "LTAI-key-id", NUMBER],
        provider_id="134523^4351232",
    ),
    Kit(
        "voice",
        lambda url: AliyunVoiceChannel(
            "LTAI-key-id", "s3cret-of-aliyun", "TTS_10001", lambda: NOW, _still, base_url=url, limit_s=LIMIT_S
        ),
        lambda _url: NUMBER,
        (200, {"Message": "OK", "RequestId": "D9CB3933", "Code": "OK", "CallId": "116012354148^102281278204"}),
        [
            *_ALIYUN_SAYS,
            (200, _aliyun("isv.TTS_TEMPLATE_ILLEGAL", "模板不合法"), "refused", "ANXIN_ALIYUN_VOICE_TEMPLATE"),
        ],
        secrets=["s3cret-of-aliyun", "LTAI-key-id", NUMBER],
        provider_id="116012354148^102281278204",
    ),
    Kit(
        "apprise",
        lambda _url: AppriseChannel(limit_s=3.0),
        lambda url: url.replace("http://", "json://user:pa55word@") + "/T0KENOFTHEIRS",
        (200, b"ok"),
        # The documented trap: an error with HTTP 200 is a success to apprise.
        [(200, {"errcode": 310000, "errmsg": "sign not match"}, "accepted", "unconfirmed")],
        reads=False,
        waits=False,
        secrets=["pa55word", "T0KENOFTHEIRS"],
        by_status=dict.fromkeys((400, 410, 413), "retry"),
        library=True,
    ),
]
