"""What is wrong with a MANSCDP message by itself: fields, order, values, moments. The past is judged elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from xml.etree import ElementTree as ET

from simulators.county_platform.forms import (
    ALARM_TYPES,
    CIVIL_ITEM,
    DEVICE_ITEM,
    INSIDE,
    INSIDE_OF,
    ITEM_INFO,
    MESSAGES,
    MOMENT,
    MOMENTS,
    OTHER_ITEMS,
    VALUES,
    WITH_NUM,
    Field,
    form,
)
from simulators.county_platform.manscdp import Body, Fault

#: How far ahead of us a moment may be before somebody has mistaken a time zone or has a clock that is wrong.
AHEAD = timedelta(minutes=5)
_CODE_LENGTHS = {2, 4, 6, 8}
LONGEST_NAME = 40
LONGEST_EXTRA = 1024


def check(body: Body, dialect: str, now: datetime) -> list[Fault]:
    """Return the rules that a message breaks. `now`: Beijing time, naive, by the platform's clock."""
    return [*body.faults, *_head(body), *_fields(body, dialect), *_values(body, now), *_particular(body, dialect)]


def is_gb_id(text: str) -> bool:
    """Tell whether this is an ID of 20 ASCII digits."""
    return len(text) == 20 and text.isascii() and text.isdigit()  # noqa: PLR2004


def item_kind(gb_id: str) -> str:
    """Return what an item of a catalogue is: `civil`, `device`, or the type 200, 215, 216."""
    if len(gb_id) in _CODE_LENGTHS:
        return "civil"
    return gb_id[10:13] if gb_id[10:13] in OTHER_ITEMS else "device"


def _head(body: Body) -> Iterator[Fault]:
    if not body.cmd_type:
        yield "cmd-type", "no CmdType"
    number = body.sn
    if not (number.isascii() and number.isdigit() and number == str(int(number)) and 1 <= int(number) < 2**31):
        yield "sn", f"SN {number!r}: a whole number from 1 to 2147483647"
    if not (is_gb_id(body.device_id) or len(body.device_id) in {*_CODE_LENGTHS, 10}):
        yield "device-id", f"DeviceID {body.device_id!r}"


def _fields(body: Body, dialect: str) -> Iterator[Fault]:
    told = MESSAGES.get((body.root, body.cmd_type))
    if told is not None:
        yield from _element(body.tree, form(told, dialect), body, dialect)


def _element(element: ET.Element, fields: Sequence[Field], body: Body, dialect: str) -> Iterator[Fault]:
    """Compare an element's children with a form: what is missing, too often there, unknown, out of order."""
    names = [child.tag for child in element]
    places = {field.name: place for place, field in enumerate(fields)}
    where = f"{body.cmd_type} {element.tag}"
    if element.tag == "Item":
        where = f"{body.cmd_type} Item {(element.findtext('DeviceID') or '').strip()}"
    for name in dict.fromkeys(names):
        if name not in places:
            yield "unknown-field", f"{where}: {name} has no place in it"
    for field in fields:
        count = names.count(field.name)
        if count < field.least:
            yield "missing-field", f"{where}: {field.name} is missing"
        elif count > field.most:
            yield "repeated-field", f"{where}: {field.name} stands {count} times"
    known = [places[name] for name in names if name in places]
    if known != sorted(known):
        yield "field-order", f"{where}: {', '.join(names)}"
    for child in element:
        if child.tag in places:
            yield from _inside(child, body, dialect)


def _inside(element: ET.Element, body: Body, dialect: str) -> Iterator[Fault]:
    if element.tag in WITH_NUM:
        yield from _list(element, body, dialect)
        return
    told = INSIDE_OF.get((body.cmd_type, element.tag)) or INSIDE.get(element.tag)
    if told is not None:
        yield from _element(element, form(told, dialect), body, dialect)
    elif len(element) and (element.tag, body.cmd_type) != ("Info", "Catalog"):
        yield "unknown-field", f"{body.cmd_type} {element.tag}: holds elements"


def _list(element: ET.Element, body: Body, dialect: str) -> Iterator[Fault]:
    items = element.findall("Item")
    if element.get("Num") != str(len(items)):
        yield "num", f"{body.cmd_type} {element.tag} Num {element.get('Num')!r}: {len(items)} items"
    if len(items) != len(element):
        yield "unknown-field", f"{body.cmd_type} {element.tag}: {[child.tag for child in element]}"
    for item in items:
        if body.cmd_type == "Catalog":
            yield from _catalog_item(item, body, dialect)
        elif told := INSIDE_OF.get((body.cmd_type, "Item")):
            yield from _element(item, form(told, dialect), body, dialect)


def _catalog_item(item: ET.Element, body: Body, dialect: str) -> Iterator[Fault]:
    gb_id = (item.findtext("DeviceID") or "").strip()
    kind = item_kind(gb_id)
    if kind != "civil" and not is_gb_id(gb_id):
        yield "device-id", f"Catalog Item {gb_id!r}"
    fields = form({"civil": CIVIL_ITEM, "device": DEVICE_ITEM}.get(kind) or OTHER_ITEMS[kind], dialect)
    if body.root == "Notify":
        event = Field("Event", 1, 1)
        full = (item.findtext("Event") or "").strip() in {"ADD", "UPDATE"}
        fields = (fields[0], event, *fields[1:]) if full else (fields[0], event, Field("Status", 0, 1))
    yield from _element(item, fields, body, dialect)
    if len((item.findtext("Name") or "").strip()) > LONGEST_NAME:
        yield "long-name", f"Catalog Item {gb_id}: a name of more than {LONGEST_NAME} characters"
    for name in (field.name for field in fields if field.least and field.name not in {"Name", "Event"}):
        if item.find(name) is not None and not (item.findtext(name) or "").strip():
            yield "empty-field", f"Catalog Item {gb_id}: {name} is empty"
    if (info := item.find("Info")) is not None:
        yield from _unordered(info, form(ITEM_INFO, dialect), gb_id)
    if (status := item.findtext("Status")) is not None and status.strip() not in {"ON", "OFF"}:
        yield "value", f"Catalog Item {gb_id}: Status {status!r}"


def _unordered(info: ET.Element, fields: Sequence[Field], gb_id: str) -> Iterator[Fault]:
    for name in {child.tag for child in info} - {field.name for field in fields}:
        yield "unknown-field", f"Catalog Item {gb_id}: Info/{name} has no place in it"


def _values(body: Body, now: datetime) -> Iterator[Fault]:
    for element in body.tree.iter():
        text = (element.text or "").strip()
        where = f"{body.cmd_type} {element.tag} {text!r}"
        if text == "null":
            yield "null", where
        elif element.tag in MOMENTS:
            yield from _moment(text, where, now)
        elif (shape := VALUES.get(element.tag)) is not None and not shape.fullmatch(text):
            yield "value", where
        latitude = element.find("Latitude")
        if (element.find("Longitude") is None) != (latitude is None):
            yield "position", f"{body.cmd_type}: half a position"
        elif latitude is not None:
            yield from _position(element, body.cmd_type)


def _position(element: ET.Element, cmd_type: str) -> Iterator[Fault]:
    texts = (element.findtext("Longitude") or "").strip(), (element.findtext("Latitude") or "").strip()
    try:
        longitude, latitude = (float(text) for text in texts)
    except ValueError:
        return  # Its shape is found wrong as a value.
    if not (abs(longitude) <= 180 and abs(latitude) <= 90) or longitude == latitude == 0:  # noqa: PLR2004
        yield "position", f"{cmd_type}: {texts}"


def _moment(text: str, where: str, now: datetime) -> Iterator[Fault]:
    if not MOMENT.fullmatch(text):
        yield "moment", f"{where}: YYYY-MM-DDThh:mm:ss, local, no fraction, no zone"
        return
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        yield "moment", where
        return
    if "DeviceTime" in where and abs(moment - now) > AHEAD:
        yield "clock", f"{where}, here it is {now:%Y-%m-%dT%H:%M:%S}"
    elif "EndTime" not in where and moment - now > AHEAD:
        yield "clock", f"{where} is to come, here it is {now:%Y-%m-%dT%H:%M:%S}"


def _particular(body: Body, dialect: str) -> Iterator[Fault]:
    kind = (body.root, body.cmd_type)
    if kind == ("Notify", "Keepalive") and body.field("Status") != "OK":
        yield "keepalive-status", f"Status {body.field('Status')!r}: some platforms take it for going offline"
    elif kind == ("Notify", "Alarm"):
        yield from _alarm(body, dialect)
    elif body.cmd_type == "Catalog":
        yield from _sum_num(body)
    elif kind == ("Response", "DeviceStatus") and body.field("Status") not in {"OK", "ERROR"}:
        yield "value", f"DeviceStatus Status {body.field('Status')!r}"
    elif (
        kind == ("Response", "RecordInfo") and body.field("SumNum") == "0" and body.tree.find("RecordList") is not None
    ):
        yield "sum-num", "no records, but a RecordList"
    elif (
        kind == ("Response", "ConfigDownload") and body.field("Result") == "OK" and body.tree.find("BasicParam") is None
    ):
        yield "missing-field", "ConfigDownload: Result OK without BasicParam"


def _alarm(body: Body, dialect: str) -> Iterator[Fault]:
    method, kind = body.field("AlarmMethod"), body.field("Info/AlarmType")
    types = ALARM_TYPES.get(method, range(0))
    last = types.stop + (dialect == "2022" and method == "5")
    if method == "7":
        yield "method-7", "AlarmMethod 7: WVP does not store it"
    if kind and not (kind.isascii() and kind.isdigit() and types.start <= int(kind) < last):
        yield "alarm-type", f"AlarmMethod {method} has no AlarmType {kind} in {dialect}"
    if method == "5" and not kind:
        yield "alarm-type", "AlarmMethod 5 without AlarmType"
    if body.tree.find("Info/AlarmTypeParam") is not None:
        yield "alarm-type-param", "AlarmTypeParam: WVP overwrites the description with it"
    if any(len(extra.text or "") > LONGEST_EXTRA for extra in body.tree.findall("ExtraInfo")):
        yield "extra-info", f"ExtraInfo of more than {LONGEST_EXTRA} characters"
    if not (is_gb_id(body.device_id) or len(body.device_id) == 10):  # noqa: PLR2004
        yield "device-id", f"Alarm DeviceID {body.device_id!r}"


def _sum_num(body: Body) -> Iterator[Fault]:
    listed, told = body.tree.find("DeviceList"), body.field("SumNum")
    count = len(body.tree.findall("DeviceList/Item"))
    if told == "0" and listed is not None:
        yield "sum-num", "SumNum 0, but a DeviceList"
    elif told.isdecimal() and int(told) < count:
        yield "sum-num", f"SumNum {told}, {count} items in this message"
    elif told not in {"0", str(count)} and body.root == "Notify":
        yield "sum-num", f"SumNum {told}, {count} items: a Notify is complete"
    elif told.isdecimal() and int(told) and not count:
        yield "sum-num", f"SumNum {told}, no items"
