"""MANSCDP: the XML that GB/T 28181 carries in SIP bodies, read with suspicion, written in any charset."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple
from xml.etree import ElementTree as ET  # what has a DTD is refused before it is read
from xml.sax.saxutils import escape

Fault = tuple[str, str]
#: What an element holds: text, or elements; a pair's name may carry attributes, `DeviceList Num="2"`.
Content = str | Sequence[tuple[str, "Content"]]

ROOTS = frozenset({"Control", "Query", "Notify", "Response"})
LONGEST = 1_048_576
_DECLARATION = re.compile(r"^\s*<\?xml\s[^>]*?\?>")
_ENCODING = re.compile(rb"<\?xml[^>]*encoding\s*=\s*[\"']([\w.\-]+)[\"']")
_LOOSE = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)")
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
#: What a 2016 platform takes GB2312 to be, and what each name means to a decoder.
_CODECS = {"gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030", "utf-8": "utf-8", "utf8": "utf-8"}
#: What each edition declares.
DECLARED = {"2016": "GB2312", "2022": "GB18030"}
_CJK = re.compile(r"[\u2e80-\U0003ffff]")


class NotManscdp(ValueError):
    """A body that can't be read; `status` is what SIP says to it."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Body(NamedTuple):
    """A MANSCDP message."""

    tree: ET.Element
    text: str
    faults: list[Fault]

    @property
    def root(self) -> str:
        """The root's name."""
        return self.tree.tag

    @property
    def cmd_type(self) -> str:
        """What it is about."""
        return self.field("CmdType")

    @property
    def sn(self) -> str:
        """Its number."""
        return self.field("SN")

    @property
    def device_id(self) -> str:
        """Whom it is about."""
        return self.field("DeviceID")

    def field(self, path: str) -> str:
        """Return an element's text, stripped; nothing where it is not there."""
        return (self.tree.findtext(path) or "").strip()


def read(data: bytes, dialect: str) -> Body:
    """Read a body and name what is wrong with its form. Raises NotManscdp."""
    if not data.strip():
        raise NotManscdp(400, "an empty body")
    if len(data) > LONGEST:
        raise NotManscdp(413, f"a body of {len(data)} bytes")
    faults: list[Fault] = []
    text = _decode(data, dialect, faults)
    if re.search(r"<!\s*(?:DOCTYPE|ENTITY)", text, re.IGNORECASE):
        raise NotManscdp(400, "a DTD")
    if "&#" in text:
        faults.append(("char-reference", "a numeric character reference: WVP strips it"))
    elif _LOOSE.search(text):
        faults.append(("entity", "an & that is none of the five named entities: WVP strips it"))
    if _ILLEGAL.search(text):
        faults.append(("control-character", "a character that XML 1.0 forbids"))
    # As WVP does: an & that begins none of the five named entities goes away.
    cleaned = _ILLEGAL.sub("", _LOOSE.sub("", _DECLARATION.sub("", text)))
    try:
        tree = ET.fromstring(cleaned.strip())  # noqa: S314  # without a DTD there are no entities to expand
    except ET.ParseError as error:
        raise NotManscdp(400, f"no XML: {error}") from error
    if tree.tag not in ROOTS:
        raise NotManscdp(415, f"root {tree.tag!r}")
    return Body(tree, text, faults)


def _decode(data: bytes, dialect: str, faults: list[Fault]) -> str:
    declaration = _ENCODING.search(data[:200])
    wanted = DECLARED[dialect]
    declared = declaration[1].decode() if declaration else ""
    if data.startswith(b"\xef\xbb\xbf"):
        faults.append(("charset", "a byte order mark"))
        return data.decode("utf-8-sig", "replace")
    if declared.upper() != wanted:
        faults.append(("xml-declaration", f"declares {declared or 'nothing'}, {dialect} wants {wanted}"))
    codec = _CODECS.get(declared.lower(), "gb18030")
    utf8 = _try(data, "utf-8")
    told = _try(data, codec)
    # Chinese in UTF-8 is often GB18030 by accident, of other characters; the reverse hardly ever happens.
    if codec != "utf-8" and utf8 is not None and _CJK.search(utf8):
        faults.append(("charset", f"declares {declared or wanted}, is UTF-8"))
        return utf8
    if told is None:
        faults.append(("charset", f"declares {declared or wanted}, is not"))
        return utf8 if utf8 is not None else data.decode("gb18030", "replace")
    return told


def _try(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        return None


def write(root: str, content: Sequence[tuple[str, Content]], *, declared: str, encoded: str) -> bytes:
    """Put a message together. `declared` is what it says of its charset, `encoded` what is true."""
    lines = [f'<?xml version="1.0" encoding="{declared}"?>', *_lines(root, content)]
    return ("\r\n".join(lines) + "\r\n").encode(_CODECS.get(encoded.lower(), encoded), "replace")


def _lines(name: str, content: Content) -> list[str]:
    closing = name.partition(" ")[0]
    if isinstance(content, str):
        return [f"<{name}>{escape(content)}</{closing}>"]
    inner = [line for each, held in content for line in _lines(each, held)]
    return [f"<{name}>", *inner, f"</{closing}>"]
