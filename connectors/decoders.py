"""Which decoder reads which topic: the native format below `anxin/v1/`, else the mapping whose pattern fits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from connectors.mapping.decode import Mapping, mapping_at
from connectors.mapping.definition import check_apart, files
from connectors.native.decode import ROOT
from connectors.native.decode import decode as decode_native
from gateway.model.errors import BadInput, Misconfigured
from gateway.model.event import NO_EVENT, Report
from gateway.model.ports import Delivery


def load_mappings(told: Iterable[Path]) -> list[Mapping]:
    """Read the mappings that files, folders and names of built-ins mean. Raises `Misconfigured`."""
    mappings = [mapping_at(path) for path in files(told)]
    names = [mapping.name for mapping in mappings]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Misconfigured(f"two mappings are called {twice[0]}; give each a `name` of its own")
    check_apart((mapping.name, mapping.filters) for mapping in mappings)
    return mappings


class Decoders:
    """All that this station's gateway understands. Call it with a delivery, as one decoder."""

    def __init__(self, station: str, mappings: Sequence[Mapping] = ()) -> None:
        self._station, self._mappings = station, mappings
        #: What there is to subscribe to beside the native topics.
        self.topics = tuple(each for mapping in mappings for each in mapping.filters)
        self._last: dict[str, dict[str, Any]] = {
            mapping.name: {"topics": list(mapping.filters), "messages": 0, "topic": None, "became": None, "at": None}
            for mapping in mappings
        }

    def __call__(self, delivery: Delivery) -> list[Report]:
        """Return the reports of one delivery. Raises `BadInput`."""
        if delivery.topic.startswith(ROOT):
            return decode_native(delivery)
        for mapping in self._mappings:
            topic = mapping.match(delivery.topic)
            if topic is not None:
                return self._mapped(mapping, delivery, topic)
        return decode_native(delivery)  # which says that it knows no such topic

    def facts(self) -> dict[str, dict[str, Any]]:
        """Return, by mapping, its topics and the last message since the start: when, where, what it became."""
        return {name: dict(told) for name, told in self._last.items()}

    def _mapped(self, mapping: Mapping, delivery: Delivery, topic: dict[str, str]) -> list[Report]:
        last = self._last[mapping.name]
        last["messages"] += 1
        last["topic"], last["at"] = delivery.topic[:200], delivery.received_at.isoformat()
        try:
            reports = mapping.decode(self._station, delivery, topic)
        except BadInput as error:
            last["became"] = f"a dead letter: {error.reason}"
            raise
        kinds = [report.kind for report in reports if report.kind != NO_EVENT]
        last["became"] = ", ".join(kinds) or ("a state" if reports else "nothing")
        return reports
