"""What devices say, and what the county makes of it: keepalives, alarms, catalogues, answers to orders."""

from __future__ import annotations

import time
from collections.abc import Callable

from simulators.county_platform import manscdp
from simulators.county_platform.alarms import Alarm, Alarms
from simulators.county_platform.asking import Asking
from simulators.county_platform.catalogue import Catalogue
from simulators.county_platform.checks import check
from simulators.county_platform.complaints import Complaints
from simulators.county_platform.manscdp import Body, Fault, NotManscdp
from simulators.county_platform.past import Heard, Past
from simulators.county_platform.registrar import Answer, Registered, Registrar
from simulators.county_platform.settings import CountySettings
from simulators.county_platform.sip import Message, address
from simulators.county_platform.subscriptions import GONE, Subscription, Subscriptions, check_notify

#: Tells people of something, in Chinese.
Tell = Callable[[str], None]
#: The most bodies that are kept to look at.
KEPT = 5000


class Desk:
    """Takes MESSAGE and NOTIFY. All methods run under the platform's lock."""

    def __init__(
        self,
        settings: CountySettings,
        registrar: Registrar,
        subscriptions: Subscriptions,
        complaints: Complaints,
        past: Past,
        tell: Tell,
    ) -> None:
        self._settings, self._registrar, self._subscriptions = settings, registrar, subscriptions
        self.complaints, self.past, self._tell = complaints, past, tell
        self.asking: Asking
        self.alarms = Alarms()
        self.catalogues: dict[str, Catalogue] = {}
        self._greeted: set[str] = set()
        #: Channels with an alarm that no ResetAlarm has ended.
        self._standing: set[str] = set()
        #: Bodies of any kind that came, newest last, with who sent them.
        self.notes: list[tuple[str, Body]] = []

    def catalogue(self, device: str) -> Catalogue:
        """Return a device's catalogue, an empty one at first."""
        return self.catalogues.setdefault(device, Catalogue(device, self._settings.id))

    def message(self, heard: Heard) -> Answer:
        """Take a MESSAGE."""
        sender = address(heard.message.headers.first("From")).user
        known = self._registrar.registered.get(sender)
        if known is None:
            stranger = sender not in self._settings.devices
            faults = (("from-user", f"From user {sender!r} is no ID that registers"),) if stranger else ()
            return Answer(self._settings.unregistered_status, (), faults)
        body, answer = self._read(heard.message, sender)
        if body is None:
            return answer
        kind = (body.root, body.cmd_type)
        faults_now: list[Fault] = []
        if kind == ("Notify", "Keepalive"):
            faults_now = self._keepalive(body, known, heard)
        elif kind == ("Notify", "Alarm"):
            faults_now = self._alarm(body, known, heard)
        elif kind == ("Notify", "Catalog"):
            faults_now = [("notify-dialog", "a Catalog Notify outside a subscription")]
        elif body.root == "Response":
            faults_now = self._response(body, known, heard)
        elif body.root in {"Query", "Control"}:
            faults_now = [("root", f"{body.root} {body.cmd_type} from below")]
        return Answer(200, (), (*answer.faults, *faults_now))

    def notify(self, heard: Heard) -> Answer:
        """Take a NOTIFY."""
        message = heard.message
        one = self._subscriptions.find(message)
        if one is None:
            return Answer(GONE)
        one.notifies += 1
        over = message.headers.first("Subscription-State").startswith("terminated")
        if over and not message.body:
            one.state = "over"
            return Answer(200)
        body, answer = self._read(message, one.device)
        if body is None:
            return answer
        faults = [*answer.faults, *check_notify(message, body, one)]
        known = self._registrar.registered.get(one.device)
        if body.cmd_type == "Catalog":
            faults += self.catalogue(one.device).notify(body, initial=one.notifies == 1)
            self._tell(f"目录变更 {one.device}：{len(body.tree.findall('DeviceList/Item'))} 项")
        elif body.cmd_type == "Alarm" and known is not None:
            faults += self._alarm(body, known, heard)
        if over:
            one.state = "over"
        return Answer(200, (), tuple(faults))

    def greet(self, known: Registered, *, first: bool) -> None:
        """Ask what WVP asks: everything at first, the catalogue again while it is empty."""
        if not self._settings.greets or self._registrar.registered.get(known.device) is not known:
            return
        catalogue = self.catalogue(known.device)
        if first:
            self.asking.order("device-info", device=known.device)
            if known.device not in self._greeted:
                self._greeted.add(known.device)
                self.asking.order("config-download", device=known.device)
        if first or not catalogue.items:
            self.asking.order("catalog", device=known.device)
        if first:
            self._subscribe(known.device)

    def _subscribe(self, device: str) -> None:
        settings = self._settings
        if settings.subscribes_catalog:
            self.asking.subscribe(Subscription("Catalog", device, "Catalog;id=1", settings.subscription_s, {}))
        if settings.subscribes_alarm is not None:
            everything = {"StartAlarmPriority": "0", "EndAlarmPriority": "0", "AlarmMethod": "0"}
            event = settings.subscribes_alarm
            self.asking.subscribe(Subscription("Alarm", device, event, settings.subscription_s, everything))

    def reset(self, target: str) -> None:
        """Take note of a ResetAlarm to a channel, or to a device and so to all."""
        self._standing -= self._standing if target in {"", *self._registrar.registered} else {target}

    def _read(self, message: Message, sender: str) -> tuple[Body | None, Answer]:
        """Read a body and judge its form; None where the answer is all there is to say."""
        try:
            body = manscdp.read(message.body, self._settings.dialect)
        except NotManscdp as error:
            return None, Answer(error.status, (), (("body", str(error)),))
        faults = [*check(body, self._settings.dialect, self._settings.beijing_now), *self.past.said(body, sender)]
        self.notes.append((sender, body))
        del self.notes[:-KEPT]
        return body, Answer(200, (), tuple(faults))

    def _keepalive(self, body: Body, known: Registered, heard: Heard) -> list[Fault]:
        known.last_seen = time.monotonic()
        known.source = heard.source
        known.keepalives += 1
        if not known.online:
            known.online = True
            self._tell(f"设备上线 {known.device}（心跳恢复）")
            self.greet(known, first=True)
        if body.device_id != known.device:
            return [("device-id", f"Keepalive DeviceID {body.device_id}, registered is {known.device}")]
        return []

    def _alarm(self, body: Body, known: Registered, heard: Heard) -> list[Fault]:
        item = self.catalogue(known.device).items.get(body.device_id)
        now = self._settings.beijing_now
        alarm, faults = self.alarms.take(body, known.device, heard, now, listed=item.name if item else None)
        alarm.stored = alarm.stored and known.online
        if self._settings.wants_reset and alarm.method == "2" and alarm.times == 1:
            if alarm.channel in self._standing:
                faults.append(("alarm-before-reset", f"{alarm.channel} has not got ResetAlarm since its last alarm"))
            self._standing.add(alarm.channel)
        self._tell(told_alarm(alarm))
        if self._settings.alarm_result is not None:
            more = {"SN": body.sn, "Result": self._settings.alarm_result}
            self.asking.order("alarm-response", body.device_id, known.device, more=more)
        return faults

    def _response(self, body: Body, known: Registered, heard: Heard) -> list[Fault]:
        exchange = self.asking.answered(known.device, body)
        if exchange is None:
            if body.cmd_type != "Catalog":
                return [("unsolicited-response", f"{body.cmd_type} SN {body.sn} was never asked")]
            # As in WVP: it replaces what is there all the same.
            self.catalogue(known.device).take(body)
            return [("unsolicited-catalog", f"Catalog SN {body.sn} was never asked; it replaces the list")]
        faults: list[Fault] = []
        if body.device_id != exchange.target:
            faults.append(("device-id", f"{body.cmd_type} DeviceID {body.device_id}, asked {exchange.target}"))
        if exchange.wants_answer is False:
            faults.append(("reply-not-wanted", f"{exchange.kind} has no Response"))
        if body.cmd_type == "Catalog":
            if self.past.unanswered(b"<CmdType>Catalog", heard):
                faults.append(("catalog-not-serial", "sent before the one before it was answered"))
            catalogue = self.catalogue(known.device)
            whole = exchange.target == known.device
            complete, more = (catalogue.take if whole else catalogue.take_part)(body)
            faults += more
            if complete and whole:
                self._tell(f"目录 {known.device}：{len(catalogue.items)} 项")
        else:
            complete = True
            if exchange.done:
                faults.append(("response-twice", f"{body.cmd_type} SN {body.sn} again"))
        exchange.answers.append(body)
        exchange.done = exchange.done or complete
        return faults


def told_alarm(alarm: Alarm) -> str:
    """Say an alarm to people, in Chinese."""
    again = f"（第 {alarm.times} 次）" if alarm.times > 1 else ""
    late = f"，{alarm.delay_s:.1f} 秒后收到" if alarm.delay_s is not None else ""
    kept = "" if alarm.stored else "，未入库"
    name = alarm.name or alarm.channel
    kind = f"{alarm.method}/{alarm.type}" if alarm.type else alarm.method
    return f"报警{again} {alarm.priority} 级 方式 {kind} {name}：{alarm.description}（{alarm.at}{late}{kept}）"
