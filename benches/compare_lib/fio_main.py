"""Both in turns, and a table of how they agree."""

import argparse
import os
import random
import shutil
import statistics
import sys
from dataclasses import dataclass, field, replace

from . import pages, scratch
from .common import GIB, MIB, CannotRun, duration, say, size
from .environment import environment, load
from .fio_cases import FIO_ROUNDS, cases, ours, theirs
from .report import table
from .tools import ROOT, find_mmapio, find_simple

ROUNDS, QUICK_ROUNDS = 11, 3
RESAMPLES = 4000
MUST = 0.10
# A reclaimer may take some pages of a warm file between two looks.
COLD, WARM, TRIES = 0.0, 99.0, 4
CANNOT_RUN, INTERRUPTED = 2, 130
# This program again, as fio has to run it.
BRING = (sys.executable, str(ROOT / "benches" / "bench_vs_fio"), "--bring")


def parser():
    made = argparse.ArgumentParser(prog="benches/bench_vs_fio", description="mmapio bench beside fio, on one file.")
    made.add_argument("--runs", type=int, default=ROUNDS, metavar="N", help=f"counted rounds (default {ROUNDS})")
    made.add_argument("--quick", action="store_true", help=f"{QUICK_ROUNDS} rounds: to see that all works, not to quote")
    made.add_argument("--case", default="", metavar="TEXT", help="only cases with this in their name")
    made.add_argument("--mib", type=int, default=512, metavar="N", help="size of the file (default 512)")
    made.add_argument("--dir", default=str(ROOT / "target"), metavar="DIR",
                      help="where to make the file, on a disk's filesystem (default: target)")
    made.add_argument("--mmapio", default=str(ROOT / "target" / "release" / "mmapio"), metavar="PATH",
                      help="the command to measure (default: target/release/mmapio)")
    # What fio runs before its clock starts.
    made.add_argument("--bring", nargs=2, help=argparse.SUPPRESS)
    return made


@dataclass
class Rounds:
    """What the rounds of a case gave; `empty` is fio without any reading."""

    case: object
    ours: list = field(default_factory=list)
    theirs: list = field(default_factory=list)
    empty: list = field(default_factory=list)
    left_out: list = field(default_factory=list)

    def ratio(self, net, figure="seconds"):
        """(of bandwidths, interval of 95 %): medians over rounds that are drawn anew, both of a round together."""
        pairs = [(getattr(us, figure), getattr(them, figure) - (getattr(empty, figure) if net else 0))
                 for us, them, empty in zip(self.ours, self.theirs, self.empty)]
        rng = random.Random(1)
        drawn = sorted(ratio_of(rng.choices(pairs, k=len(pairs))) for _ in range(RESAMPLES))
        return ratio_of(pairs), drawn[RESAMPLES // 40], drawn[-RESAMPLES // 40 - 1]

    def bandwidth(self, runs):
        return self.case.bytes / statistics.median(run.seconds for run in runs)


def ratio_of(pairs):
    us, them = (statistics.median(column) for column in zip(*pairs))
    return them / us


def make(path, length):
    """Bytes that compress to nothing and dedupe with nothing, on the disk."""
    with open(path, "wb") as file:
        for _ in range(length // MIB):
            file.write(os.urandom(MIB))
        file.flush()
        os.fsync(file.fileno())


def resident(path):
    return 100 * pages.resident_pages(path) / (os.path.getsize(path) / pages.PAGE)


def bring(state, path):
    """The file as it shall be, and the percentage that is resident, by mincore."""
    for _ in range(TRIES):
        pages.evict(path) if state == "cold" else pages.read_through(path)
        found = resident(path)
        if (found <= COLD) if state == "cold" else (found >= WARM):
            return found
    raise CannotRun(f"the file cannot be made {state}: {found:.1f} % is resident")


def take_turns(case, tools, path, rounds):
    """The first round is not counted: it loads the programs. Who begins changes from round to round."""
    found, length = Rounds(case), os.path.getsize(path)
    for number in range(rounds + 1):
        def us():
            return ours(tools["mmapio"], case, path, number + 1)

        def them():
            run = theirs(tools["fio"], case, path, length, number + 1, [*BRING, case.state, path])
            return replace(run, after=resident(path))

        first, second = (us, them) if number % 2 else (them, us)
        turns = {first: first(), second: second()}
        empty = theirs(tools["fio"], case, path, length, number + 1)
        if number > 0:
            keep(found, turns[us], turns[them], empty)
    return found


def keep(found, us, them, empty):
    """Not the same work, or not the state that was meant, is no pair."""
    case = found.case
    for run, who in ((us, "mmapio"), (them, "fio"), (empty, "fio, null")):
        if (run.accesses, run.bytes) != (case.accesses, case.bytes):
            raise CannotRun(f"{case.name}: {who} made {run.accesses} accesses of {run.bytes} bytes, "
                            f"not {case.accesses} of {case.bytes}")
    spoiled = case.state == "warm" and min(us.after or 0, them.after) < WARM or them.before is None
    if spoiled:
        found.left_out.append(f"resident after it: mmapio {us.after:.1f} %, fio {them.after:.1f} %")
        return
    found.ours.append(us)
    found.theirs.append(them)
    found.empty.append(empty)


def row(found):
    if not found.ours:
        return [found.case.name, *["–"] * 7, "no round counted"]
    raw, net = found.ratio(False), found.ratio(True)
    return [found.case.name, f"{found.bandwidth(found.ours) / MIB:,.0f}", f"{found.bandwidth(found.theirs) / MIB:,.0f}",
            interval(raw), own_work(found), interval(net), interval(found.ratio(True, "cpu")), str(len(found.ours)),
            verdict(raw, net)]


def own_work(found):
    """Less than fio's clock can tell is no figure."""
    seconds = middle(found.empty, "seconds")
    each = f"{max(seconds, 2 * FIO_ROUNDS) / found.case.accesses * 1e9:,.0f} ns"
    return f"< {each}" if seconds <= FIO_ROUNDS else each


def interval(ratio):
    return f"{ratio[0]:.2f} [{ratio[1]:.2f}, {ratio[2]:.2f}]"


def holds(ratio):
    """yes: the whole interval is within; no: it is all outside; open: more rounds, or a quieter machine, would tell."""
    least, most = 1 - MUST, 1 + MUST
    if least <= ratio[1] and ratio[2] <= most:
        return "yes"
    return "no" if ratio[2] < least or ratio[1] > most else "open"


def verdict(raw, net):
    return holds(raw) if holds(raw) != "no" else f"no; without fio's own work {holds(net)}"


def middle(runs, figure):
    return statistics.median(getattr(run, figure) for run in runs)


def notes(all_found):
    """What explains a difference: work that only one of them had."""
    for found in (found for found in all_found if found.ours):
        us, them = found.ours, found.theirs
        yield f"- {found.case.name}: {found.case.accesses:,} accesses; page faults {middle(us, 'faults'):,.0f} and " \
              f"{middle(them, 'faults'):,.0f}; on a processor {duration(middle(us, 'cpu'))} and {duration(middle(them, 'cpu'))}" \
              f"{''.join(f'; left out: {why}' for why in found.left_out)}"


def report(all_found, facts, tools, loads):
    heads = ["case", "mmapio MiB/s", "fio MiB/s", "mmapio/fio [95 %]", "fio's own, an access", "without it",
             "on a processor", "rounds",
             f"within {MUST:.0%}"]
    return "\n".join([
        *(f"- {fact}" for fact in facts), f"- {tools['versions']}", f"- load: {loads[0]} before, {loads[1]} after", "",
        table(heads, [row(found) for found in all_found]), "", *notes(all_found), "",
        "All ratios are of bandwidths, mmapio's by fio's: above 1, mmapio measured more. fio's own work is what an access takes with "
        "an engine that reads nothing (--ioengine=null), measured in each round. The last ratio is of the time on a processor, "
        "without that work: other processes do not lengthen it. fio tells times in whole milliseconds, rounded up, of which "
        "half of one is taken off.", ""])


def compare(options):
    fio = find_simple("fio", "--version")
    if fio is None:
        raise CannotRun("fio is not installed (Debian package fio)")
    mmapio = find_mmapio(options.mmapio)
    tools = {"mmapio": mmapio.path, "fio": fio.path, "versions": f"{mmapio.name}, {fio.name}"}
    kind, length = scratch.filesystem_of(options.dir)[0], options.mib * MIB
    if kind in scratch.UNFIT:
        raise CannotRun(f"{options.dir} is on {kind}: name a directory on a disk's filesystem with --dir")
    if shutil.disk_usage(options.dir).free < length + GIB:
        raise CannotRun(f"{size(length)} and 1 GiB to spare are needed in {options.dir}")
    path = os.path.join(os.path.realpath(options.dir), f"bench_vs_fio.{os.getpid()}")
    try:
        say(f"making a file of {size(length)}")
        make(path, length)
        facts, before = environment(options.dir), load()
        all_found = []
        for case in (case for case in cases(length) if options.case in case.name):
            say(f"measuring: {case.name}")
            all_found.append(take_turns(case, tools, path, QUICK_ROUNDS if options.quick else options.runs))
        return report(all_found, facts, tools, (before, load()))
    finally:
        if os.path.exists(path):
            os.remove(path)


def main():
    try:
        options = parser().parse_args()
        print(bring(*options.bring) if options.bring else compare(options), end="")
    except (CannotRun, OSError) as reason:
        say(f"bench_vs_fio: {reason}")
        return CANNOT_RUN
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0
