"""The cases of what changes the cache. A run undoes the state it started from, so that each run gets its own and is looked
at afterwards. `advise` and `sync` change nothing in a resident, clean file: there a round shares one state."""

import json

from . import pages
from .common import MIB
from .data import Dense, WholeFiles
from .group import FOUR_GIB, SHORTEST, Group, Row, vmtouch
from .measure import Contestant

MANY = 20_000
WARM, TOUCH = "mmapio warm", "vmtouch -t"
CAT, FIO, FIO_DIRECT = "cat > /dev/null", "fio, mmap", "fio, direct"
# What the storage gives is there to compare with, and need not be known to the last digit.
BESIDE_RUNS = 5
# `warm` ends with 3 when its own look finds less than all. Whether that is enough is for the look from here to say.
WARM_STATUSES = (0, 3)
PEAK, AT_ONCE = 16 * MIB, 3e-3


def peak_row(case, title, ours, beside=None):
    return Row(case, f"{title}, peak memory", ours, PEAK, "≤ 16 MiB", figure="peak", vmtouch=beside)


def warm_rows(case, title, wall, cpu):
    """(limit, how it is written) of either time; one that is won with more work than the other's is not won."""
    against = {"against": TOUCH, "vmtouch": TOUCH}
    return [Row(case, title, WARM, wall[0], f"{wall[1]} of {TOUCH}", **against),
            Row(case, f"{title}, CPU time", WARM, cpu[0], f"{cpu[1]} of {TOUCH}", figure="cpu", **against),
            peak_row(case, title, WARM, TOUCH)]


def warmers(tools, case, path, **states):
    return [Contestant(WARM, [tools.mmapio.path, "warm", path], (case,), accepts=WARM_STATUSES, **states),
            *vmtouch(tools, (case,), "-t", path, name=TOUCH, **states)]


def fio_runtime(out):
    """fio takes a second to start and end, so its rate is by its own clock."""
    with open(out, encoding="utf-8", errors="replace") as file:
        text = file.read()
    return json.loads(text[text.index("{"):])["jobs"][0]["read"]["runtime"] / 1e3


def fio(tools, name, case, path, *how, **states):
    if tools.fio is None:
        return []
    # A colon parts file names there.
    job = ["--name=read", "--filename=" + path.replace(":", "\\:"), "--rw=read", "--readonly", "--invalidate=0",
           "--thread", "--output-format=json", *how]
    return [Contestant(name, [tools.fio.path, *job], (case,), most=BESIDE_RUNS, own_clock=fio_runtime, **states)]


def into_nothing(case, command, **states):
    """stdout of a contestant is a file, which is not where cat's bytes should go."""
    discard = ["sh", "-c", 'exec "$@" >/dev/null', "sh"]
    return Contestant(CAT, [*discard, *command], (case,), most=BESIDE_RUNS, **states)


def warm_4g(tools, scratch):
    case, title = "warm-4g", "warm a cold file of 4 GiB"
    fixture = Dense(scratch, FOUR_GIB)
    path, states = fixture.path, {"before": fixture.cold(), "after": fixture.warm()}
    return Group("4 GiB file, cold before each run", fixture, [
        *warmers(tools, case, path, **states),
        into_nothing(case, ["cat", path], **states),
        *fio(tools, FIO, case, path, "--ioengine=mmap", "--bs=1M", **states),
        *fio(tools, FIO_DIRECT, case, path, "--ioengine=libaio", "--bs=4M", "--iodepth=4", "--direct=1",
             before=fixture.cold()),
    ], warm_rows(case, title, (0.7, "≤ 0.7"), (0.7, "≤ 0.7")), rates=True)


def warm_again_4g(tools, scratch):
    case, title = "warm-again-4g", "warm again, 4 GiB resident"
    fixture = Dense(scratch, FOUR_GIB)
    return Group("4 GiB file, resident before each run", fixture,
                 warmers(tools, case, fixture.path, before=fixture.warm(), after=fixture.warm()),
                 warm_rows(case, title, (1 / 15, "≤ 1/15"), (1, "≤ 1")))


def warm_20k(tools, scratch):
    case, title = "warm-20k", "warm 20,000 cold files"
    fixture = WholeFiles(scratch, MANY, tools.floor)
    states = {"before": fixture.cold(), "after": fixture.warm()}
    feed = ["env", "-C", fixture.path, "xargs", "-d", "\\n", "-a", fixture.list, "cat"]
    return Group("20,000 files of 4 to 64 KiB, cold before each run", fixture, [
        *warmers(tools, case, fixture.path, **states),
        into_nothing(case, feed, **states),
    ], warm_rows(case, title, (0.5, "≤ 0.5"), (1, "≤ 1")), rates=True)


def warm_again_20k(tools, scratch):
    case, title = "warm-again-20k", "warm again, 20,000 resident files"
    fixture = WholeFiles(scratch, MANY, tools.floor)
    return Group("20,000 files of 4 to 64 KiB, resident before each run", fixture,
                 warmers(tools, case, fixture.path, before=fixture.warm(), after=fixture.warm()),
                 warm_rows(case, title, (1 / 3, "≤ 1/3"), (1, "≤ 1")))


def evict_4g(tools, scratch):
    case, title, ours, theirs = "evict-4g", "evict 4 GiB, resident and clean", "mmapio evict", "vmtouch -e"
    fixture = Dense(scratch, FOUR_GIB)
    path, states = fixture.path, {"before": fixture.read_anew(), "after": fixture.cold()}
    return Group("4 GiB file, read from disk before each run", fixture, [
        Contestant(ours, [tools.mmapio.path, "evict", path], (case,), **states),
        *vmtouch(tools, (case,), "-e", path, name=theirs, **states),
    ], [
        Row(case, title, ours, 1.1, f"≤ 1.1 of {theirs}", theirs, vmtouch=theirs),
        peak_row(case, title, ours, theirs),
    ])


def check_unchanged(fixture):
    """There was nothing to do, and nothing else may have been done."""
    return [f"afterwards, by an independent count: {fixture.resident():,} of {fixture.page_count:,} pages resident, "
            f"{pages.dirty_pages(fixture.path):,} dirty"]


def at_once(case, title, ours, fixture, contestants):
    """Cases with nothing to do, so that a limit of time holds and not a ratio."""
    return Group(f"{title}, resident and clean", fixture, contestants, [
        Row(case, title, ours, AT_ONCE, "≤ 3 ms", floor="floor stat"),
        peak_row(case, title, ours),
    ], lambda: check_unchanged(fixture), times_runs=SHORTEST)


def advise_4g(tools, scratch):
    case, ours, fixture = "advise-4g", "mmapio advise willneed", Dense(scratch, FOUR_GIB)
    return at_once(case, "advise on a file of 4 GiB", ours, fixture, [
        Contestant(ours, [tools.mmapio.path, "advise", "willneed", fixture.path], (case,)),
        Contestant("floor stat", [tools.floor, "stat", fixture.path], (case,)),
    ])


def sync_4g(tools, scratch):
    case, ours, fixture = "sync-4g", "mmapio sync", Dense(scratch, FOUR_GIB)
    return at_once(case, "sync of a file of 4 GiB", ours, fixture, [
        Contestant(ours, [tools.mmapio.path, "sync", fixture.path], (case,)),
        Contestant("sync (coreutils)", ["sync", fixture.path], (case,)),
        Contestant("floor stat", [tools.floor, "stat", fixture.path], (case,)),
    ])
