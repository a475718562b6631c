"""Captures a loopback with one program after the other while the same datagrams move on it.

Runs as root in a network namespace of its own: `unshare --net python3 live.py SOCKSCOPE FOLDER`.
"""

import json
import os
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
# Of the kernel's buffer, the same for all.
MEBIBYTES = 64
# Datagrams sent between two looks at the clock.
BURST = 50
# What the kernel holds back is handed out by then.
SETTLED = 1.0


def programs(sockscope):
    """Names, and commands that end with the file to write."""
    buffer = str(MEBIBYTES)
    entries = [
        ("sockscope live -q -w", [sockscope, "live", "-q", "--buffer", buffer, "-w"]),
        ("sockscope live -w", [sockscope, "live", "--buffer", buffer, "-w"]),
        ("dumpcap", ["dumpcap", "-q", "-i", "lo", "-B", buffer, "-w"]),
        ("tcpdump", ["tcpdump", "-i", "lo", "-B", str(MEBIBYTES * 1024), "-Z", "root", "-w"]),
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


def send():
    """Sends all datagrams, as fast as they are due; tells the rate that was reached."""
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
    return DATAGRAMS / (time.monotonic() - start)


def frames_in(sockscope, path):
    done = subprocess.run([sockscope, "info", path, "--json"], capture_output=True, text=True)
    return json.loads(done.stdout)["frames"]


def measure(sockscope, command, path):
    """Frames lost, CPU seconds, peak octets, and the rate of the sender."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    program = subprocess.Popen([*command, str(path)], **quiet)
    wait_for(is_listening)
    rate = send()
    time.sleep(SETTLED)
    program.send_signal(signal.SIGINT)
    _, _, usage = os.wait4(program.pid, 0)
    lost = DATAGRAMS - frames_in(sockscope, path)
    path.unlink()
    return lost, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, rate


def main():
    sockscope, folder = sys.argv[1], Path(sys.argv[2])
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    print(f"  {'':22} {'lost':>10} {'CPU s':>7} {'peak MB':>8} {'sent/s':>9}")
    for name, command in programs(sockscope):
        lost, cpu, peak, rate = measure(sockscope, command, folder / "live.capture")
        print(f"  {name:22} {lost:10,} {cpu:7.2f} {peak / 1e6:8.1f} {rate:9,.0f}", flush=True)


if __name__ == "__main__":
    main()
