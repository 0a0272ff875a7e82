"""How cost grows with the size of a file and with the number of files."""

import math

from . import pages
from .common import GIB, MIB, duration, say, size
from .data import Dense, Files, Sparse
from .group import vmtouch
from .measure import Contestant, race
from .report import NOTHING, table
from .scratch import prepare

SPARSE_SIZES = tuple(MIB << shift for shift in range(0, 17, 2))
DENSE_SIZES = tuple(length for length in SPARSE_SIZES if length <= 4 * GIB)
COUNTS = tuple(10 ** digits for digits in range(1, 7))
# A curve needs many points more than it needs each of them exact.
MOST_RUNS = 5
BAR = 40
SERVES = ("growth",)


class TinyFiles(Files):
    """Files of one page each, all of them resident: what grows is their number alone."""

    def __init__(self, scratch, count, floor):
        super().__init__(scratch, count, floor, sizes=(100, 100), name="growth-files")

    def restore(self):
        if self.resident() < self.count:
            self.spread(pages.read_through)


def file_contestants(tools, path):
    mmapio = [tools.mmapio.path, "incore"]
    return [Contestant("mmapio incore", [*mmapio, path], SERVES),
            Contestant("mmapio incore --runs", [*mmapio, "--runs", path], SERVES),
            *vmtouch(tools, SERVES, path),
            Contestant("floor stat", [tools.floor, "stat", path], SERVES)]


def tree_contestants(tools, fixture):
    return [Contestant("mmapio incore --summary", [tools.mmapio.path, "incore", "--summary", fixture.path], SERVES),
            *vmtouch(tools, SERVES, fixture.path),
            Contestant("floor files, 1 thread", [tools.floor, "files", "1", fixture.path, fixture.list], SERVES)]


def measure(stopwatch, steps, runs):
    """(label, contestants) for each step of one curve"""
    for label, fixture, contestants in steps:
        say(f"growth: {label}")
        race(stopwatch, contestants, min(runs, MOST_RUNS), fixture.settle)
        yield label, contestants


def seconds_shown(contestant):
    return duration(contestant.median()) if contestant.samples else NOTHING


READING = """\
Medians of at most 5 rounds; the bars are on a logarithmic scale, one scale a chart."""


def curve_table(first, curve):
    names = [one.name for one in curve[0][1]]
    return table([first, *names], [[label, *map(seconds_shown, contestants)] for label, contestants in curve])


def bar_length(value, low, high):
    """On a logarithmic scale, as sizes grow by powers: a straight slope is proportional growth, a level one is none."""
    return 1 + round((BAR - 1) * math.log(value / low) / (math.log(high / low) or 1))


def bars(title, labels, values, low, high):
    wide = max(map(len, labels))
    drawn = [title]
    for label, value in zip(labels, values):
        bar = "█" * bar_length(value, low, high) + f" {duration(value)}" if value else NOTHING
        drawn.append(f"  {label.rjust(wide)} {bar}")
    return "\n".join(drawn)


def chart(curve):
    """A picture for each contestant, all on one scale."""
    labels = [label for label, _ in curve]
    names = [one.name for one in curve[0][1]]
    columns = [[contestants[at].median() for _, contestants in curve] for at in range(len(names))]
    known = [value for column in columns for value in column if value]
    pictures = [bars(name, labels, column, min(known), max(known)) for name, column in zip(names, columns)]
    return "```text\n" + "\n\n".join(pictures) + "\n```"


def section(title, first, curve):
    return "\n\n".join([f"### {title}", curve_table(first, curve), chart(curve)])


def size_steps(tools, fixtures):
    return [(size(one.length), one, file_contestants(tools, one.path)) for one in fixtures]


def curves(tools, scratch, most_files):
    """(title, head of the first column, steps) of each"""
    dense = [Dense(scratch, length) for length in DENSE_SIZES]
    sparse = [Sparse(scratch, length, pieces=1, piece=MIB) for length in SPARSE_SIZES]
    trees = [TinyFiles(scratch, count, tools.floor) for count in COUNTS if count <= most_files]
    return [
        ("Growth: a dense file, resident", "size", size_steps(tools, dense)),
        ("Growth: a sparse file with 1 MiB of data", "size", size_steps(tools, sparse)),
        ("Growth: files of one page each, resident", "files",
         [(f"{one.count:,}", one, tree_contestants(tools, one)) for one in trees]),
    ]


def draw(tools, scratch, stopwatch, runs, most_files):
    """The report's sections on growth."""
    drawn = [READING]
    for title, first, steps in curves(tools, scratch, most_files):
        if steps:
            prepare([fixture for _, fixture, _ in steps], scratch)
            drawn.append(section(title, first, list(measure(stopwatch, steps, runs))))
    return drawn
