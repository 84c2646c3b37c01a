"""Which channels there are: those whose settings are set. Each is made here and nowhere else."""

from __future__ import annotations

from base64 import urlsafe_b64encode

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02

from connectors.aliyun_sms.channel import AliyunSmsChannel
from connectors.aliyun_voice.channel import AliyunVoiceChannel
from connectors.apprise_any.channel import AppriseChannel
from connectors.command_room.channel import CommandRoomChannel
from connectors.mqtt_app.channel import MqttAppChannel, Publish
from connectors.phone_push.channel import PhoneChannel
from connectors.web_push.channel import WebPushChannel, vapid_of
from connectors.webhook.channel import WebhookChannel
from connectors.wecom.channel import WecomChannel
from gateway.clock import SystemClock, monotonic
from gateway.model.errors import Misconfigured
from gateway.model.ports import Channel
from gateway.sealing import key_in
from gateway.settings import Settings, require

VAPID_KEY_FILE = "web_push.key"


def channels_of(settings: Settings, publish: Publish) -> list[Channel]:
    """Return the channels of an installation; `publish` is the gateway's way to the broker.

    Raises `Misconfigured` when a channel is switched on and half set up.
    """
    # Signatures carry the time by which machines know each other, whatever time we play.
    now = SystemClock().now
    channels: list[Channel] = [
        MqttAppChannel(settings.station, publish),
        WebhookChannel(now, private_endpoints=settings.private_endpoints),
    ]
    if settings.phone_url:
        channels.append(PhoneChannel(settings.phone_url, receipts=settings.phone_receipts))
    if settings.command_room_url:
        channels.append(
            CommandRoomChannel(settings.command_room_url, settings.command_room_secret.get_secret_value(), now)
        )
    if settings.web_push_contact:
        channels.append(
            WebPushChannel(
                _vapid_key(settings), settings.web_push_contact, now, private_endpoints=settings.private_endpoints
            )
        )
    if settings.apprise:
        channels.append(AppriseChannel(public_url=settings.public_url))
    channels.extend(channel for channel in (wecom_of(settings), sms_of(settings), voice_of(settings)) if channel)
    return channels


def wecom_of(settings: Settings) -> WecomChannel | None:
    """Return the WeCom channel, if it is switched on. Raises `Misconfigured`."""
    if not settings.wecom_corp_id:
        return None
    require(settings, "wecom_agent_id", "wecom_secret")
    return WecomChannel(
        settings.wecom_corp_id,
        settings.wecom_agent_id,
        settings.wecom_secret.get_secret_value(),
        monotonic,
        base_url=settings.wecom_url,
        public_url=settings.public_url,
    )


def sms_of(settings: Settings) -> AliyunSmsChannel | None:
    """Return the text channel, if it is switched on. Raises `Misconfigured`."""
    if not settings.aliyun_sms_template:
        return None
    require(settings, "aliyun_key_id", "aliyun_key_secret", "aliyun_sms_sign")
    return AliyunSmsChannel(
        settings.aliyun_key_id.get_secret_value(),
        settings.aliyun_key_secret.get_secret_value(),
        settings.aliyun_sms_sign or "",
        settings.aliyun_sms_template,
        SystemClock().now,
        bulletin_template=settings.aliyun_sms_bulletin_template,
        base_url=settings.aliyun_sms_url,
    )


def voice_of(settings: Settings) -> AliyunVoiceChannel | None:
    """Return the voice channel, if it is switched on. Raises `Misconfigured`."""
    if not settings.aliyun_voice_template:
        return None
    require(settings, "aliyun_key_id", "aliyun_key_secret")
    if settings.aliyun_voice_signed_template:
        require(settings, "aliyun_voice_number")  # a call that asks for a key needs a number of one's own
    return AliyunVoiceChannel(
        settings.aliyun_key_id.get_secret_value(),
        settings.aliyun_key_secret.get_secret_value(),
        settings.aliyun_voice_template,
        SystemClock().now,
        monotonic,
        show_number=settings.aliyun_voice_number or "",
        signed_template=settings.aliyun_voice_signed_template or "",
        base_url=settings.aliyun_voice_url,
    )


def vapid_public_key(settings: Settings) -> str:
    """Return what a browser subscribes with (`applicationServerKey`): the public key's point in URL-safe base64.

    The key is made where there is none. Raises `Misconfigured` when it cannot be read.
    """
    point = _vapid(settings).public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return urlsafe_b64encode(point).decode().rstrip("=")


def _vapid_key(settings: Settings) -> str:
    """Return the private key as text, known to be one. Raises `Misconfigured`."""
    _vapid(settings)
    return _told_key(settings)


def _vapid(settings: Settings) -> Vapid02:
    try:
        return vapid_of(_told_key(settings))
    except ValueError as error:
        raise Misconfigured(f"ANXIN_WEB_PUSH_KEY: {error}") from error


def _told_key(settings: Settings) -> str:
    told = settings.web_push_key.get_secret_value()
    # Any 32 random bytes are a key of P-256, but for one in four billion.
    return told or key_in(settings.home / VAPID_KEY_FILE, "ANXIN_WEB_PUSH_KEY")
