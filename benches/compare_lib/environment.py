"""What the figures depend on besides the programs: it goes on top of every report."""

import os
import platform
import time


def first_line(path, default="unknown"):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.readline().strip()
    except OSError:
        return default


def field_of(path, key):
    """The value of the first `key : value` line."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            values = (line.split(":", 1)[1].strip() for line in file if line.startswith(key))
            return next(values, "unknown")
    except OSError:
        return "unknown"


def filesystem_of(directory):
    """(type, mount options, device number) of the mount that holds the directory."""
    where, best = os.path.realpath(directory), ("", ("unknown", "", ""))
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as file:
        for line in file:
            before, after = line.split(" - ", 1)
            _, _, device, _, mount_point, options = before.split()[:6]
            inside = where == mount_point or where.startswith(mount_point.rstrip("/") + "/")
            # The last of equal ones lies on top of the others.
            if inside and len(mount_point) >= len(best[0]):
                best = (mount_point, (after.split()[0], options, device))
    return best[1]


def storage_of(device):
    """What the block layer says of the device, by its number; a partition has the queue of its disk."""
    block = os.path.realpath(f"/sys/dev/block/{device}")
    disk = block if os.path.isdir(f"{block}/queue") else os.path.dirname(block)
    settings = ("read_ahead_kb", "max_sectors_kb", "rotational", "scheduler")
    told = ", ".join(f"{name} {first_line(f'{disk}/queue/{name}')}" for name in settings)
    return f"storage: {os.path.basename(block)}, {told}"


def gibibytes(key):
    return f"{int(field_of('/proc/meminfo', key).split()[0]) / (1 << 20):.1f} GiB"


def load():
    return " ".join(f"{value:.1f}" for value in os.getloadavg())


def environment(directory):
    """Lines without paths or host names: a report may be published."""
    kind, options, device = filesystem_of(directory)
    readahead = first_line(f"/sys/class/bdi/{device}/read_ahead_kb")
    huge = first_line("/sys/kernel/mm/transparent_hugepage/enabled")
    return [
        f"date: {time.strftime('%Y-%m-%d %H:%M %z')}",
        f"kernel: {platform.system()} {platform.release()} {platform.machine()}, "
        f"page size {os.sysconf('SC_PAGE_SIZE')}, transparent huge pages {huge}",
        f"CPU: {os.cpu_count()} × {field_of('/proc/cpuinfo', 'model name')}",
        f"memory: {gibibytes('MemTotal')}, {gibibytes('MemAvailable')} available at the start",
        f"filesystem: {kind} ({options}), readahead {readahead} KiB",
        storage_of(device),
    ]
