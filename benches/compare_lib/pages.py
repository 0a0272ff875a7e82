"""Page-cache state seen and made without the code under test: mincore(2) through ctypes, fadvise and reads."""

import contextlib
import ctypes
import mmap
import os

from .common import MIB

PAGE = mmap.PAGESIZE
WINDOW = 256 * MIB
PROT_NONE, MAP_SHARED = 0, 1
# The same number on every architecture.
CACHESTAT = 451
MAP_FAILED = ctypes.c_void_p(-1).value
# Only the lowest bit of mincore's bytes is defined.
LOWEST_BIT = bytes(value & 1 for value in range(256))

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_int64]
_libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
_libc.mincore.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p]


@contextlib.contextmanager
def opened(path, flags=os.O_RDONLY):
    """A descriptor for the length of a `with`."""
    descriptor = os.open(path, flags | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _failed(call):
    number = ctypes.get_errno()
    return OSError(number, f"{call}: {os.strerror(number)}")


def _window_map(descriptor, offset, length):
    address = _libc.mmap(None, length, PROT_NONE, MAP_SHARED, descriptor, offset)
    if address == MAP_FAILED:
        raise _failed("mmap")
    try:
        vector = ctypes.create_string_buffer(-(-length // PAGE))
        if _libc.mincore(address, length, vector) != 0:
            raise _failed("mincore")
        return vector.raw.translate(LOWEST_BIT)
    finally:
        _libc.munmap(address, length)


def resident_maps(path, offset, length):
    """(offset, one byte a page: 1 resident, 0 not) for each window of the extent."""
    with opened(path) as descriptor:
        for start in range(offset, offset + length, WINDOW):
            yield start, _window_map(descriptor, start, min(WINDOW, offset + length - start))


def resident_pages(path, offset=0, length=None):
    """How many pages of the extent are resident (default: of the whole file)."""
    length = os.path.getsize(path) - offset if length is None else length
    return sum(states.count(1) for _, states in resident_maps(path, offset, length))


def dirty_pages(path):
    """How many pages wait to be written or are being written, by cachestat: mincore does not tell."""
    whole, counts = (ctypes.c_uint64 * 2)(0, 0), (ctypes.c_uint64 * 5)()
    with opened(path) as descriptor:
        if _libc.syscall(CACHESTAT, descriptor, whole, counts, 0) != 0:
            raise _failed("cachestat")
    return counts[1] + counts[2]


def transitions(path):
    """How many runs of equal state the file has."""
    states = b"".join(states for _, states in resident_maps(path, 0, os.path.getsize(path)))
    return 1 + sum(states.count(pair) for pair in (b"\0\1", b"\1\0")) if states else 0


def evict(path):
    """Drop the file's pages. Dirty ones would stay, so they are written first."""
    with opened(path) as descriptor:
        os.fdatasync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)


def read_through(path, offset=0, length=None):
    """Read in order: the readahead this starts is what makes large folios."""
    length = os.path.getsize(path) - offset if length is None else length
    buffer = memoryview(bytearray(MIB))
    with opened(path) as descriptor:
        while length > 0:
            got = os.preadv(descriptor, [buffer[:min(MIB, length)]], offset)
            if got == 0:
                return
            offset, length = offset + got, length - got


def load_single_pages(path, offsets):
    """Bring in the pages at these offsets and no others, in folios of one page each.

    One advice a page instead of one read a page: the disk then gets many requests at a time, and nothing waits.
    """
    with opened(path) as descriptor:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_RANDOM)
        for offset in offsets:
            os.posix_fadvise(descriptor, offset, PAGE, os.POSIX_FADV_WILLNEED)
