"""Arguments → fixtures → rounds → report. Nothing is asserted: a target that was missed is a word in a table."""

import argparse
import fnmatch
import shlex

from . import growth, report, scratch
from .cases import CASES, groups_for
from .common import CannotRun, say
from .environment import environment, load
from .measure import Stopwatch, race
from .tools import ROOT, find_all

RUNS, QUICK_RUNS, MOST_FILES = 11, 3, 100_000
CANNOT_RUN, INTERRUPTED = 2, 130


def parser():
    made = argparse.ArgumentParser(prog="benches/compare", description="mmapio beside vmtouch, fincore, fio and a C floor.",
                                   epilog="cases: " + ", ".join((*CASES, "growth")))
    made.add_argument("--case", action="append", metavar="NAME", help="only this case; repeatable; globs work ('files-*')")
    made.add_argument("--runs", type=positive, metavar="N", help=f"counted rounds (default {RUNS})")
    made.add_argument("--quick", action="store_true", help=f"{QUICK_RUNS} rounds: to see that all works, not to quote")
    made.add_argument("--growth", action="store_true", help="draw how cost grows, too")
    made.add_argument("--growth-max", type=positive, default=MOST_FILES, metavar="N",
                      help=f"the most files to grow to (default {MOST_FILES:,}, up to 1,000,000)")
    made.add_argument("--markdown", metavar="FILE", help="also put the report into FILE, between its markers or at its end")
    made.add_argument("--dir", default=str(ROOT / "target"), metavar="DIR",
                      help=f"where to make {scratch.NAME}/ with the files measured, 8 GiB (default: target)")
    made.add_argument("--mmapio", default=str(ROOT / "target" / "release" / "mmapio"), metavar="PATH",
                      help="the command to measure (default: target/release/mmapio)")
    made.add_argument("--clean", action="store_true", help="remove the files measured, and end")
    return made


def positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def wanted_cases(patterns):
    """The names meant; an unknown one is told at once, not after minutes of measuring."""
    known = (*CASES, "growth")
    if not patterns:
        return set(CASES)
    for pattern in patterns:
        if not fnmatch.filter(known, pattern):
            raise CannotRun(f"no case {pattern}; there are: {', '.join(known)}")
    return {name for pattern in patterns for name in fnmatch.filter(known, pattern)}


def command_line(options):
    """How to get this report again, without the paths of this machine."""
    words = ["benches/compare"]
    words += [f"--case {shlex.quote(name)}" for name in options.case or ()]
    words += [f"--runs {options.runs}"] if options.runs else []
    words += ["--quick"] if options.quick else []
    words += ["--growth"] if options.growth else []
    words += [f"--growth-max {options.growth_max}"] if options.growth_max != MOST_FILES else []
    return " ".join(words)


def run_group(group, stopwatch, runs):
    say(f"measuring: {group.name}")
    race(stopwatch, group.contestants, runs * group.times_runs, group.settle)
    group.fixture.close()
    if group.check:
        group.settle()
        group.answers = group.check()


def compare(options):
    wanted = wanted_cases(options.case)
    runs = options.runs or (QUICK_RUNS if options.quick else RUNS)
    directory = scratch.open_scratch(options.dir)
    tools = find_all(options.mmapio, directory)
    groups = groups_for(wanted, tools, directory)
    scratch.prepare([group.fixture for group in groups], directory)

    stopwatch, facts, before = Stopwatch(tools.floor, directory), environment(directory), load()
    for group in groups:
        run_group(group, stopwatch, runs)
    draws = options.growth or "growth" in wanted
    grown = growth.draw(tools, directory, stopwatch, runs, options.growth_max) if draws else []
    heading = report.head(facts, tools, (before, load()), command_line(options))
    return report.whole(groups, tools, grown, heading)


def publish(text, markdown):
    print(text, end="")
    if markdown:
        report.write_section(markdown, text)


def main():
    options = parser().parse_args()
    try:
        if options.clean:
            scratch.clean(options.dir)
        else:
            publish(compare(options), options.markdown)
    except (CannotRun, OSError) as reason:
        say(f"compare: {reason}")
        return CANNOT_RUN
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0
