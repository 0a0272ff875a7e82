"""What a case is made of: rows of the table, groups of contestants, and the contestants that many cases share."""

import json
from dataclasses import dataclass, field

from .common import GIB
from .measure import Contestant
from .tools import output_of

# Rounds of a few hundred milliseconds are cheap, and figures of a few milliseconds need many for a steady median.
SHORT, SHORTEST = 3, 5
CHECKS = 3
FOUR_GIB = 4 * GIB


@dataclass(frozen=True)
class Row:
    """One line of the table: the figure of `ours`, at most `limit` times that of `against` (or `limit` itself)."""

    case: str
    title: str
    ours: str
    limit: float
    must: str
    against: str | None = None
    figure: str = "wall"
    vmtouch: str | None = None
    fincore: str | None = None
    floor: str | None = None


@dataclass
class Group:
    """Cases that share a fixture and are measured in the same rounds. `rates`: each run loads all of the fixture."""

    name: str
    fixture: object
    contestants: list
    rows: list
    check: object = None
    answers: list = field(default_factory=list)
    times_runs: int = 1
    rates: bool = False

    def limit_to(self, wanted):
        """Leave out the cases nobody asked for, and those who take part in them alone."""
        self.rows = [row for row in self.rows if row.case in wanted]
        self.contestants = [one for one in self.contestants if set(one.serves) & {row.case for row in self.rows}]
        return self

    def each_alone(self):
        return any(one.before for one in self.contestants)

    def settle(self):
        """Bring about the state that a whole round shares, if it does."""
        if not self.each_alone():
            self.fixture.settle()

    def contestant(self, name):
        return next((one for one in self.contestants if one.name == name), None)


def records(*command):
    """The ndjson records a short run prints."""
    return [json.loads(line) for line in output_of(*command).splitlines() if line.startswith("{")]


def agreement(what, ours, count):
    """Is a fast answer the right one? The count is taken before and after, as the reclaimer may take pages in between;
    and when it took some and gave others, another try is fair."""
    for _ in range(CHECKS):
        before, found, after = count(), ours(), count()
        low, high = sorted((before, after))
        if low <= found <= high:
            break
    verdict = "agrees" if low <= found <= high else "DIFFERS"
    span = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    return f"{what}: {found:,}, by an independent count {span}: {verdict}"


def vmtouch(tools, serves, *arguments, name="vmtouch", **more):
    return [Contestant(name, [tools.vmtouch.path, *arguments], serves, **more)] if tools.vmtouch else []


def fincores(tools, serves, *arguments, only_new=False):
    return [Contestant(tool.name, [tool.path, *arguments], serves) for tool in tools.fincores
            if tool.asks_cachestat or not only_new]


def newest_fincore(tools):
    return tools.fincores[-1].name if tools.fincores else None


def cachestat_fincore(tools):
    newest = tools.fincores[-1] if tools.fincores else None
    return newest.name if newest and newest.asks_cachestat else None
