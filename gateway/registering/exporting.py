"""A site written as a site file: one line an entry, so that two of them can be compared; read back, it is the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import yaml

from gateway.model.policy import Policy
from gateway.registering.reading import SECTIONS
from gateway.registering.site import Site, SitePerson

#: libyaml's writer where PyYAML was built with it.
_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
#: Wider than any line: an entry is one line.
_WIDE = 1_000_000
#: Channels whose addresses phones tell by themselves: of use to nobody who reads a file.
_OF_PHONES = frozenset({"web_push"})


def site_text(site: Site) -> str:
    """Return a site as the text of a site file (YAML, UTF-8). What is as it comes is left out."""
    lines = [
        "# The registry of one station, written by `anxin export`; `anxin import` reads it back.",
        "# docs/site-file.md explains every word. Coordinates are WGS 84 degrees, durations seconds.",
    ]
    if site.personal == "left_out":
        lines += ["# Names of residents and the ways to reach people are left out: an import leaves them as they are."]
        lines += ["personal: left_out"]
    lines += ["", f"station: {_flow(msgspec.to_builtins(site.station))}"]
    for section in SECTIONS:
        if found := getattr(site, section):
            lines += ["", f"{section}:", *(f"  - {_flow(_told(entry))}" for entry in found)]
    if site.policy is not None and (policy := _other_than_as_it_comes(site.policy)):
        lines += ["", "policy:", *(f"  {part}: {_flow(value)}" for part, value in policy.items())]
    return "\n".join(lines) + "\n"


def exported(site: Site, *, personal: bool) -> Site:
    """Return a site as it is to be written: with personal data as far as a file has room for it, or without any."""
    if personal:
        users = [
            msgspec.structs.replace(
                user, contacts={way: told for way, told in user.contacts.items() if way not in _OF_PHONES}
            )
            for user in site.users
        ]
        return msgspec.structs.replace(site, users=users, personal="here")
    return msgspec.structs.replace(
        site,
        persons=[SitePerson(person.id, person.place, None, person.care) for person in site.persons],
        users=[msgspec.structs.replace(user, phone=None, contacts={}) for user in site.users],
        personal="left_out",
    )


def _other_than_as_it_comes(policy: Policy) -> dict[str, Any]:
    told, comes = msgspec.to_builtins(policy), msgspec.to_builtins(Policy())
    return {part: value for part, value in told.items() if value != comes[part]}


def _told(entry: Any) -> dict[str, Any]:
    return dict(_fields(entry))


def _fields(entry: Any) -> Iterator[tuple[str, Any]]:
    values = msgspec.to_builtins(entry)
    first = ("id", "username", "area", "name")  # what people look for
    for field in sorted(
        msgspec.structs.fields(entry), key=lambda one: first.index(one.name) if one.name in first else len(first)
    ):
        comes = field.default_factory() if field.default_factory is not msgspec.NODEFAULT else field.default
        if field.required or getattr(entry, field.name) != comes:
            yield field.name, values[field.name]


def _flow(value: Any) -> str:
    written: str = yaml.dump(
        value, Dumper=_Dumper, default_flow_style=True, allow_unicode=True, sort_keys=False, width=_WIDE
    )
    return written.removesuffix("\n...\n").strip()
