"""Captures a loopback with one program after the other while the same datagrams move on it.

Runs as root in a network namespace of its own: `unshare --net python3 live.py SOCKSCOPE FOLDER`.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

RATE = 100_000
DATAGRAMS = 10 * RATE
OCTETS = 100
# Of bulk TCP.
SECONDS = 3
# Of the kernel's buffer, the same for all.
MEBIBYTES = 64
# Octets kept of a packet where not all are.
SNAP_LENGTH = "128"
# Datagrams sent between two looks at the clock.
BURST = 50
# What the kernel holds back is handed out by then.
SETTLED = 1.0
# How the programs tell what the kernel dropped.
LOST = re.compile(
    r"frames?; ([\d,]+) more lost|(\d+) packets? dropped (?:by kernel|from)|received/dropped on interface[^:]*: \d+/(\d+)"
)


def programs(sockscope):
    """Names, and commands that end with the file to write."""
    buffer = str(MEBIBYTES)
    entries = [
        ("sockscope live -q -w", [sockscope, "live", "-q", "--buffer", buffer], "--snaplen"),
        ("sockscope live -q --verify", [sockscope, "live", "-q", "--verify", "--buffer", buffer], "--snaplen"),
        ("sockscope live -w", [sockscope, "live", "--buffer", buffer], "--snaplen"),
        ("dumpcap", ["dumpcap", "-q", "-i", "lo", "-B", buffer], "-s"),
        ("tshark -q -w", ["tshark", "-q", "-i", "lo", "-B", buffer], "-s"),
        ("tshark -P -w", ["tshark", "-P", "-i", "lo", "-B", buffer], "-s"),
        ("tcpdump", ["tcpdump", "-i", "lo", "-B", str(MEBIBYTES * 1024), "-Z", "root"], "-s"),
    ]
    return [entry for entry in entries if shutil.which(entry[1][0])]


def wait_for(condition):
    deadline = time.monotonic() + 10
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit("live: a program does not begin to listen")
        time.sleep(0.01)


def is_listening():
    """A packet socket of this namespace is bound and running."""
    rows = Path("/proc/net/packet").read_text().splitlines()[1:]
    return any(row.split()[5] == "1" and row.split()[3] != "0000" for row in rows)


def frames_on_loopback():
    rows = Path("/proc/net/dev").read_text().splitlines()
    return next(int(row.split()[2]) for row in rows if row.strip().startswith("lo:"))


def send_datagrams():
    """Sends all datagrams, as fast as they are due."""
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.bind(("127.0.0.1", 0))
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.connect(receiver.getsockname())
    octets = bytes(OCTETS)
    start = time.monotonic()
    for sent in range(0, DATAGRAMS, BURST):
        while time.monotonic() - start < sent / RATE:
            pass
        for _ in range(BURST):
            sender.send(octets)


def send_bulk():
    """Sends octets through a connection, as fast as they go."""
    listener = socket.create_server(("127.0.0.1", 0))
    sender = socket.create_connection(listener.getsockname())
    receiver, _ = listener.accept()
    reader = os.fork()
    if reader == 0:
        sender.close()
        taken = bytearray(1 << 20)
        while receiver.recv_into(taken):
            pass
        os._exit(0)
    receiver.close()
    octets = bytes(1 << 20)
    start = time.monotonic()
    while time.monotonic() - start < SECONDS:
        sender.send(octets)
    sender.close()
    os.waitpid(reader, 0)


def measure(command, path, send):
    """What the program says was lost, CPU seconds, peak octets, frames sent and frames a second."""
    with open(Path(sys.argv[2]) / "said", "w+") as said:
        program = subprocess.Popen([*command, "-w", str(path)], stdout=subprocess.DEVNULL, stderr=said)
        wait_for(is_listening)
        before, start = frames_on_loopback(), time.monotonic()
        send()
        sent = frames_on_loopback() - before
        rate = sent / (time.monotonic() - start)
        time.sleep(SETTLED)
        os.kill(program.pid, signal.SIGINT)
        _, _, usage = os.wait4(program.pid, 0)
        said.seek(0)
        lost = LOST.findall(said.read())
    number = next((group for group in lost[-1] if group), "0") if lost else "0"
    return int(number.replace(",", "")), usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, sent, rate


def frames_in(sockscope, path):
    """Frames of a file but for the kernel's samples, which count as such."""

    def document(command):
        return json.loads(subprocess.run([sockscope, command, path, "--json"], capture_output=True, text=True).stdout or "{}")

    return document("info")["frames"] - document("verify").get("samples", 0)


def compare(title, entries, path, send, keeps):
    print(f"  {title:28} {'sent':>10} {'a second':>9} {'lost':>9} {'not in file':>11} {'CPU s':>7} {'peak MB':>8}")
    for name, command in entries:
        lost, cpu, peak, sent, rate = measure(command, path, send)
        missing = f"{sent - frames_in(sys.argv[1], path):,}" if keeps else "-"
        row = f"{sent:10,} {rate:9,.0f} {lost:9,} {missing:>11} {cpu:7.2f} {peak / 1e6:8.1f}"
        print(f"    {name:26} {row}", flush=True)
        if keeps:
            path.unlink()


def main():
    entries, path = programs(sys.argv[1]), Path(sys.argv[2]) / "live.capture"
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    whole = [(name, command) for name, command, _ in entries]
    # What tshark prints it reads back from the file.
    unread = [entry for entry in whole if "-P" not in entry[1]]
    cut = [(name, [*command, option, SNAP_LENGTH]) for name, command, option in entries]
    compare("datagrams", whole, path, send_datagrams, keeps=True)
    compare(f"bulk TCP, {SNAP_LENGTH} octets of each", cut, path, send_bulk, keeps=True)
    # Gigabytes a second are more than a disk takes: the program's own part is to read them.
    compare("bulk TCP, into /dev/null", unread, Path("/dev/null"), send_bulk, keeps=False)


if __name__ == "__main__":
    main()
