"""The figures as Markdown, which is readable on a terminal, too."""

import os
import statistics

from .common import MIB, duration, memory
from .measure import deviation

BEGIN, END = "<!-- bench: begin (written by benches/compare --markdown) -->", "<!-- bench: end -->"
NOTHING = "–"
# What to do about a contestant that is not there at all.
ABSENT = {
    "probe_runs": "no example probe_runs beside mmapio",
    "vmtouch": "vmtouch is not installed",
    "vmtouch -v": "vmtouch is not installed",
    "vmtouch -t": "vmtouch is not installed",
    "vmtouch -e": "vmtouch is not installed",
    "fincore ≥ 2.40": "none on PATH",
    "rg --mmap": "ripgrep is not installed",
    "xxd": "xxd is not installed",
    "Mapping": "no example guard_cost beside mmapio",
}


def table(heads, rows):
    """A Markdown table with its columns aligned; the first column is text, the others are figures."""
    widths = [max(len(row[column]) for row in [heads, *rows]) for column in range(len(heads))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join(line(row, widths) for row in [heads, rule, *rows])


def line(cells, widths):
    padded = [cells[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(cells[1:], widths[1:]))]
    return f"| {' | '.join(padded)} |"


def shown(value, figure):
    if value is None:
        return NOTHING
    return memory(value) if figure == "peak" else duration(value)


def figure_of(group, name, figure):
    """The median; of peak memory the highest, as a limit holds for each run."""
    contestant = group.contestant(name) if name else None
    if contestant is None:
        return None
    return contestant.most_of(figure) if figure == "peak" else contestant.median(figure)


def ratio_shown(ratio):
    if ratio is None:
        return NOTHING
    return f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.2g} (1/{1 / ratio:,.0f})"


def why_missing(group, names):
    for name in filter(None, names):
        contestant = group.contestant(name)
        if contestant is None:
            return ABSENT.get(name, f"{name} is not there")
        if contestant.trouble:
            return f"{name}: {contestant.trouble}"
        if contestant.faults and not contestant.samples:
            return f"{name}: {contestant.faults[-1]}"
    return "no figure"


def verdict(group, row):
    """(ratio or None, what the last column says)"""
    ours = figure_of(group, row.ours, row.figure)
    base = figure_of(group, row.against, row.figure) if row.against else 1
    if ours is None or not base:
        return None, "not measured"
    ratio = ours / base
    reached = "yes" if ratio <= row.limit else "missed"
    return ratio if row.against else None, reached + uncounted(group, row)


def uncounted(group, row):
    """A result that holds for some of the runs alone has to say so."""
    ones = filter(None, (group.contestant(row.ours), group.contestant(row.against)))
    spoilt = [f"{len(one.faults)} of {len(one.seen)}" for one in ones if one.faults]
    return f" (without {' and '.join(spoilt)} runs)" if spoilt else ""


def result_row(group, row):
    ratio, reached = verdict(group, row)
    columns = (row.ours, row.vmtouch, row.fincore, row.floor)
    figures = [shown(figure_of(group, name, row.figure), row.figure) for name in columns]
    return [row.title, *figures, ratio_shown(ratio), row.must, reached]


def result_table(groups, tools):
    fincore = tools.fincores[-1].name if tools.fincores else "fincore"
    heads = ["case", "mmapio", "vmtouch", fincore, "floor", "ratio", "must reach", "reached?"]
    return table(heads, [result_row(group, row) for group in groups for row in group.rows])


def gaps(groups):
    """Why the lines without a figure have none; too long for a column."""
    lines = [f"- not measured: {row.title}, {row.must}: {why_missing(group, (row.ours, row.against))}"
             for group in groups for row in group.rows if verdict(group, row)[1] == "not measured"]
    return ["\n".join(lines)] if lines else []


def rate(loaded, seconds):
    return f"{loaded / MIB / seconds:,.0f} MiB/s"


def contestant_row(one, columns):
    if not one.samples:
        return [one.name, "0", *[NOTHING] * (columns - 3), one.trouble or "none that counts"]
    return [one.name, str(len(one.samples)), *(duration(value) for value in (one.median(), one.least(), one.spread())),
            duration(one.median("cpu")), duration(one.spread("cpu")), memory(one.most_of("peak")),
            shown(one.median("inside"), "inside")]


def rate_cells(group, one):
    """By the program's own clock where it has one: fio's start and end are not the storage's fault."""
    if not group.rates:
        return []
    took = one.median("inside") or one.median()
    return [rate(group.fixture.content_bytes, took) if took else NOTHING]


def details_table(group):
    heads = ["command", "runs", "median", "min", "MAD", "CPU", "CPU MAD", "peak memory", "own clock"]
    more = ["rate"] if group.rates else []
    return table([*heads, *more],
                 [[*contestant_row(one, len(heads)), *rate_cells(group, one)] for one in group.contestants])


def ratio_by_round(group, row):
    """Both ran a moment after each other in each round: what the storage did to all of a round cancels out."""
    ours, theirs = group.contestant(row.ours), group.contestant(row.against)
    if ours is None or theirs is None:
        return []
    mine, base = ours.by_round(row.figure), theirs.by_round(row.figure)
    ratios = [mine[number] / base[number] for number in mine if base.get(number)]
    if not ratios:
        return []
    return [f"{row.title}: {row.ours} / {row.against} round by round: median {statistics.median(ratios):.3f}, "
            f"MAD {deviation(ratios):.3f}, {min(ratios):.3f} to {max(ratios):.3f}, rounds {len(ratios)}"]


def span(values):
    low, high = min(values), max(values)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def seen_by_look(one, total):
    """What was resident around the runs, and which runs did not count for it."""
    columns = [[value for value in column if value is not None] for column in zip(*one.seen)]
    said = [f"{when} {span(column)}" for column, when in zip(columns, ("before", "after")) if column]
    faults = f"; not counted: {len(one.faults)} of {len(one.seen)} runs (the last: {one.faults[-1]})" if one.faults else ""
    return [f"{one.name}: {', '.join(said)} of {total:,} pages resident{faults}"] if said else []


def remarks(group):
    if not group.each_alone():
        return group.answers
    ratios = [line for row in group.rows if row.against for line in ratio_by_round(group, row)]
    total = group.fixture.page_count
    return ratios + [line for one in group.contestants for line in seen_by_look(one, total)]


def group_state(group):
    return "its own for each run, see below" if group.each_alone() else group.fixture.state()


def group_details(group):
    parts = [f"### {group.name}", f"State: {group_state(group)}.", details_table(group)]
    said = remarks(group)
    parts += ["\n".join(f"- {line}" for line in said)] if said else []
    return "\n\n".join(parts)


def head(environment, tools, loads, command):
    facts = [*environment, f"load: {loads[0]} before, {loads[1]} after", *tools.versions()]
    return "\n\n".join(["## Side by side", f"To reproduce: `{command}`", "\n".join(f"- {fact}" for fact in facts)])


READING = """\
Whole processes, in turns (A B C A B C), medians of wall time; peak memory is the highest of all runs. The floor is the
smallest C program that gets the same answer (`benches/floor.c`): one cachestat call for a file, one mincore pass for
runs, a bare loop of open, fstat, cachestat and close for many files. CPU time is user and system time of the process;
what the kernel's own threads do for it is in nobody's. A rate is by the program's own clock where it has one."""


def whole(groups, tools, growth, heading):
    parts = [heading]
    if groups:
        parts += [READING, result_table(groups, tools), *gaps(groups), *map(group_details, groups)]
    return "\n\n".join([*parts, *growth]) + "\n"


def write_section(path, text):
    """Between the markers if the file has them, else at its end: what was written by hand stays."""
    old = ""
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            old = file.read()
    section = f"{BEGIN}\n{text}{END}\n"
    before, found, rest = old.partition(BEGIN)
    after = rest.partition(END)[2].lstrip("\n")
    gap = "" if found or not old else "\n"
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{before}{gap}{section}{after}")
