"""What is wrong with a GA/T 1400 object: identifiers, mandatory fields, values, moments, pictures."""

from __future__ import annotations

import base64
import binascii
import re
import struct
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from simulators.county_platform.viid.forms import CARRIED, FORMS, MAGIC, MOMENTS, SUB_IMAGE, VALUES, Form

Fault = tuple[str, str]
Object = Mapping[str, Any]


def listed(value: Any) -> list[Object]:
    """Return a list's objects; a single object, as some send it, is a list of one."""
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]


def check(resource: str, one: Object) -> Iterator[Fault]:
    """Name the rules that an object of a resource breaks."""
    form = FORMS[resource]
    told: Object = one.get("ImageInfo", {}) if resource == "Images" else one
    name = f"{form.id_key} {told.get(form.id_key)}"
    yield from _identifier(resource, form, told, name)
    needed = form.must + (form.automatic if str(told.get("InfoKind")) == "1" else ())
    for field in needed:
        if told.get(field) in {None, ""}:
            yield "missing-field", f"{name}: {field}"
    yield from _values(told, name)
    if resource == "Images":
        yield from _picture(one.get("Data"), told, name)
    elif resource == "SubscribeNotifications":
        yield from _carried(told, name)
    else:
        yield from _sub_images(told, name)


def moment(text: Any) -> datetime | None:
    """Read `YYYYMMDDhhmmss`, local and naive; None where it is none."""
    if not (isinstance(text, str) and re.fullmatch(r"\d{14}(\d{3})?", text, re.ASCII)):
        return None
    try:
        return datetime.strptime(text[:14], "%Y%m%d%H%M%S")  # noqa: DTZ007  # GA/T 1400 knows no zones
    except ValueError:
        return None


def is_basic_id(text: Any, subtypes: str = "01|02|03|99") -> bool:
    """Tell whether this is a BasicObjectID: device 20, subtype 2, time 14, number 5."""
    found = re.fullmatch(rf"\d{{20}}(?:{subtypes})(\d{{14}})\d{{5}}", str(text), re.ASCII)
    return found is not None and moment(found[1]) is not None


def is_content_id(text: Any, subtype: str) -> bool:
    """Tell whether this is an ImageCntObjectID: BasicObjectID 41, subtype 2, number 5."""
    return is_basic_id(str(text)[:41]) and re.fullmatch(rf"{subtype}\d{{5}}", str(text)[41:], re.ASCII) is not None


def is_business_id(text: Any) -> bool:
    """Tell whether this is a BusinessObjectID: organisation 12, subtype 2, time 14, number 5."""
    found = re.fullmatch(r"\d{12}0[1-4](\d{14})\d{5}", str(text), re.ASCII)
    return found is not None and moment(found[1]) is not None


def _identifier(resource: str, form: Form, told: Object, name: str) -> Iterator[Fault]:
    own = told.get(form.id_key)
    if not isinstance(own, str):
        yield "id", f"{name} is no text"
        return
    if resource == "SubscribeNotifications":
        right = is_business_id(own)
    elif resource == "Images":
        right = is_basic_id(own, "02")
    else:
        right = is_content_id(own, form.subtype)
        source = told.get("SourceID")
        if not is_basic_id(source):
            yield "id", f"{name}: SourceID {source}"
        elif not own.startswith(str(source)):
            yield "id", f"{name} does not begin with its SourceID {source}"
    if not right:
        yield "id", f"{name}: digits or composition"


def _values(told: Object, name: str) -> Iterator[Fault]:
    for field, value in told.items():
        if field in MOMENTS and moment(value) is None:
            yield "moment", f"{name}: {field} {value!r}"
        elif (shape := VALUES.get(field)) is not None and not shape.fullmatch(str(value)):
            yield "value", f"{name}: {field} {value!r}"
        elif value == "null":
            yield "null", f"{name}: {field}"
    device = told.get("DeviceID")
    if device is not None and not re.fullmatch(r"\d{20}", str(device), re.ASCII):
        yield "id", f"{name}: DeviceID {device}"


def _sub_images(told: Object, name: str) -> Iterator[Fault]:
    images = listed(told.get("SubImageList", {}).get("SubImageInfoObject", []))
    for one in images:
        image = f"{name}: picture {one.get('ImageID')}"
        for field in SUB_IMAGE:
            if one.get(field) in {None, ""}:
                yield "missing-field", f"{image}: {field}"
        if not is_basic_id(one.get("ImageID"), "02"):
            yield "id", f"{image}: digits or composition"
        yield from _values(one, image)
        if not one.get("StoragePath"):
            yield from _picture(one.get("Data"), one, image)
    if images and told.get("SourceID") not in {one.get("ImageID") for one in images}:
        yield "source-id", f"{name}: SourceID is none of its pictures"


def _picture(data: Any, told: Object, name: str) -> Iterator[Fault]:
    if not isinstance(data, str) or not data:
        yield "missing-field", f"{name}: Data"
        return
    try:
        picture = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        yield "base64", f"{name}: {error}"
        return
    wanted = str(told.get("FileFormat"))
    if not picture.startswith(MAGIC.get(wanted, b"")):
        yield "picture", f"{name}: no {wanted}, it begins {picture[:4]!r}"
    elif wanted == "Jpeg" and (size := jpeg_size(picture)) != (_number(told, "Width"), _number(told, "Height")):
        yield "picture", f"{name}: Width and Height {told.get('Width')} x {told.get('Height')}, it has {size}"


def _number(told: Object, field: str) -> int:
    text = str(told.get(field))
    return int(text) if text.isdecimal() else -1


def jpeg_size(picture: bytes) -> tuple[int, int] | None:
    """Return a JPEG's width and height in pixels, None where there is no frame header."""
    place = 2
    while place + 9 <= len(picture) and picture[place] == 0xFF:  # noqa: PLR2004  # a marker
        marker, length = picture[place + 1], int.from_bytes(picture[place + 2 : place + 4])
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:  # noqa: PLR2004  # a frame header
            height, width = struct.unpack("!HH", picture[place + 5 : place + 9])
            return width, height
        place += 2 + length
    return None


def _carried(told: Object, name: str) -> Iterator[Fault]:
    """Judge what a notification carries, and whether InfoIDs names just that."""
    found = []
    for key, (resource, _) in CARRIED.items():
        if key in told:
            form = FORMS[resource]
            for one in listed(told[key].get(form.keys[0], [])):
                found.append(str(one.get(form.id_key)))
                yield from check(resource, one)
    named = [each for each in re.split("[;,]", str(told.get("InfoIDs", ""))) if each]
    if found and sorted(named) != sorted(found):
        yield "info-ids", f"{name}: InfoIDs {named}, carried {found}"
