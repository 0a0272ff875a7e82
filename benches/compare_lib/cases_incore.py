"""The cases of `incore`, and of starting at all: which fixture, who takes part, and what must be reached."""

from . import pages
from .common import KIB, MIB
from .data import Alternating, Dense, Files, FilesInUse, Sparse
from .group import (FOUR_GIB, SHORT, SHORTEST, Group, Row, agreement, cachestat_fincore, fincores, newest_fincore,
                    records, vmtouch)
from .measure import Contestant, pairs
from .tools import output_of

# mincore over a tebibyte takes vmtouch some 16 s, and there is nothing new to learn from many such runs.
SLOW_RUNS = 2


def resident_of(mmapio, path):
    found = records(mmapio, "incore", "--format", "ndjson", path)
    return sum(record.get("resident_pages") or 0 for record in found)


def check_count(mmapio, fixture):
    return agreement("mmapio's resident pages", lambda: resident_of(mmapio, fixture.path), fixture.resident)


def check_runs(mmapio, path):
    return agreement("mmapio's runs", lambda: len(records(mmapio, "incore", "--runs", "--format", "ndjson", path)),
                     lambda: pages.transitions(path))


def check_probe(probe_runs, path):
    return agreement("probe_runs' runs", lambda: int(pairs(output_of(probe_runs, path)).get("runs", 0)),
                     lambda: pages.transitions(path))


def resident_4g(tools, scratch):
    whole, runs = "resident-4g", "resident-4g-runs"
    fixture, mmapio = Dense(scratch, FOUR_GIB), tools.mmapio.path
    path, incore = fixture.path, [mmapio, "incore"]
    return Group("4 GiB file, resident, read from disk", fixture, [
        Contestant("mmapio incore", [*incore, path], (whole,)),
        Contestant("mmapio incore --runs", [*incore, "--runs", path], (runs,)),
        *vmtouch(tools, (whole, runs), path),
        *fincores(tools, (whole,), path),
        Contestant("floor stat", [tools.floor, "stat", path], (whole,)),
        Contestant("floor mincore", [tools.floor, "mincore", path], (runs,)),
    ], [
        Row(whole, "4 GiB resident", "mmapio incore", 1 / 25, "≤ 1/25 of vmtouch", "vmtouch",
            vmtouch="vmtouch", fincore=newest_fincore(tools), floor="floor stat"),
        Row(whole, "4 GiB resident", "mmapio incore", 1, "≤ fincore ≥ 2.40",
            cachestat_fincore(tools) or "fincore ≥ 2.40", vmtouch="vmtouch", fincore=newest_fincore(tools),
            floor="floor stat"),
        Row(runs, "4 GiB resident, --runs", "mmapio incore --runs", 1 / 10, "≤ 1/10 of vmtouch", "vmtouch",
            vmtouch="vmtouch", floor="floor mincore"),
    ], lambda: [check_count(mmapio, fixture), check_runs(mmapio, path)], times_runs=SHORT)


def alternating(tools, scratch):
    case = ("alternating",)
    fixture, mmapio = Alternating(scratch), tools.mmapio.path
    path, incore = fixture.path, [mmapio, "incore"]
    probe = [Contestant("probe_runs", [tools.probe_runs, path], case)] if tools.probe_runs else []
    return Group("every second page of 1 GiB resident", fixture, [
        *probe,
        Contestant("floor mincore", [tools.floor, "mincore", path], case),
        Contestant("mmapio incore --runs", [*incore, "--runs", path], case),
        Contestant("mmapio incore --runs, ndjson", [*incore, "--runs", "--format", "ndjson", path], case),
        *vmtouch(tools, case, path),
    ], [
        Row(*case, "every second page, the probing", "probe_runs", 1.15, "≤ 1.15 of one mincore pass", "floor mincore",
            figure="inside", floor="floor mincore"),
    ], lambda: [check_count(mmapio, fixture), check_runs(mmapio, path),
                *([check_probe(tools.probe_runs, path)] if probe else [])], times_runs=SHORT)


def sparse_1t(tools, scratch):
    case = ("sparse-1t",)
    fixture, mmapio = Sparse(scratch), tools.mmapio.path
    path, incore, newest = fixture.path, [mmapio, "incore"], cachestat_fincore(tools)
    beside = {"vmtouch": "vmtouch", "fincore": newest}
    return Group("1 TiB sparse file, 16 × 64 MiB of data, about half of it resident", fixture, [
        Contestant("mmapio incore", [*incore, path], case),
        Contestant("mmapio incore --runs", [*incore, "--runs", path], case),
        *vmtouch(tools, case, path, most=SLOW_RUNS),
        *fincores(tools, case, path, only_new=True),
        Contestant("floor stat", [tools.floor, "stat", path], case),
    ], [
        Row(*case, "1 TiB sparse", "mmapio incore", 1 / 1000, "≤ 1/1,000 of vmtouch", "vmtouch", floor="floor stat",
            **beside),
        Row(*case, "1 TiB sparse, --runs", "mmapio incore --runs", 1 / 200, "≤ 1/200 of vmtouch", "vmtouch",
            vmtouch="vmtouch"),
        Row(*case, "1 TiB sparse, peak memory", "mmapio incore", 8 * MIB, "≤ 8 MiB", figure="peak",
            floor="floor stat", **beside),
        Row(*case, "1 TiB sparse, --runs, peak memory", "mmapio incore --runs", 8 * MIB, "≤ 8 MiB", figure="peak",
            vmtouch="vmtouch"),
    ], lambda: [check_count(mmapio, fixture)], times_runs=SHORT)


def fincore_over_tree(tools, fixture, serves):
    """A fincore that cannot walk is fed by xargs: the paths do not fit into one command line."""
    feed = ["env", "-C", fixture.path, "xargs", "-d", "\\n", "-a", fixture.list]
    for tool in tools.fincores:
        direct, fed = [tool.path, "--recursive", fixture.path], [*feed, tool.path]
        yield Contestant(tool.name, direct if tool.recursive else fed, serves)


def files_100k(tools, scratch):
    summary, ndjson, table = "files-100k-summary", "files-100k-ndjson", "files-100k-table"
    directories = "files-100k-directories"
    fixture, mmapio = Files(scratch, 100_000, tools.floor, (200, 32 * KIB)), tools.mmapio.path
    path, incore, ask = fixture.path, [mmapio, "incore"], [tools.floor, "files"]
    beside = {"vmtouch": "vmtouch", "fincore": newest_fincore(tools), "floor": "floor files, 1 thread"}
    verbose = {**beside, "vmtouch": "vmtouch -v"}
    return Group("100,000 files of 200 B to 32 KiB, half of them resident", fixture, [
        Contestant("mmapio incore --summary", [*incore, "--summary", path], (summary, directories)),
        Contestant("mmapio incore --by-directory", [*incore, "--by-directory", path], (directories,)),
        Contestant("mmapio incore, ndjson", [*incore, "--format", "ndjson", path], (ndjson, table)),
        Contestant("mmapio incore, sorted table", [*incore, "--sort", "resident_bytes", path], (table,)),
        *vmtouch(tools, (summary,), path),
        *vmtouch(tools, (ndjson,), "-v", path, name="vmtouch -v"),
        *fincore_over_tree(tools, fixture, (summary,)),
        Contestant("floor files, 1 thread", [*ask, "1", path, fixture.list], (summary, ndjson)),
        Contestant("floor files, 2 threads", [*ask, "2", path, fixture.list], (summary,)),
    ], [
        Row(summary, "100,000 files, --summary", "mmapio incore --summary", 1 / 4, "≤ 1/4 of vmtouch", "vmtouch",
            **beside),
        Row(summary, "100,000 files, --summary", "mmapio incore --summary", 0.6, "≤ 0.6 of the floor",
            "floor files, 1 thread", **beside),
        Row(summary, "100,000 files, --summary, peak memory", "mmapio incore --summary", 16 * MIB, "≤ 16 MiB",
            figure="peak", **beside),
        Row(ndjson, "100,000 files, ndjson", "mmapio incore, ndjson", 1 / 2, "≤ 1/2 of vmtouch -v", "vmtouch -v",
            **verbose),
        Row(ndjson, "100,000 files, ndjson, peak memory", "mmapio incore, ndjson", 24 * MIB, "≤ 24 MiB", figure="peak",
            **verbose),
        Row(table, "100,000 files, sorted table", "mmapio incore, sorted table", 1.5, "≤ 1.5 of ndjson",
            "mmapio incore, ndjson", **verbose),
        Row(directories, "100,000 files, --by-directory", "mmapio incore --by-directory", 1.15, "≤ 1.15 of --summary",
            "mmapio incore --summary"),
    ], lambda: [check_count(mmapio, fixture)])


def open_20k(tools, scratch):
    """A machine with many processes; the other way to ask is what pcstat and scripts do: one file after the other."""
    case, mmapio = ("open-20k",), tools.mmapio.path
    fixture = FilesInUse(scratch, 20_000, tools.floor, 300)
    one_by_one = ["env", "-C", fixture.path, "xargs", "-d", "\\n", "-n", "1", "-a", fixture.list, mmapio, "incore", "--summary"]
    return Group("20,000 files mapped by 300 processes", fixture, [
        Contestant("mmapio incore --open", [mmapio, "incore", "--open", "--summary"], case),
        Contestant("mmapio incore --open, ndjson", [mmapio, "incore", "--open", "--format", "ndjson"], case),
        Contestant("mmapio incore, a file each", one_by_one, case, most=2),
        Contestant("floor files, 1 thread", [tools.floor, "files", "1", fixture.path, fixture.list], case),
    ], [
        Row(*case, "20,000 files in use, --open", "mmapio incore --open", 1.0, "≤ 1 s", floor="floor files, 1 thread"),
        Row(*case, "20,000 files in use, --open", "mmapio incore --open", 1 / 2, "≤ 1/2 of a file each",
            "mmapio incore, a file each", floor="floor files, 1 thread"),
        Row(*case, "20,000 files in use, --open, peak memory", "mmapio incore --open", 64 * MIB, "≤ 64 MiB", figure="peak"),
    ])


class NoFixture:
    """For what needs no file."""

    bytes = inodes = 0
    path = ""

    def ready(self):
        return True

    def settle(self):
        pass

    def close(self):
        pass

    def state(self):
        return "no file"


def version(tools, _scratch):
    case = ("version",)
    return Group("start and end", NoFixture(), [
        Contestant("mmapio --version", [tools.mmapio.path, "--version"], case),
        Contestant("floor true", [tools.floor, "true"], case),
    ], [
        Row(*case, "mmapio --version", "mmapio --version", 2e-3, "≤ 2 ms", floor="floor true"),
    ], times_runs=SHORTEST)
