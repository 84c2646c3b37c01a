"""Who may say and hear what on the topics of mappings, as brokers are told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from connectors.mapping.decode import Mapping


class MappedRights(NamedTuple):
    """Filters: `reads`, for the gateway; `roots`, what integrators say and hear; `publishers`, what devices do."""

    reads: tuple[str, ...]
    roots: tuple[str, ...]
    publishers: dict[str, tuple[str, ...]]


#: No mappings.
NONE = MappedRights((), (), {})


def rights_of(mappings: Iterable[Mapping]) -> MappedRights:
    """Return the rights that mappings need."""
    reads: list[str] = []
    roots: list[str] = []
    publishers: dict[str, tuple[str, ...]] = {}
    for mapping in mappings:
        reads.extend(mapping.filters)
        roots.extend(mapping.roots)
        if mapping.publisher is not None:
            publishers[mapping.publisher] = (*publishers.get(mapping.publisher, ()), *mapping.roots)
    return MappedRights(tuple(reads), tuple(dict.fromkeys(roots)), publishers)


def subjects(topics: Iterable[str]) -> list[str]:
    """Return filters of topics as nats-server names them. `a/#` takes in `a` itself, which is a subject of its own."""
    found: list[str] = []
    for topic in topics:
        subject = ".".join(_TOKENS.get(level, level.replace(".", "//")) for level in topic.split("/"))
        found.append(subject)
        if subject.endswith(".>"):
            found.append(subject.removesuffix(".>"))
    return list(dict.fromkeys(found))


_TOKENS = {"+": "*", "#": ">"}
