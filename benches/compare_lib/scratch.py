"""The scratch directory: room for the fixtures, made once and kept between runs, removed on demand."""

import os
import shutil

from .common import GIB, CannotRun, say, size
from .environment import filesystem_of

SPARE_BYTES = 2 * GIB
SPARE_INODES = 10_000
# Pages of a filesystem that lives in memory cannot be evicted, and overlayfs counts none of its own.
UNFIT = ("tmpfs", "ramfs", "overlay")
# A directory of our own inside the one named, so that cleaning can never take anything else.
NAME = "mmapio-bench-data"


def open_scratch(parent):
    """The scratch directory, made if need be."""
    directory = os.path.join(parent, NAME)
    kind = filesystem_of(parent)[0]
    if kind in UNFIT:
        raise CannotRun(f"{parent} is on {kind}: name a directory on a disk's filesystem with --dir")
    os.makedirs(directory, exist_ok=True)
    return os.path.realpath(directory)


def prepare(fixtures, directory):
    """Make what is missing, after making sure that all of it fits."""
    # Several cases may use one file.
    missing = [fixture for fixture in {one.path: one for one in fixtures}.values() if not fixture.ready()]
    check_room(missing, directory)
    for fixture in missing:
        say(f"making {os.path.basename(fixture.path)}")
        fixture.build()


def check_room(fixtures, directory):
    there = os.statvfs(directory)
    need = sum(fixture.bytes for fixture in fixtures) + SPARE_BYTES
    free = there.f_bavail * there.f_frsize
    if fixtures and free < need:
        raise CannotRun(f"{need / GIB:.0f} GiB of disk needed in {directory} ({size(SPARE_BYTES)} of it to spare), "
                        f"{free / GIB:.0f} GiB free")
    inodes = sum(fixture.inodes for fixture in fixtures) + SPARE_INODES
    # Filesystems that make inodes as they go say they have none at all.
    if fixtures and 0 < there.f_files and there.f_favail < inodes:
        raise CannotRun(f"{inodes:,} inodes needed in {directory}, {there.f_favail:,} free")


def clean(parent):
    """Remove all fixtures."""
    directory = os.path.join(parent, NAME)
    if os.path.isdir(directory):
        shutil.rmtree(directory)
