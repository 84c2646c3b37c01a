"""Alarms on their way: by NOTIFY where the platform subscribed, by MESSAGE where it did not (reference: 9.4, 9.11)."""

from __future__ import annotations

from connectors.gb28181 import alarm as alarms
from connectors.gb28181.alarm import OF_DEVICE, Alarm
from connectors.gb28181.line import Line, outcome
from connectors.gb28181.news import AlarmFailed, AlarmSent
from connectors.gb28181.subscriptions import Subscription, Subscriptions
from connectors.gb28181.transactions import Answered, Peer, Unanswered

#: The platform does not know us: registering again may help.
STRANGERS = (401, 403, 404, 407, 481)
#: What it will never take.
NEVER = (400, 405, 413, 415, 488, 489)


class Alarming:
    """The alarms of one link, and what stands of them at the platform."""

    def __init__(self, line: Line, subscriptions: Subscriptions, disarmed: set[str]) -> None:
        self._line, self._subscriptions = line, subscriptions
        #: Where subscriptions' notifications go: whence they came.
        self.peers: dict[str, Peer] = {}
        #: Channels whose alarm nobody has reset, and since when; channels that the platform disarmed.
        self.standing: dict[str, float] = {}
        self.disarmed = disarmed
        self._held: list[Alarm] = []
        #: Until when alarms wait for the platform to fetch the catalogue.
        self.hold_until = 0.0
        #: The platform said that it does not know us.
        self.stranger = False

    def send(self, alarm: Alarm, now: float) -> None:
        """Send an alarm, or say why not; `AlarmSent` or `AlarmFailed` follows, once."""
        if self._line.registration.state != "online":
            self._line.say(AlarmFailed(alarm.key, 0, "the platform has not registered us", again=True))
        elif now < self.hold_until:
            self._held.append(alarm)
        elif (kept := self._kept_back(alarm, now)) is not None:
            self._line.say(kept)
        else:
            self._send(alarm, now)

    def release(self, now: float, *, known: bool = False) -> None:
        """Send what waited for the catalogue: it is `known` now, or has been waited for long enough."""
        if known:
            self.hold_until = now
        if self._held and now >= self.hold_until:
            held, self._held = self._held, []
            for alarm in sorted(held, key=lambda one: one.priority):
                self.send(alarm, now)

    def next_due(self) -> float:
        """Return when `release` has something to do."""
        return self.hold_until if self._held else float("inf")

    def give_back(self, why: str) -> None:
        """The platform is gone: what waited is tried later."""
        held, self._held = self._held, []
        for alarm in held:
            self._line.say(AlarmFailed(alarm.key, 0, why, again=True))

    def reset(self, channel: str) -> None:
        """The platform reset a channel's alarm; our own code means all."""
        if channel == self._line.config.device_id:
            self.standing.clear()
        else:
            self.standing.pop(channel, None)

    def guard(self, channel: str, channels: list[str], *, armed: bool) -> None:
        """The platform armed or disarmed a channel; our own code means all."""
        meant = channels if channel == self._line.config.device_id else [channel]
        if armed:
            self.disarmed.difference_update(meant)
        else:
            self.disarmed.update(meant)

    def _kept_back(self, alarm: Alarm, now: float) -> AlarmFailed | None:
        config = self._line.config
        if alarm.one_touch or alarm.method != OF_DEVICE:
            return None
        if config.honour_guard and alarm.channel in self.disarmed:
            return AlarmFailed(alarm.key, 0, "the platform disarmed this channel", again=False)
        since = self.standing.get(alarm.channel)
        if config.require_reset and since is not None and now - since < config.reset_after_s:
            left = config.reset_after_s - (now - since)
            return AlarmFailed(alarm.key, 0, "the platform has not reset the last alarm", again=True, after_s=left)
        return None

    def _send(self, alarm: Alarm, now: float) -> None:
        way = self._line.config.alarm_delivery
        one = self._subscriptions.get("Alarm") if way != "message" else None
        if one is not None and not one.wanted.takes(alarm, self._line.config.device_id):
            if way == "notify":
                self._line.say(AlarmFailed(alarm.key, 0, "the platform's subscription leaves it out", again=False))
                return
            one = None
        if one is None and way == "notify":
            self._line.say(AlarmFailed(alarm.key, 0, "the platform has no subscription", again=True))
        elif one is None:
            self._by_message(alarm, now)
        else:
            self._by_notify(alarm, one, now)
            if way == "both":
                self._by_message(alarm, now, beside=True)

    def _by_message(self, alarm: Alarm, now: float, *, beside: bool = False) -> None:
        def then(event: Answered | Unanswered, now: float) -> None:
            if not beside:
                self._settle(alarm, "message", event, now)

        body = alarms.body(alarm, self._line.config.dialect)
        self._line.tell(body, now, then, name=alarm.key, attempt=alarm.attempt)

    def _by_notify(self, alarm: Alarm, one: Subscription, now: float) -> None:
        def then(event: Answered | Unanswered, now: float) -> None:
            status, _ = outcome(event)
            if status in (0, 404, 481):
                # It knows nothing of its subscription any more; the alarm is not lost for that.
                self._subscriptions.drop(one)
                if self._line.registration.state == "online":
                    self._by_message(alarm, now)
                    return
            self._settle(alarm, "notify", event, now)

        body = alarms.body(alarm, self._line.config.dialect)
        asked = one.notify(self._line.envelope, now, body, self._line.registration.uri)
        self._line.ask(asked, now, then, peer=self.peers.get(one.call_id))

    def _settle(self, alarm: Alarm, by: str, event: Answered | Unanswered, now: float) -> None:
        status, why = outcome(event)
        if 200 <= status < 300:
            if alarm.method == OF_DEVICE:
                self.standing[alarm.channel] = now
            self._line.say(AlarmSent(alarm.key, "notify" if by == "notify" else "message", status))
            return
        self.stranger = self.stranger or status in STRANGERS
        self._line.say(AlarmFailed(alarm.key, status, why, again=status not in NEVER))
