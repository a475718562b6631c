#!/usr/bin/env python3
"""Measures sockscope side by side with a bare libpcap loop and tshark.

Captures are generated, read once so that they are in the page cache, and given to all programs
in turn, round after round, so that a busy moment of the machine falls on all of them.
Cost is CPU time, user and system, which says more than wall time where cores are shared.
Ratios are ratios of medians. Minima stand beside medians: far apart, they tell of a noisy machine.
"""

import argparse
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import classroom
import live

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
FIXTURE = ROOT / "fixtures/udp-echo/two-clients/20231234.pcapng"
PARTS = ("frames", "flows", "demux", "class", "start")
# Needs root and a network namespace: only when asked for.
OPT_IN = ("live",)

FLOOR = "libpcap loop"
SOCKSCOPE = "sockscope conversations"
CONNECTIONS = "sockscope connections"
DEMUX = "sockscope demux"
DEMUX_JSON = "sockscope demux --json"
DEMUX_BY_SOCKET = "sockscope demux --by-socket"
TSHARK = "tshark -z conv"

# Flows of the capture that shows a program's memory before flows need any.
FEW_FLOWS = 100
# The sockets that packets are delivered to.
SOCKETS = 10_000
DEMUX_FRAMES = 1_000_000
# A class, and octets of a submission: an ordinary lab's, and one with much else in it.
STUDENTS = 200
SUBMISSIONS = (5_000, 2_000_000)
# What tshark 4.0 was seen to need; without so much memory, the kernel would end something.
TSHARK_OCTETS_PER_FLOW = 4_000
# Generous, per frame and file: the bench should fail before the disk is full, not after.
DISK_OCTETS_PER_FRAME = 150
FRAMES_PER_FLOW = 6


@dataclass(frozen=True)
class Cost:
    """What one run of a program took."""

    cpu: float  # seconds, user and system
    wall: float  # seconds
    peak: int  # octets of resident memory


@dataclass(frozen=True)
class Capture:
    """A generated capture, and what its generator says is in it."""

    path: Path
    frames: int
    flows: int
    octets: int


@dataclass
class Entry:
    """A program under comparison and its runs on one capture."""

    name: str
    command: list[str]
    rounds: int
    costs: list[Cost] = field(default_factory=list)
    failure: str | None = None

    def median(self, of):
        return median(of(cost) for cost in self.costs)

    def cpu(self):
        return self.median(lambda cost: cost.cpu)

    def peak(self):
        return self.median(lambda cost: cost.peak)


class Failure(Exception):
    """The program under measurement did not do its work."""


class Bench:
    """The programs to compare, the folder to work in, and what has gone wrong so far."""

    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.captures = options.keep or folder
        self.measurer = compile_c("measure", folder)
        self.floor = compile_c("libpcap_floor", folder, "-lpcap")
        self.tshark = shutil.which("tshark") if options.tshark_runs else None
        self.failures = []

    def generate(self, profile, *arguments):
        path = self.captures / f"{profile}-{'-'.join(a.lstrip('-') for a in arguments)}.pcapng"
        command = [self.options.generator, profile, *arguments, "--out", path]
        done = subprocess.run(command, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise SystemExit(f"compare: the generator failed: {done.stderr.strip()}")
        totals = json.loads(done.stderr)
        return Capture(path, totals["packets"], totals["flows"], totals["file_bytes"])

    def discard(self, capture):
        if not self.options.keep:
            capture.path.unlink()

    def measure(self, command):
        """Runs a command, its output thrown away."""
        result = self.folder / "result"
        errors = self.folder / "errors"
        with open(errors, "wb") as stderr:
            subprocess.run(
                [self.measurer, result, *command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                check=True,
            )
        user, system, wall, peak, status = map(int, result.read_text().split())
        if status != 0:
            said = errors.read_text(errors="replace").strip().splitlines()
            ended = f"exit code {status}" if status > 0 else f"signal {-status}"
            raise Failure(f"{ended}: {said[-1]}" if said else ended)
        return Cost((user + system) / 1e6, wall / 1e6, peak * 1024)

    def entries(self, capture):
        """All programs on one capture; tshark only if it is there and there is memory for it."""
        runs, path = self.options.runs, str(capture.path)
        entries = [
            Entry(FLOOR, [self.floor, path], runs),
            Entry(SOCKSCOPE, [self.options.sockscope, "conversations", path], runs),
        ]
        needed = capture.flows * TSHARK_OCTETS_PER_FLOW
        if self.tshark and needed > available_memory():
            print(f"  tshark left out: it may need {megabytes(needed)} MB, more than is free")
        elif self.tshark:
            command = [self.tshark, "-q", "-z", "conv,tcp", "-z", "conv,udp", "-r", path]
            entries.append(Entry(TSHARK, command, self.options.tshark_runs))
        return entries

    def run_in_turn(self, entries):
        """One round after another; a program that fails has no further run."""
        for turn in range(max((entry.rounds for entry in entries), default=0)):
            for entry in entries:
                if entry.failure is None and turn < entry.rounds:
                    self.run(entry)

    def run(self, entry):
        try:
            entry.costs.append(self.measure(entry.command))
        except Failure as failure:
            entry.failure = str(failure)
            self.failures.append(f"{entry.name}: {failure}")

    def compare(self, title, capture, *more):
        """Runs and prints all programs, and `more`, on one capture; returns those that succeeded, by name."""
        size = f"{capture.frames:,} frames, {capture.flows:,} flows, {megabytes(capture.octets)} MB"
        print(f"\n{title}: {size}", flush=True)
        fill_page_cache(capture.path)
        self.check_floor(capture)
        entries = [*self.entries(capture), *more]
        self.run_in_turn(entries)
        succeeded = {entry.name: entry for entry in entries if entry.failure is None}
        print_costs(entries, succeeded.get(FLOOR), capture)
        print_against_tshark(succeeded)
        print_connections(succeeded)
        return succeeded

    def check_floor(self, capture):
        """A loop that missed frames would be no measure for others."""
        done = subprocess.run([self.floor, capture.path], capture_output=True, text=True)
        counted = done.stdout.split(" ")[0]
        if counted != str(capture.frames):
            raise SystemExit(f"compare: libpcap counts {counted or 'no'} frames: {done.stderr}")

    def compare_frames(self):
        frames = self.options.packets
        flows = max(1, frames // 100)
        capture = self.generate("small", "--packets", str(frames), "--flows", str(flows))
        command = [self.options.sockscope, "connections", str(capture.path)]
        self.compare("Small frames", capture, Entry(CONNECTIONS, command, self.options.runs))
        self.discard(capture)

    def compare_flows(self):
        capture = self.generate("many", "--flows", str(self.options.flows))
        succeeded = self.compare("Many flows", capture)
        self.discard(capture)

        few = self.generate("many", "--flows", str(FEW_FLOWS))
        self.check_conversations(few)
        # The libpcap loop keeps nothing of a flow.
        kept = succeeded.keys() - {FLOOR}
        entries = [entry for entry in self.entries(few) if entry.name in kept]
        self.run_in_turn(entries)
        self.discard(few)
        if not entries:
            return
        print(f"\n  memory a flow: peak less that at {FEW_FLOWS} flows, by flows more")
        rows = [["", "octets a flow"]]
        for entry in entries:
            more = capture.flows - few.flows
            if entry.failure is None and more > 0:
                octets = (succeeded[entry.name].peak() - entry.peak()) / more
                rows.append([entry.name, f"{round(octets):,}"])
        print_table(rows)

    def compare_demux(self):
        """Packets delivered to the sockets of a table, beside the conversations of the same capture."""
        capture = self.generate("small", "--packets", str(DEMUX_FRAMES), "--flows", str(SOCKETS))
        table = self.folder / "table.toml"
        table.write_text(self.table_of(capture))
        size = f"{capture.frames:,} frames, {capture.flows:,} flows, {SOCKETS:,} sockets"
        print(f"\nDemultiplexing: {size}", flush=True)
        fill_page_cache(capture.path)
        runs, path = self.options.runs, str(capture.path)
        demux = [self.options.sockscope, "demux", path, "--sockets", str(table)]
        entries = [
            Entry(SOCKSCOPE, [self.options.sockscope, "conversations", path], runs),
            Entry(DEMUX, demux, runs),
            Entry(DEMUX_JSON, [*demux, "--json"], runs),
            Entry(DEMUX_BY_SOCKET, [*demux, "--by-socket"], runs),
        ]
        self.run_in_turn(entries)
        succeeded = {entry.name: entry for entry in entries if entry.failure is None}
        print_costs(entries, None, capture)
        for name in (DEMUX, DEMUX_JSON, DEMUX_BY_SOCKET):
            if SOCKSCOPE in succeeded and name in succeeded:
                speed = succeeded[SOCKSCOPE].cpu() / succeeded[name].cpu()
                print(f"  {name}: {speed:.2f} of the speed of conversations")
        self.discard(capture)

    def table_of(self, capture):
        """A table of the sockets that the capture's flows go to, and of others until there are enough."""
        command = [self.options.sockscope, "conversations", capture.path, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        called = {(c["protocol"], c["b"]) for c in json.loads(done.stdout)["conversations"]}
        rows = sorted(called)[:SOCKETS]
        rows += [("udp", f"127.0.0.1:{port}") for port in range(50_000, 50_000 + SOCKETS - len(rows))]
        lines = [
            f'[[socket]]\nname = "s{number}"\nprotocol = "{protocol}"\nlocal = "{local}"\n'
            for number, (protocol, local) in enumerate(rows)
        ]
        return "".join(lines)

    def time_class(self):
        """Wall time and memory of grading a class, beside that of reading every octet of it once."""
        for octets in SUBMISSIONS:
            folder, roster = classroom.write(self.folder, STUDENTS, octets)
            files = sorted(map(str, folder.iterdir()))
            print(f"\nGrading a class: {STUDENTS} submissions of {octets:,} octets", flush=True)
            grade = [self.options.sockscope, "grade", str(folder), "--rubric", "udp-echo", "--roster", str(roster)]
            entries = [
                Entry("sha256sum", ["sha256sum", *files], self.options.runs),
                Entry("sockscope grade", [*grade, "--out", str(self.folder / "run")], self.options.runs),
            ]
            self.run_in_turn(entries)
            rows = [["", "runs", "wall s min", "median", "CPU s", "peak MB"]]
            for entry in (entry for entry in entries if entry.failure is None):
                walls = [cost.wall for cost in entry.costs]
                times = [f"{min(walls):.2f}", f"{median(walls):.2f}", f"{entry.cpu():.2f}"]
                rows.append([entry.name, str(len(walls)), *times, megabytes(entry.peak())])
            print_table(rows)
            shutil.rmtree(folder)

    def compare_live(self):
        """Frames lost and CPU time while a loopback is captured, in a network namespace of its own."""
        print(f"\nLive: {live.DATAGRAMS:,} datagrams at {live.RATE:,} a second; bulk TCP for {live.SECONDS} s", flush=True)
        command = ["unshare", "--net", sys.executable, str(HERE / "live.py"), self.options.sockscope, str(self.folder)]
        if os.geteuid() != 0 or subprocess.run(command).returncode != 0:
            self.failures.append("live: needs root, unshare and ip")

    def check_conversations(self, capture):
        """A program that skipped frames would be fast: all of them must be in its conversations."""
        command = [self.options.sockscope, "conversations", capture.path, "--json"]
        done = subprocess.run(command, capture_output=True, text=True)
        try:
            conversations = json.loads(done.stdout)["conversations"]
            directions = [c[d]["frames"] for c in conversations for d in ("a_to_b", "b_to_a")]
        except (ValueError, KeyError, TypeError) as error:
            self.failures.append(f"cannot check the frames that sockscope counts: {error!r}")
            return
        if sum(directions) != capture.frames:
            counted = f"{sum(directions):,} of {capture.frames:,} frames"
            self.failures.append(f"sockscope conversations counts {counted} at {FEW_FLOWS} flows")

    def time_start(self):
        """Wall time of a run with next to nothing to read, beside that of one that does nothing."""
        capture, runs = self.options.fixture, self.options.start_runs
        generated = not capture.exists()
        if generated:
            print(f"\n{capture} is not there; a generated capture takes its place")
            capture = self.generate("small", "--flows", "4", "--packets", "40").path
        print(f"\nStart: {capture.name}, {capture.stat().st_size:,} octets", flush=True)
        fill_page_cache(capture)
        nothing = shutil.which("true") or "true"
        entries = [
            Entry("true (does nothing)", [nothing], runs),
            Entry("sockscope FILE", [self.options.sockscope, str(capture)], runs),
        ]
        self.run_in_turn(entries)
        rows = [["", "runs", "wall ms min", "median", "peak MB"]]
        for entry in entries:
            if entry.failure is None:
                walls = [cost.wall * 1e3 for cost in entry.costs]
                times = [f"{min(walls):.2f}", f"{median(walls):.2f}"]
                rows.append([entry.name, str(len(walls)), *times, megabytes(entry.peak())])
            else:
                rows.append([entry.name, "failed"])
        print_table(rows)
        if generated and not self.options.keep:
            capture.unlink()


def compile_c(name, folder, *libraries):
    """Compiles one of the C programs beside this one."""
    program = folder / name
    command = ["cc", "-O2", "-o", program, HERE / f"{name}.c", *libraries]
    try:
        done = subprocess.run(command)
    except FileNotFoundError:
        raise SystemExit("compare: there is no C compiler (cc)") from None
    if done.returncode != 0:
        raise SystemExit(f"compare: cannot compile {name}.c; does it lack libpcap's headers?")
    return str(program)


def fill_page_cache(path):
    with open(path, "rb") as file:
        while file.read(1 << 24):
            pass


def memory(name):
    """A line of /proc/meminfo, in octets."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise SystemExit(f"compare: /proc/meminfo has no {name}")


def available_memory():
    return memory("MemAvailable")


def megabytes(octets):
    return f"{octets / 1e6:,.1f}"


def print_costs(entries, floor, capture):
    rows = [["", "runs", "CPU ns/frame min", "median", "x libpcap", "wall s", "peak MB"]]
    for entry in entries:
        if entry.failure is not None:
            rows.append([entry.name, "failed"])
            continue
        per_frame = [cost.cpu / capture.frames * 1e9 for cost in entry.costs]
        rows.append(
            [
                entry.name,
                str(len(per_frame)),
                f"{min(per_frame):,.1f}",
                f"{median(per_frame):,.1f}",
                f"{entry.cpu() / floor.cpu():,.2f}" if floor else "-",
                f"{entry.median(lambda cost: cost.wall):,.2f}",
                megabytes(entry.peak()),
            ]
        )
    print_table(rows)


def print_against_tshark(succeeded):
    if SOCKSCOPE in succeeded and TSHARK in succeeded:
        ours, theirs = succeeded[SOCKSCOPE], succeeded[TSHARK]
        cpu, peak = ours.cpu() / theirs.cpu(), ours.peak() / theirs.peak()
        print(f"  sockscope / tshark: CPU {cpu:.4f}, peak memory {peak:.4f}")


def print_connections(succeeded):
    if SOCKSCOPE in succeeded and CONNECTIONS in succeeded:
        cpu = succeeded[CONNECTIONS].cpu() / succeeded[SOCKSCOPE].cpu()
        print(f"  connections / conversations: CPU {cpu:.2f}")


def print_table(rows):
    """Aligned: names on the left, numbers on the right."""
    columns = max(map(len, rows))
    rows = [row + [""] * (columns - len(row)) for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows)]
    for name, *cells in rows:
        line = [name.ljust(widths[0])] + [c.rjust(w) for c, w in zip(cells, widths[1:])]
        print("  " + "   ".join(line).rstrip(), flush=True)


def print_machine(options, tshark):
    cores = len(os.sched_getaffinity(0))
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    total, load = memory("MemTotal"), os.getloadavg()[0]
    kernel = f"{platform.system()} {platform.release()}"
    print(f"{cores} cores ({model}), {total / 2**30:.0f} GiB, {kernel}, load {load:.2f}")
    print(first_line([options.sockscope, "--version"]))
    if tshark:
        print(first_line([tshark, "--version"]))
    elif options.tshark_runs:
        print("tshark is not installed, so nothing is compared with it")


def first_line(command):
    done = subprocess.run(command, capture_output=True, text=True)
    return (done.stdout or done.stderr).partition("\n")[0]


def natural(text):
    """A number of things, plain or as 2e6."""
    number = float(text)
    if not (number >= 1 and number == int(number)):
        raise argparse.ArgumentTypeError(f"{text} is no number of things")
    return int(number)


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    binaries = ROOT / "target/release"
    add = parser.add_argument
    add("--packets", type=natural, default=2_000_000, metavar="N", help="small frames to aim at")
    add("--flows", type=natural, default=1_000_000, metavar="N", help="flows of the other capture")
    add("--runs", type=natural, default=5, metavar="N", help="runs of sockscope and libpcap")
    add("--tshark-runs", type=int, default=1, metavar="N", help="runs of tshark; 0 is none")
    add("--start-runs", type=natural, default=50, metavar="N", help="runs on the tiny capture")
    add("--only", nargs="+", choices=PARTS + OPT_IN, default=PARTS, help="parts to run; live needs root")
    add("--keep", type=Path, metavar="DIR", help="write captures here and leave them")
    add("--fixture", type=Path, default=FIXTURE, metavar="FILE", help="the tiny capture")
    add("--sockscope", type=Path, default=binaries / "sockscope", metavar="FILE")
    add("--generator", type=Path, default=binaries / "examples/captures", metavar="FILE")
    options = parser.parse_args()
    for program in (options.sockscope, options.generator):
        if not os.access(program, os.X_OK):
            parser.error(f"{program} is not there: build it first")
    options.sockscope = str(options.sockscope.resolve())
    options.generator = str(options.generator.resolve())
    return options


def check_disk(options, folder):
    frames = max(options.packets, options.flows * FRAMES_PER_FLOW)
    if options.keep:
        frames = options.packets + options.flows * FRAMES_PER_FLOW
    needed = frames * DISK_OCTETS_PER_FRAME
    if shutil.disk_usage(folder).free < needed:
        shortage = f"{folder} needs {megabytes(needed)} MB free"
        raise SystemExit(f"compare: {shortage}; TMPDIR or --keep names another place")


def main():
    options = parse_options()
    # Makes the temporary folder go away on SIGTERM, too.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="sockscope-bench-") as name:
        folder = Path(name)
        check_disk(options, options.keep or folder)
        bench = Bench(options, folder)
        print_machine(options, bench.tshark)
        parts = {
            "frames": bench.compare_frames,
            "flows": bench.compare_flows,
            "demux": bench.compare_demux,
            "class": bench.time_class,
            "start": bench.time_start,
            "live": bench.compare_live,
        }
        for part in PARTS + OPT_IN:
            if part in options.only:
                parts[part]()
    for failure in bench.failures:
        print(f"FAILED: {failure}")
    return 1 if bench.failures else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
