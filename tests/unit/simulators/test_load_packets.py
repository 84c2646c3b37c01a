"""MQTT packets survive the round trip, however TCP slices them."""

import pytest

from simulators.load_packets import (
    PUBACK,
    PacketReader,
    ProtocolError,
    connect_packet,
    puback_packet,
    publish_packet,
    read_publish,
)


@pytest.mark.parametrize("size", [0, 1, 100, 127, 128, 16_383, 16_384, 200_000])
def test_a_publish_survives_the_round_trip(size: int) -> None:
    payload = b"x" * size

    (packet,) = PacketReader().feed(publish_packet("anxin/v1/站/d/event".encode(), 513, payload))

    assert read_publish(packet) == ("anxin/v1/站/d/event", 513, payload, False)


def test_dup_is_marked() -> None:
    (packet,) = PacketReader().feed(publish_packet(b"t", 1, b"p", dup=True))

    assert read_publish(packet).dup


@pytest.mark.parametrize("slice_size", [1, 2, 3, 7, 1000])
def test_packets_are_found_in_any_slicing(slice_size: int) -> None:
    sent = [publish_packet(b"t", number, b"y" * (number * 40)) for number in range(1, 9)]
    stream = b"".join([*sent, puback_packet(65_535)])
    reader = PacketReader()

    packets = [
        packet
        for start in range(0, len(stream), slice_size)
        for packet in reader.feed(stream[start : start + slice_size])
    ]

    assert [read_publish(packet).packet_id for packet in packets[:-1]] == list(range(1, 9))
    assert packets[-1] == (PUBACK, b"\xff\xff")


def test_connect_is_what_the_standard_says() -> None:
    assert connect_packet("id", "u", "p", 30) == (
        b"\x10\x14" + b"\x00\x04MQTT" + b"\x04" + b"\xc2" + b"\x00\x1e" + b"\x00\x02id\x00\x01u\x00\x01p"
    )


def test_a_length_of_five_bytes_is_refused() -> None:
    with pytest.raises(ProtocolError):
        PacketReader().feed(b"\x30\xff\xff\xff\xff\x01")
