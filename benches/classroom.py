"""A class of students for the benchmark: captures of the UDP echo lab with other traffic around them, and a roster."""

import random
import struct

SERVER = 5000
NOISE = 5353


def write(folder, students, octets):
    """Writes a capture of about so many octets for each student, and the roster; returns the paths of both."""
    submissions = folder / f"class-{octets}"
    submissions.mkdir()
    rows = ["student_id,name,department"]
    for number in range(students):
        student = f"{20230000 + number}"
        rows.append(f"{student},학생{number},컴퓨터공학과")
        (submissions / f"{student}.pcapng").write_bytes(capture(number, student, octets))
    roster = folder / "roster.csv"
    roster.write_text("\n".join(rows) + "\n")
    return submissions, roster


def capture(number, student, octets):
    """One lab: two clients on ports of their own, each sends who they are and gets it back."""
    dice = random.Random(number)
    lab = Capture(dice, began=1_763_600_000_000_000_000 + number * 3_600_000_000_000)
    for port in dice.sample(range(32_768, 60_999), 2):
        text = f"컴퓨터공학과 {student} 학생{number}".encode()
        lab.datagram(port, SERVER, text)
        lab.datagram(SERVER, port, text)
    while lab.size < octets:
        lab.datagram(dice.randrange(32_768, 60_999), NOISE, dice.randbytes(800))
    return lab.finish()


class Capture:
    """A pcapng file of a Linux loopback as dumpcap writes it."""

    def __init__(self, dice, began):
        self.dice, self.time, self.frames = dice, began, 0
        section = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)
        section += option(3, b"Linux 6.1") + option(4, b"Dumpcap (Wireshark) 4.0.17") + option(0, b"")
        interface = struct.pack("<HHI", 1, 0, 262_144) + option(2, b"lo") + option(9, b"\x09") + option(0, b"")
        self.blocks = [block(0x0A0D0D0A, section), block(1, interface)]
        self.size = sum(map(len, self.blocks))

    def datagram(self, source, destination, payload):
        self.time += self.dice.randrange(100_000, 3_000_000)
        length = 8 + len(payload)
        udp = struct.pack(">HHHH", source, destination, length, partial(length)) + payload
        identification = self.dice.randrange(65_536)
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + length, identification, 0x4000, 64, 17, 0)
        frame = bytes(12) + b"\x08\x00" + ip + b"\x7f\0\0\1\x7f\0\0\1" + udp
        head = struct.pack("<IIIII", 0, self.time >> 32, self.time & 0xFFFFFFFF, len(frame), len(frame))
        self.blocks.append(block(6, head + frame))
        self.size += len(self.blocks[-1])
        self.frames += 1

    def finish(self):
        counted = struct.pack("<HHQ", 4, 8, self.frames) + option(0, b"")
        statistics = struct.pack("<III", 0, self.time >> 32, self.time & 0xFFFFFFFF) + counted
        return b"".join([*self.blocks, block(5, statistics)])


def partial(length):
    """The checksum that Linux leaves on loopback: the pseudo-header's sum alone."""
    total = 2 * (0x7F00 + 0x0001) + 17 + length
    return (total & 0xFFFF) + (total >> 16)


def option(code, value):
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)


def block(kind, body):
    body += bytes(-len(body) % 4)
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length
