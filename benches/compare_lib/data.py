"""The files that are measured. Each fixture knows what it needs, whether it is there and right, how to make it, and how to
bring it into its page-cache state again before a round, as a background reclaimer may drop idle pages at any time."""

import concurrent.futures
import dataclasses
import functools
import mmap
import os
import random
import shutil
import signal

from . import pages
from .common import GIB, KIB, MIB, TIB, CannotRun, size
from .measure import State, pairs
from .tools import output_of

SEED = 20
# Names are never reused for other contents: a file of the right name and size is taken for right.
DENSE, ALTERNATING, SPARSE, FILES = "dense", "alternating", "sparse", "files"
# A reclaimer takes idle pages at any time, and a stray reader may bring some in: this share is nobody's fault.
SLACK, TRIES = 1 / 100, 4


def noise():
    """Contents no filesystem can compress or store as a hole."""
    return random.Random(SEED).randbytes(MIB)


def write_whole(path, length):
    """Under another name until complete, so that an interrupted run leaves nothing that looks right."""
    block, unfinished = noise(), path + ".unfinished"
    with open(unfinished, "wb", buffering=0) as file:
        for offset in range(0, length, MIB):
            file.write(block[:min(MIB, length - offset)])
        os.fsync(file.fileno())
    os.rename(unfinished, path)


class Fixture:
    """`bytes` and `inodes`: what making it takes on the disk. `restore` mends the state, `resident` looks at it."""

    inodes = 1

    def __init__(self, scratch, name):
        self.path = os.path.join(scratch, name)
        self.seen = []
        self.left = 0

    def stale(self):
        """True until the first settling of this run: what a former run left in the cache is of unknown folio size."""
        return not self.seen

    def settle(self):
        """Bring into state, and note how much of it there is."""
        self.restore()
        self.seen.append(self.resident())

    def close(self):
        """Note what the rounds left of the state: a reclaimer that was busy meanwhile has disturbed the figures."""
        self.left = self.resident()

    def resident(self):
        return pages.resident_pages(self.path)

    def state(self):
        low, high = min(self.seen, default=0), max(self.seen, default=0)
        before = f"{low:,}" if low == high else f"{low:,} to {high:,}"
        return f"{before} pages resident before the rounds, {self.left:,} after the last"


class Whole(Fixture):
    """A fixture that is brought wholly in or wholly out before a single run, as the run itself undoes that."""

    def cold(self):
        return State("cold", self.resident, lambda: range(self.slack() + 1), self.chill)

    def warm(self):
        """However it came there: what a former run loaded is left as it is."""
        # Asked for when the files are there, which they are not when the cases are put together.
        good = lambda: range(self.page_count - self.slack(), self.page_count + 1)  # noqa: E731
        return State("resident", self.resident, good, self.fill)

    def read_anew(self):
        """Read from disk in order, whatever the run before did: folios are large."""
        return dataclasses.replace(self.warm(), bring=self.refill)

    def slack(self):
        return int(self.page_count * SLACK)

    def chill(self):
        return self.until(self.drop, 0)

    def fill(self):
        return self.until(self.restore, self.page_count)

    def refill(self):
        self.chill()
        return self.fill()

    def until(self, act, wanted):
        """Act and look, some times over; the pages resident then, which may be about as many as wanted."""
        for _ in range(TRIES):
            act()
            self.seen.append(self.resident())
            if self.seen[-1] == wanted:
                break
        return self.seen[-1]


class Dense(Whole):
    """Wholly written, wholly resident, read from disk in order: large folios where the filesystem has them."""

    def __init__(self, scratch, length):
        super().__init__(scratch, f"{DENSE}-{size(length).replace(' ', '')}")
        self.length = self.bytes = self.content_bytes = length

    def ready(self):
        return os.path.exists(self.path) and os.path.getsize(self.path) == self.length

    def build(self):
        write_whole(self.path, self.length)

    @property
    def page_count(self):
        return self.length // pages.PAGE

    def drop(self):
        pages.evict(self.path)

    def restore(self):
        if self.stale():
            self.drop()
        for start, states in pages.resident_maps(self.path, 0, self.length):
            if states.count(0):
                pages.read_through(self.path, start, min(pages.WINDOW, self.length - start))


class Alternating(Fixture):
    """Every second page resident, in folios of one page: the worst case for halving."""

    length = bytes = 1 * GIB

    def __init__(self, scratch):
        super().__init__(scratch, f"{ALTERNATING}-{size(self.length).replace(' ', '')}")

    def ready(self):
        return os.path.exists(self.path) and os.path.getsize(self.path) == self.length

    def build(self):
        write_whole(self.path, self.length)

    def wanted(self):
        return range(0, self.length, 2 * pages.PAGE)

    def restore(self):
        if self.stale() or pages.transitions(self.path) != self.length // pages.PAGE:
            pages.evict(self.path)
            pages.load_single_pages(self.path, self.wanted())
            # The advice only starts the reading: reading them is how to wait for it.
            with pages.opened(self.path) as descriptor:
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_RANDOM)
                for offset in self.wanted():
                    os.pread(descriptor, 1, offset)


class Sparse(Fixture):
    """A huge hole with pieces of data spread over it, about the first half of each piece resident (readahead reads on a
    little)."""

    def __init__(self, scratch, length=TIB, pieces=16, piece=64 * MIB):
        super().__init__(scratch, f"{SPARSE}-{size(length).replace(' ', '')}")
        self.length, self.piece, self.bytes = length, piece, pieces * piece
        self.starts = range(0, length, length // pieces)

    def ready(self):
        if not os.path.exists(self.path):
            return False
        found = os.stat(self.path)
        return found.st_size == self.length and self.bytes <= found.st_blocks * 512 <= 2 * self.bytes

    def build(self):
        block, unfinished = noise(), self.path + ".unfinished"
        with open(unfinished, "wb", buffering=0) as file:
            file.truncate(self.length)
            for start in self.starts:
                for offset in range(start, start + self.piece, MIB):
                    os.pwrite(file.fileno(), block[:min(MIB, self.piece)], offset)
            os.fsync(file.fileno())
        os.rename(unfinished, self.path)

    def restore(self):
        if self.stale():
            pages.evict(self.path)
        half = self.piece // 2
        for start in self.starts:
            if pages.resident_pages(self.path, start, half) < half // pages.PAGE:
                pages.read_through(self.path, start, half)

    def resident(self):
        """Counted in the pieces alone: in the hole nothing was ever read, and mincore over it takes many seconds."""
        return sum(pages.resident_pages(self.path, start, self.piece) for start in self.starts)


class Files(Fixture):
    """Many small files in directories of a thousand, every second one resident."""

    PER_DIRECTORY = 1000

    def __init__(self, scratch, count, floor, sizes=(200, 32 * KIB), name=FILES):
        super().__init__(scratch, f"{name}-{count}")
        self.count, self.sizes, self.floor = count, sizes, floor
        self.bytes, self.inodes = count * max(4 * KIB, sizes[1] // 2 + 4 * KIB), count + count // self.PER_DIRECTORY + 2
        self.list = self.path + ".list"

    def ready(self):
        # The list is written last, and it is what says that the tree is complete.
        if not os.path.exists(self.list):
            return False
        return sum(1 for _ in self._names()) == self.count

    def _names(self):
        """In the order the directories give them, which is the order a walk meets them in."""
        for directory in os.scandir(self.path):
            for entry in os.scandir(directory.path):
                yield f"{directory.name}/{entry.name}"

    def build(self):
        if os.path.exists(self.path):
            shutil.rmtree(self.path)
        block, chance = noise(), random.Random(SEED)
        for number in range(self.count):
            directory = os.path.join(self.path, f"d{number // self.PER_DIRECTORY:04}")
            if number % self.PER_DIRECTORY == 0:
                os.makedirs(directory)
            with open(os.path.join(directory, f"f{number % self.PER_DIRECTORY:04}"), "wb", buffering=0) as file:
                file.write(block[:chance.randint(*self.sizes)])
        os.sync()
        with open(self.list, "w", encoding="ascii") as file:
            file.writelines(f"{name}\n" for name in self._names())

    def restore(self):
        if self.stale():
            self.spread(pages.evict)
        if self.stale() or self.resident() < 0.9 * self.seen[0]:
            self.spread(pages.read_through, step=2)

    def spread(self, act, step=1):
        """Do something to every step-th file, several at a time, as each waits for the disk."""
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for _ in pool.map(act, self.paths()[::step], chunksize=64):
                pass

    def paths(self):
        with open(self.list, encoding="ascii") as file:
            return [os.path.join(self.path, name) for name in file.read().splitlines()]

    def resident(self):
        return int(pairs(output_of(self.floor, "files", "1", self.path, self.list)).get("resident", 0))


class FilesInUse(Files):
    """Small files that processes map, each an equal share of them, while they are measured."""

    def __init__(self, scratch, count, floor, processes):
        super().__init__(scratch, count, floor, (4 * KIB, 4 * KIB), "used")
        self.processes, self.children = processes, []

    def restore(self):
        super().restore()
        if not self.children:
            paths = self.paths()
            self.children = [hold_mapped(paths[start::self.processes]) for start in range(self.processes)]

    def close(self):
        super().close()
        for child in self.children:
            os.kill(child, signal.SIGTERM)
            os.waitpid(child, 0)
        self.children = []


def hold_mapped(paths):
    """A process of its own that maps the files until it is ended; ready when this returns."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            maps = [mapped(path) for path in paths]
            os.write(writer, b"r" if maps else b"")
            signal.pause()
        finally:
            os._exit(1)
    os.close(writer)
    ready = os.read(reader, 1)
    os.close(reader)
    if not ready:
        raise CannotRun("a process could not map its files")
    return child


def mapped(path):
    with open(path, "rb") as file:
        return mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)


class WholeFiles(Files, Whole):
    """Many small files to bring in and out, all of them."""

    def __init__(self, scratch, count, floor):
        super().__init__(scratch, count, floor, sizes=(4 * KIB, 64 * KIB), name="whole-files")

    @functools.cached_property
    def sizes_there(self):
        return [os.path.getsize(path) for path in self.paths()]

    @property
    def content_bytes(self):
        return sum(self.sizes_there)

    @property
    def page_count(self):
        return sum(-(-length // pages.PAGE) for length in self.sizes_there)

    def drop(self):
        self.spread(pages.evict)

    def restore(self):
        for path in self.paths():
            if pages.resident_pages(path) * pages.PAGE < os.path.getsize(path):
                pages.read_through(path)

    def resident(self):
        """By mincore, not cachestat: what is only being read is not there yet."""
        return sum(map(pages.resident_pages, self.paths()))
