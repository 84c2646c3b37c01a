"""Going through a station's whole chain: each record, each content that is still there, each signed head."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.evidence import chain, heads
from gateway.evidence.acts import opened, taken_by_camera
from gateway.evidence.chain import content_of
from gateway.evidence.signing import Signer
from gateway.model.errors import AnxinError
from gateway.sealing import Sealer
from gateway.store import evidence as store

#: So many records at once.
AT_ONCE = 500
Told = Callable[[int, int], None]


class Checked(NamedTuple):
    """What was found: how many records, contents and heads are right, and the first thing that is not."""

    records: int
    contents: int
    heads: int
    wrong: str | None


class Wrong(Exception):
    """Something is not as it was."""


def check(
    connection: Connection[TupleRow], sealer: Sealer, signer: Signer, station: str, told: Told = lambda _done, _of: None
) -> Checked:
    """Go through the chain from its beginning and say what was found; `told` hears how far it is.

    A head of another key (an installation before this one) is compared, its signature is not.
    """
    walk = _Walk(connection, sealer, signer, station)
    try:
        walk.go(told)
    except Wrong as wrong:
        return Checked(walk.seq, walk.contents, sum(map(len, walk.heads.values())), str(wrong))
    return Checked(walk.seq, walk.contents, sum(map(len, walk.heads.values())), None)


class _Walk:
    """Somebody on their way along the chain."""

    def __init__(self, connection: Connection[TupleRow], sealer: Sealer, signer: Signer, station: str) -> None:
        self._connection, self._sealer, self._signer, self._station = connection, sealer, signer, station
        self._end = store.tail(connection, station).seq
        last = store.last_head(connection, station)
        self._signed_up_to = int(last["seq"]) if last is not None else 0
        told = store.heads(connection, station, 1, max(self._end, self._signed_up_to))
        self.heads: dict[int, list[dict[str, Any]]] = {}
        for head in told:
            self.heads.setdefault(int(head["seq"]), []).append(head)
        self.seq, self.contents, self._link, self._at = 0, 0, chain.genesis(station), ""
        #: Contents a record says of that they went, by the record's number.
        self._said_gone: dict[int, set[tuple[int, str]]] = {}
        self._gone: list[store.KeptContent] = []

    def go(self, told: Told) -> None:
        """Walk to the end. Raises `Wrong`."""
        while self.seq < self._end:
            page = store.span(self._connection, self._station, self.seq + 1, self.seq + AT_ONCE)
            for kept in page:
                self._step(kept)
            if not page:
                raise Wrong(f"record {self.seq + 1} is missing")
            self._compare_contents(page)
            told(self.seq, self._end)
        for one in self._gone:
            if one.gone_seq is not None and (one.seq, one.name) not in self._said_gone.get(one.gone_seq, set()):
                raise Wrong(
                    f"{one.name} of record {one.seq} is missing, and record {one.gone_seq} does not say that it went"
                )
        if self._signed_up_to > self._end:
            raise Wrong(f"records up to {self._signed_up_to} were signed, and there are {self._end}")

    def _step(self, kept: store.Kept) -> None:
        self.seq += 1
        if kept.seq != self.seq:
            raise Wrong(f"record {self.seq} is missing")
        self._link = chain.linked(self._link, chain.digest(kept.record.encode()))
        if self._link != kept.link:
            raise Wrong(f"record {self.seq} is not the one that was chained, or another before it is not")
        record = json.loads(kept.record)
        if (record["seq"], record["station"]) != (self.seq, self._station):
            raise Wrong(f"record {self.seq} is another one's")
        if record["at"] < self._at:
            raise Wrong(f"record {self.seq} is from before the one it follows")
        self._at = record["at"]
        for head in self.heads.get(self.seq, []):
            self._compare_head(head)

    def _compare_head(self, head: dict[str, Any]) -> None:
        if head["link"] != self._link:
            raise Wrong(f"up to record {head['seq']} the chain is not the one that was signed at {head['at']}")
        mine = head["signer"] == self._signer.fingerprint
        if mine and not heads.is_signed_head(self._signer.public, heads.written(head)):
            raise Wrong(f"the head at record {head['seq']} is not signed by {self._signer.fingerprint}")

    def _compare_contents(self, page: list[store.Kept]) -> None:
        records = {kept.seq: json.loads(kept.record) for kept in page}
        there = {(one.seq, one.name): one for one in store.contents(self._connection, self._station, list(records))}
        for seq, record in records.items():
            for content in record["contents"]:
                one = there.get((seq, content["name"]))
                if one is None:
                    raise Wrong(f"{content['name']} of record {seq} is missing")
                self.contents += 1
                if one.gone_at is not None:
                    self._gone.append(one)
                    continue
                plain = self._opened(one)
                if content_of(content["name"], content["media_type"], plain)._asdict() != content:
                    raise Wrong(f"{content['name']} of record {seq} has been changed")
                if record["kind"] == "gone":
                    told = [json.loads(line) for line in plain.splitlines()]
                    self._said_gone[seq] = {(line["seq"], line["name"]) for line in told}

    def _opened(self, one: store.KeptContent) -> bytes:
        try:
            return opened(self._sealer, self._station, one, taken_by_camera(self._connection, one))
        except AnxinError as error:
            raise Wrong(f"{one.name} of record {one.seq} cannot be opened: {error}") from error
