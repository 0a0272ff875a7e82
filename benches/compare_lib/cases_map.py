"""The cases of `map`: bytes found, shown and patched. All read a file that is resident."""

import os

from . import pages
from .common import GIB, TIB
from .data import Dense, Fixture
from .group import FOUR_GIB, SHORT, SHORTEST, Group, Row, agreement
from .measure import Contestant, pairs

# No MiB of noise has these bytes: neither grep nor mmapio stops early.
ABSENT_PATTERN = "these sixteen b."
# Exit statuses of those who find nothing.
GREP_NOTHING, MMAPIO_NOTHING = 1, 3
# xxd needs many seconds for a gibibyte, and there is nothing to learn from many such runs.
SLOW_RUNS = 2
PATCH_AT = 777 * GIB + 4321


def discarding(command):
    """stdout of a contestant is a file, which is not where the bytes should go."""
    return ["sh", "-c", 'exec "$@" >/dev/null', "sh", *command]


def searcher(tool, name, case, *arguments):
    return [Contestant(name, [tool.path, *arguments], (case,), accepts=(GREP_NOTHING,))] if tool else []


def find_4g(tools, scratch):
    case, title, ours = "map-find-4g", "map --find, absent, 4 GiB resident", "mmapio map --find"
    fixture, mmapio = Dense(scratch, FOUR_GIB), tools.mmapio.path
    path = fixture.path
    return Group("4 GiB file, resident, searched for 16 bytes that are not there", fixture, [
        Contestant(ours, [mmapio, "map", "--find", ABSENT_PATTERN, path], (case,), accepts=(MMAPIO_NOTHING,)),
        *searcher(tools.grep, "grep -c -a -F", case, "-c", "-a", "-F", ABSENT_PATTERN, path),
        *searcher(tools.ripgrep, "rg --mmap", case, "--mmap", "-c", "-a", "-F", ABSENT_PATTERN, path),
    ], [
        Row(case, title, ours, 1, "≤ 1 of grep -c -a -F", "grep -c -a -F"),
        Row(case, title, ours, 1.2, "≤ 1.2 of rg --mmap", "rg --mmap"),
    ])


def dump_raw_4g(tools, scratch):
    case, title, ours, theirs = "map-raw-4g", "map --dump --raw, 4 GiB resident", "mmapio map --dump --raw", "cat"
    fixture = Dense(scratch, FOUR_GIB)
    return Group("4 GiB file, resident, its bytes to /dev/null", fixture, [
        Contestant(ours, discarding([tools.mmapio.path, "map", "--dump", "--raw", fixture.path]), (case,)),
        Contestant(theirs, discarding(["cat", fixture.path]), (case,)),
    ], [Row(case, title, ours, 1.25, "≤ 1.25 of cat (0.8 of its speed)", theirs)])


def dump_hex_1g(tools, scratch):
    case, title, ours = "map-hex-1g", "map --dump, 1 GiB resident", "mmapio map --dump"
    fixture, mmapio = Dense(scratch, GIB), tools.mmapio.path
    theirs = [Contestant("xxd", discarding([tools.xxd.path, fixture.path]), (case,), most=SLOW_RUNS)] if tools.xxd else []
    return Group("1 GiB file, resident, as hexadecimal to /dev/null", fixture, [
        Contestant(ours, discarding([mmapio, "map", "--dump", fixture.path]), (case,)),
        Contestant("mmapio map --dump --plain", discarding([mmapio, "map", "--dump", "--plain", fixture.path]), (case,)),
        *theirs,
    ], [Row(case, title, ours, 0.5, "≤ 0.5 of xxd", "xxd")])


class Hole(Fixture):
    """A huge hole and nothing else."""

    bytes = 64 << 10

    def __init__(self, scratch):
        super().__init__(scratch, "hole-1TiB")

    def ready(self):
        return os.path.exists(self.path) and os.path.getsize(self.path) == TIB

    def build(self):
        with open(self.path, "wb") as file:
            file.truncate(TIB)

    def restore(self):
        """Nothing has to be resident."""

    def resident(self):
        return pages.resident_pages(self.path, PATCH_AT // pages.PAGE * pages.PAGE, pages.PAGE)


def patch_1t(tools, scratch):
    case, title, ours = "map-patch-1t", "map --write, 16 bytes into 1 TiB of hole", "mmapio map --write"
    fixture, digits = Hole(scratch), "00112233445566778899aabbccddeeff"
    command = [tools.mmapio.path, "map", "--write", str(PATCH_AT), "--hex", digits, fixture.path]

    def written():
        with open(fixture.path, "rb") as file:
            return int.from_bytes(os.pread(file.fileno(), 16, PATCH_AT), "big")

    return Group("1 TiB sparse file, 16 bytes patched and durable", fixture, [
        Contestant(ours, command, (case,)),
    ], [Row(case, title, ours, 5e-3, "≤ 5 ms")],
        lambda: [agreement("the bytes there", lambda: int(digits, 16), written)], times_runs=SHORTEST)


def mapping_4k(tools, scratch):
    """A library's matter, so that a program of ours times both in one run."""
    case, title = "map-mapping-4k", "Mapping of 4 KiB, made and dropped"
    fixture, example = Dense(scratch, GIB), tools.guard_cost

    def clock(of):
        def read(out):
            with open(out, encoding="utf-8", errors="replace") as file:
                return pairs(file.read()).get(of, 0) / 1e9
        return read

    def timed(name, of):
        return [Contestant(name, [example], (case,), most=SHORT * 2, own_clock=clock(of))] if example else []

    return Group("4 KiB file, mapped and unmapped, by the clock of a program of our own", fixture, [
        *timed("Mapping", "mapping_ns"), *timed("memmap2", "memmap2_ns"), *timed("fault", "fault_ns"),
    ], [
        Row(case, title, "Mapping", 1.1, "≤ 1.1 of memmap2", "memmap2", figure="inside"),
        Row(case, "a fault answered by the guard", "fault", 50e-6, "≤ 50 µs", figure="inside"),
    ])
