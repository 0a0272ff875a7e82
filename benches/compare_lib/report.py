"""The figures as Markdown, which is readable on a terminal, too."""

import os

from .common import duration, memory

BEGIN, END = "<!-- bench: begin (written by benches/compare --markdown) -->", "<!-- bench: end -->"
NOTHING = "–"
# What to do about a contestant that is not there at all.
ABSENT = {
    "probe_runs": "no example probe_runs beside mmapio",
    "vmtouch": "vmtouch is not installed",
    "vmtouch -v": "vmtouch is not installed",
    "fincore ≥ 2.40": "none on PATH",
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
    return "no figure"


def verdict(group, row):
    """(ratio or None, what the last column says)"""
    ours = figure_of(group, row.ours, row.figure)
    base = figure_of(group, row.against, row.figure) if row.against else 1
    if ours is None or not base:
        return None, "not measured"
    ratio = ours / base
    return ratio if row.against else None, "yes" if ratio <= row.limit else "missed"


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


def contestant_row(one):
    if not one.samples:
        return [one.name, "0", *[NOTHING] * 5, one.trouble or "not run"]
    return [one.name, str(len(one.samples)), *(duration(value) for value in (one.median(), one.least(), one.spread())),
            duration(one.median("cpu")), memory(one.most_of("peak")), shown(one.median("inside"), "inside")]


def group_details(group):
    heads = ["command", "runs", "median", "min", "MAD", "CPU", "peak memory", "asking alone"]
    parts = [f"### {group.name}", f"State: {group.fixture.state()}."]
    parts.append(table(heads, [contestant_row(one) for one in group.contestants]))
    parts += ["\n".join(f"- {answer}" for answer in group.answers)] if group.answers else []
    return "\n\n".join(parts)


def head(environment, tools, loads, command):
    facts = [*environment, f"load: {loads[0]} before, {loads[1]} after", *tools.versions()]
    return "\n\n".join(["## Side by side", f"To reproduce: `{command}`", "\n".join(f"- {fact}" for fact in facts)])


READING = """\
Whole processes, in turns (A B C A B C), medians of wall time; peak memory is the highest of all runs. The floor is the
smallest C program that gets the same answer (`benches/floor.c`): one cachestat call for a file, one mincore pass for
runs, a bare loop of open, fstat, cachestat and close for many files."""


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
