"""Running the contestants in turns and keeping what each run took."""

import os
import re
import signal
import statistics
import subprocess
from dataclasses import dataclass, field

from .common import KIB, say

LONGEST_RUN = 300


@dataclass(frozen=True)
class Sample:
    """One run; seconds and bytes. `inside` is what the program itself says its asking took, where it says so."""

    wall: float
    cpu: float
    peak: int
    inside: float | None


def stated_time(path):
    """The `us=` on the first line of what a command wrote, in seconds."""
    with open(path, "rb") as file:
        microseconds = pairs(file.read(200).decode(errors="replace")).get("us")
    return None if microseconds is None else microseconds / 1e6


@dataclass(frozen=True)
class State:
    """How many pages may be resident, `good()`: `bring` makes it so and, like `count`, says how many there are."""

    name: str
    count: object
    good: object
    bring: object = None

    def fault(self, when, found):
        return None if found in self.good() else f"not {self.name} {when} the run: {found:,} pages resident"


@dataclass
class Contestant:
    """A command line that takes part. `serves`: the cases that need it; `most`: no more runs than this (slow ones).

    A run that changes the cache spoils the round for the next: `before` is brought about for each run, and `after` is
    what the run must leave, or it does not count. `accepts`: exit statuses after which that look decides.
    """

    name: str
    argv: list
    serves: tuple
    most: int | None = None
    before: State | None = None
    after: State | None = None
    accepts: tuple = (0,)
    own_clock: object = stated_time
    samples: list = field(default_factory=list)
    rounds: list = field(default_factory=list)
    seen: list = field(default_factory=list)
    faults: list = field(default_factory=list)
    trouble: str | None = None

    def keep(self, number, sample, seen):
        """The sample of a round, unless what was seen around it says that it does not count."""
        self.seen.append(seen)
        fault = self.fault(*seen)
        if fault:
            self.faults.append(fault)
        else:
            self.rounds.append(number)
            self.samples.append(sample)

    def fault(self, had, left):
        return (self.before and self.before.fault("before", had)) or (self.after and self.after.fault("after", left))

    def by_round(self, figure):
        return dict(zip(self.rounds, (getattr(sample, figure) for sample in self.samples)))

    def values(self, figure):
        return [value for value in (getattr(sample, figure) for sample in self.samples) if value is not None]

    def median(self, figure="wall"):
        values = self.values(figure)
        return statistics.median(values) if values else None

    def least(self, figure="wall"):
        return min(self.values(figure), default=None)

    def most_of(self, figure):
        return max(self.values(figure), default=None)

    def spread(self, figure="wall"):
        """Median absolute deviation: unlike a standard deviation, one run disturbed by a neighbour does not move it."""
        return deviation(self.values(figure))


def deviation(values):
    if not values:
        return None
    middle = statistics.median(values)
    return statistics.median(abs(value - middle) for value in values)


class Failed(Exception):
    """A contestant that could not finish; the bench goes on without it."""


class Stopwatch:
    """Starts commands through `floor time` (why not from here: see time_command in floor.c)."""

    def __init__(self, floor, scratch):
        self.floor = floor
        self.out = os.path.join(scratch, "out")

    def run(self, contestant):
        process = subprocess.Popen([self.floor, "time", self.out, *contestant.argv], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, errors="replace", start_new_session=True)
        try:
            line, errors = process.communicate(timeout=LONGEST_RUN)
        except BaseException as reason:
            # The session is ours alone, so this ends the command and nothing else.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if isinstance(reason, subprocess.TimeoutExpired):
                raise Failed(f"took longer than {LONGEST_RUN} s") from None
            raise
        return self._sample(contestant, line, errors)

    def _sample(self, contestant, line, errors):
        took = pairs(line)
        if took.get("status") not in contestant.accepts:
            status = f"status {took['status']:.0f}" if took else "did not start"
            raise Failed(": ".join([status, *errors.strip().splitlines()[:1]]))
        cpu = took["user_us"] + took["sys_us"]
        return Sample(took["wall_us"] / 1e6, cpu / 1e6, int(took["maxrss_kib"]) * KIB,
                      contestant.own_clock(self.out))


def pairs(text):
    """key=number pairs out of a line."""
    return {key: float(value) for key, value in re.findall(r"\b(\w+)=(-?[\d.]+)", text)}


def race(stopwatch, contestants, runs, before_round=lambda: None):
    """All contestants in turns (A B C A B C), so that a change of the machine's mood hits all of them alike.

    The first round is not counted: it loads the programs and the kernel's own caches. Those with a limit on their runs
    are slow, need no warming, and skip it.
    """
    for number in range(runs + 1):
        before_round()
        for contestant in contestants:
            if takes_part(contestant, number):
                take_turn(stopwatch, contestant, number)


def takes_part(contestant, number):
    if contestant.trouble:
        return False
    return contestant.most is None or 0 < number <= contestant.most


def take_turn(stopwatch, contestant, number):
    try:
        sample, seen = watched_run(stopwatch, contestant)
    except Failed as reason:
        contestant.trouble = str(reason)
        say(f"  {contestant.name}: {reason}")
        return
    if number > 0:
        contestant.keep(number, sample, seen)


def watched_run(stopwatch, contestant):
    """(the sample, pages resident before and after): the preparing and the looking lie outside of the time."""
    had = contestant.before.bring() if contestant.before else None
    sample = stopwatch.run(contestant)
    left = contestant.after.count() if contestant.after else None
    return sample, (had, left)
