"""The programs compared: where they are, what version they are, and the C floor made on the spot."""

import os
import pathlib
import re
import shutil
import subprocess
from dataclasses import dataclass, field

from .common import CannotRun

ROOT = pathlib.Path(__file__).resolve().parents[2]
FLOOR_SOURCE = ROOT / "benches" / "floor.c"
# The first util-linux whose fincore asks cachestat(2) instead of mincore(2).
CACHESTAT_FINCORE = (2, 40)


@dataclass(frozen=True)
class Tool:
    name: str
    path: str
    version: tuple = ()
    recursive: bool = False

    @property
    def asks_cachestat(self):
        return self.version >= CACHESTAT_FINCORE


@dataclass
class Tools:
    mmapio: Tool
    floor: str
    probe_runs: str | None
    vmtouch: Tool | None = None
    fio: Tool | None = None
    fincores: list = field(default_factory=list)
    grep: Tool | None = None
    ripgrep: Tool | None = None
    xxd: Tool | None = None
    guard_cost: str | None = None

    def versions(self):
        """One line a tool, for the head of the report."""
        lines = [self.mmapio.name]
        lines.append(self.vmtouch.name if self.vmtouch else "vmtouch: not installed (Debian package vmtouch)")
        lines.append(self.fio.name if self.fio else "fio: not installed (Debian package fio)")
        lines.append(f"cat, sync: coreutils {dotted(version_in(output_of('cat', '--version')))}")
        lines += [tool.name for tool in (self.grep, self.ripgrep, self.xxd) if tool]
        lines += [f"{tool.name} ({'cachestat' if tool.asks_cachestat else 'mincore'})" for tool in self.fincores]
        if not any(tool.asks_cachestat for tool in self.fincores):
            lines.append("no fincore of util-linux ≥ 2.40 on PATH; `floor stat` is the same one cachestat call in C")
        return lines


def output_of(*command):
    """Both streams of a short command: tools differ in where they put a version or a usage text."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                              stdin=subprocess.DEVNULL, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as reason:
        return f"{command[0]}: {reason}"
    return done.stdout


def version_in(text):
    found = re.search(r"\d+(?:\.\d+)+", text)
    return tuple(int(part) for part in found.group().split(".")) if found else ()


def dotted(version):
    return ".".join(map(str, version)) or "of unknown version"


def find_mmapio(path):
    if not os.access(path, os.X_OK):
        raise CannotRun(f"no mmapio at {path}: build it (cargo build --release, or make bench) or say --mmapio PATH")
    return Tool(f"mmapio {dotted(version_in(output_of(path, '--version')))}", os.path.abspath(path))


def find_simple(name, *version):
    """A tool that tells its version when asked for it."""
    path = shutil.which(name)
    return Tool(f"{name} {dotted(version_in(output_of(path, *version)))}", path) if path else None


def find_vmtouch():
    path = shutil.which("vmtouch")
    if path is None:
        return None
    return Tool(f"vmtouch {dotted(version_in(output_of(path, '-h')))}", path)


def find_fincores():
    """Every different fincore on PATH, oldest first: a newer one beside the system's is compared, too."""
    found = {}
    for directory in os.get_exec_path():
        path = os.path.join(directory, "fincore")
        if os.access(path, os.X_OK):
            found.setdefault(os.path.realpath(path), path)
    return sorted((describe_fincore(path) for path in found.values()), key=lambda tool: tool.version)


def describe_fincore(path):
    version = version_in(output_of(path, "--version"))
    return Tool(f"fincore {dotted(version)}", path, version, "--recursive" in output_of(path, "--help"))


def build_floor(directory):
    """Compile floor.c into the scratch directory: always anew, as it takes a moment and is then never stale."""
    compiler = os.environ.get("CC", "cc")
    if shutil.which(compiler) is None:
        raise CannotRun(f"no C compiler ({compiler}): the floor and the stopwatch are C programs")
    binary = os.path.join(directory, "floor")
    log = output_of(compiler, "-O2", "-Wall", "-Wextra", "-pthread", "-o", binary, str(FLOOR_SOURCE))
    if not os.access(binary, os.X_OK):
        raise CannotRun(f"floor.c did not compile:\n{log}")
    return binary


def find_example(mmapio, name):
    """An example is built beside the command, so it is looked for there."""
    path = os.path.join(os.path.dirname(mmapio), "examples", name)
    return path if os.access(path, os.X_OK) else None


def find_all(mmapio_path, scratch):
    mmapio = find_mmapio(mmapio_path)
    return Tools(mmapio, build_floor(scratch), find_example(mmapio.path, "probe_runs"), find_vmtouch(),
                 find_simple("fio", "--version"), find_fincores(), find_simple("grep", "--version"),
                 find_simple("rg", "--version"), find_simple("xxd", "--version"), find_example(mmapio.path, "guard_cost"))
