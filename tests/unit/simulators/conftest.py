"""A broker small enough to misbehave on purpose."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

import simulators
from simulators.county.site import site_text
from simulators.load_packets import (
    CONNECT,
    PINGREQ,
    PONG,
    PUBACK,
    PUBLISH_QOS1,
    Packet,
    PacketReader,
    Publish,
    connack_packet,
    puback_packet,
    read_publish,
)
from simulators.site_file import Site, read_site

COUNTY_SEED = 1


class FakeBroker:
    """Takes CONNECT and QoS 1 PUBLISH, remembers every PUBLISH, acknowledges as told.

    `withhold` PUBLISHes are swallowed without a PUBACK and then the connection is cut, once. `code` is what
    CONNACKs say.
    """

    def __init__(self, *, withhold: int = 0, code: int = 0) -> None:
        self.port = 0
        self.withhold = withhold
        self.code = code
        self.connects = 0
        self.said_goodbye = 0
        self.published: list[Publish] = []
        self.acked: list[Publish] = []
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in tuple(self._writers):
            writer.transport.abort()
        await asyncio.sleep(0.02)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        packets = PacketReader()
        try:
            while data := await reader.read(65536):
                for packet in packets.feed(data):
                    if not self._answer(packet.first & 0xF0, packet, writer):
                        return
        except ConnectionError:
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    def _answer(self, kind: int, packet: Packet, writer: asyncio.StreamWriter) -> bool:
        if kind == CONNECT:
            self.connects += 1
            writer.write(connack_packet(self.code))
        elif kind == PUBLISH_QOS1 & 0xF0:
            publish = read_publish(packet)
            self.published.append(publish)
            if self.withhold:
                self.withhold -= 1
                return self.withhold > 0
            self.acked.append(publish)
            writer.write(puback_packet(publish.packet_id))
        elif kind == PINGREQ:
            writer.write(PONG)
        else:
            assert kind != PUBACK
            self.said_goodbye += 1
        return True


@pytest.fixture
def fake_broker() -> type[FakeBroker]:
    """The class: each test makes its own inside its own event loop."""
    return FakeBroker


@pytest.fixture
def site_path() -> Path:
    return Path(simulators.__file__).with_name("site.yaml")


@pytest.fixture(scope="session")
def county_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The county town's site file."""
    path = tmp_path_factory.mktemp("county") / "county.yaml"
    path.write_text(site_text(COUNTY_SEED), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def county(county_path: Path) -> Site:
    return read_site(county_path)


@pytest.fixture(scope="session")
def quarter(county: Site) -> Site:
    """Six of the town's buildings with their gateways, and one works: quick to live in for months."""
    hubs = {*(f"building-{number}-gateway" for number in range(1, 7)), "enterprise-1-gateway"}
    devices = tuple(
        one
        for one in county.devices
        if one.via in hubs or one.id in hubs or (one.kind == "camera" and one.place.kind == "building")
    )
    there = {one.place.id for one in devices}
    return replace(county, devices=devices, residents=tuple(one for one in county.residents if one.place in there))
