"""MANSCDP: the XML in the bodies (GB/T 28181 annex A), lenient in what is read, strict in what is written.

GB2312 is what is declared in the 2016 dialect, GB18030, which holds all of it and every other character, is what is
spoken. Devices declare the one and send the other: what cannot be what it says is tried as the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone
from typing import NamedTuple, Union
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from gateway.model.errors import BadInput

CONTENT_TYPE = "Application/MANSCDP+xml"
#: A body that is longer is refused, and so is a deeper one.
LONGEST, DEEPEST = 256 << 10, 16
ROOTS = ("Control", "Query", "Notify", "Response")
#: The standard writes local times without a zone; they are Beijing's.
BEIJING = timezone(timedelta(hours=8))

_DECLARED = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9_-]{1,20})[\"']", re.IGNORECASE)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,200}\?>")
_TYPED = re.compile(r"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(\.\d{1,6})?\d*\s*(Z|[+-]\d{2}:?\d{2})?$")
#: What XML 1.0 cannot hold.
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: A bare `&`, as field devices write it.
_BARE = re.compile(r"&(?!(?:amp|lt|gt|apos|quot|#\d{1,7}|#x[0-9a-fA-F]{1,6});)")

#: What is written: a text, or elements in order, where a list of them under `Item` is a list with its number.
Value = Union[str, int, Sequence[tuple[str, "Value"]], "Items"]  # it names itself


class Items(NamedTuple):
    """A list: `<name Num="…"><Item>…</Item></name>`, each item's elements in order."""

    items: Sequence[Sequence[tuple[str, Value]]]


class Told(NamedTuple):
    """A body that was read: its root, what all have, and the elements as they stand."""

    root: str
    cmd_type: str
    #: None when there was none that is a number.
    sn: int | None
    device: str
    element: ET.Element

    def text(self, *path: str) -> str:
        """Return the text of an element below the root, empty when there is none; names whatever their case."""
        return text_of(self.element, *path)

    def each(self, *path: str) -> list[ET.Element]:
        """Return the elements at the end of a path; the last name may occur many times."""
        found = [self.element]
        for name in path:
            found = [child for one in found for child in one if _named(child, name)]
        return found


def text_of(element: ET.Element, *path: str) -> str:
    """Return the text of an element below another, empty when there is none or it says `null`."""
    for name in path:
        child = next((one for one in element if _named(one, name)), None)
        if child is None:
            return ""
        element = child
    text = (element.text or "").strip()
    return "" if text.lower() == "null" else text


def write(root: str, fields: Iterable[tuple[str, Value]], *, charset: str) -> bytes:
    """Return a body in GB18030; `charset` is what is declared: GB2312, which is part of it, or GB18030."""
    lines = [f'<?xml version="1.0" encoding="{charset}"?>', f"<{root}>"]
    lines += [_element(name, value) for name, value in fields]
    lines.append(f"</{root}>")
    return "\r\n".join([*lines, ""]).encode("gb18030")


def read(body: bytes) -> Told:
    """Return what a body says. Raises `BadInput` with `oversized`, `not_xml`, `schema`."""
    if len(body) > LONGEST:
        raise BadInput(f"a body of {len(body)} bytes is too long", reason="oversized")
    if not body.strip(b"\0\r\n\t "):
        raise BadInput("the body is empty", reason="schema")
    text = _ILLEGAL.sub("", _DECLARATION.sub("", decoded(body), count=1).strip("\0\r\n\t \ufeff"))
    if _TYPED.search(text):
        raise BadInput("a document type is declared; no platform does that", reason="not_xml")
    try:
        root = ET.fromstring(_BARE.sub("&amp;", text))  # noqa: S314  # bounded, and without entities: see above
    except (ET.ParseError, ValueError) as error:
        raise BadInput(f"it is no XML: {error}", reason="not_xml") from error
    if _deep(root, DEEPEST):
        raise BadInput("it is nested too deeply", reason="not_xml")
    name = next((one for one in ROOTS if one.lower() == _local(root.tag).lower()), None)
    if name is None:
        raise BadInput(f"{_local(root.tag)[:40]} is none of {', '.join(ROOTS)}", reason="schema")
    attributes = {_local(key).lower(): value.strip() for key, value in root.attrib.items()}
    cmd_type = text_of(root, "CmdType") or attributes.get("cmdtype", "")
    if not cmd_type:
        raise BadInput("CmdType is missing", reason="schema")
    sn = text_of(root, "SN") or attributes.get("sn", "")
    number = int(sn) if sn.isascii() and sn.isdigit() and len(sn) <= 10 else None
    return Told(name, cmd_type, number, text_of(root, "DeviceID") or attributes.get("deviceid", ""), root)


def decoded(body: bytes) -> str:
    """Return the text of a body: by its mark, by what it declares, and where that cannot be, by what it can."""
    if body.startswith(b"\xef\xbb\xbf"):
        return body.decode("utf-8", "replace")
    told = _DECLARED.match(body)
    name = told[1].decode().lower() if told else "gb2312"
    # What both can be is what it says it is; what only one can be is that one.
    tries = ("utf-8", "gb18030") if name.replace("-", "") == "utf8" else ("gb18030", "utf-8")
    chinese = tries[0] == "gb18030"
    for encoding in tries:
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError:
            continue
        if chinese and encoding == "gb18030" and _is_utf8_chinese(body):
            continue
        return text
    return body.decode("gb18030", "replace")


def local_time(at: datetime) -> str:
    """Return a moment as the standard writes it: Beijing's time to the second, without a zone."""
    return at.astimezone(BEIJING).strftime("%Y-%m-%dT%H:%M:%S")


def read_time(text: str) -> datetime | None:
    """Return a moment that was told, aware; None for what is none. Without a zone it is Beijing's."""
    found = _TIME.match(text.strip())
    if not found:
        return None
    day, clock, fraction, zone = found.groups()
    try:
        at = datetime.fromisoformat(f"{day}T{clock}{fraction or ''}{'+00:00' if zone == 'Z' else zone or ''}")
    except ValueError:
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=BEIJING)


def _is_utf8_chinese(body: bytes) -> bool:
    """Nearly all Chinese in UTF-8 can be read as GB18030 too, as nonsense; hardly any in GB18030 as Chinese in UTF-8.

    Two bytes of GB18030 are often a letter of UTF-8, but of none that stands in Chinese text.
    """
    try:
        beyond = {letter for letter in body.decode("utf-8") if letter > "\x7f"}
    except UnicodeDecodeError:
        return False
    odd = any("\x80" <= letter < "\u0800" for letter in beyond - {*"·°×"})
    return not odd and any(letter >= "\u2e80" for letter in beyond)


def _element(name: str, value: Value) -> str:
    if isinstance(value, Items):
        items = "\r\n".join(_element("Item", item) for item in value.items)
        return f'<{name} Num="{len(value.items)}">\r\n{items}\r\n</{name}>' if value.items else f'<{name} Num="0"/>'
    if isinstance(value, str | int):
        # Only the five named entities: some platforms take a numeric one out.
        return f"<{name}>{escape(_ILLEGAL.sub('', str(value)), {chr(34): '&quot;', chr(39): '&apos;'})}</{name}>"
    inner = "\r\n".join(_element(each, one) for each, one in value)
    return f"<{name}>\r\n{inner}\r\n</{name}>"


def _named(element: ET.Element, name: str) -> bool:
    return _local(element.tag).lower() == name.lower()


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _deep(element: ET.Element, levels: int) -> bool:
    return levels == 0 or any(_deep(child, levels - 1) for child in element)
