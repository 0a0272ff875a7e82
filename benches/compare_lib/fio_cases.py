"""The same accesses, asked of `mmapio bench` and of fio, and what either says they took."""

import json
import os
import pathlib
import shlex
import signal
import subprocess
import tempfile
from dataclasses import dataclass

from .common import KIB, MIB, CannotRun

LONGEST_RUN = 300
# fio tells a time in whole milliseconds, rounded up: on average half of one too much.
FIO_ROUNDS = 0.5e-3


@dataclass(frozen=True)
class Case:
    """`bytes` of the file are read in blocks; elsewhere than in order each block at most once."""

    name: str
    pattern: str
    engine: str
    state: str
    block: int
    bytes: int

    @property
    def accesses(self):
        return self.bytes // self.block

    @property
    def strategy(self):
        return {"mmap": "mmap-copy", "psync": "pread"}[self.engine]


@dataclass(frozen=True)
class Run:
    """Seconds by the program's own clock, and on a processor; percent resident before and after; page faults."""

    seconds: float
    cpu: float
    accesses: int
    bytes: int
    before: float | None = None
    after: float | None = None
    faults: float | None = None


def cases(size):
    """What is read cold at random is less: one such access takes as long as hundreds of others."""
    few = min(size, 32 * MIB)
    made = []
    for state in ("cold", "warm"):
        made += [
            Case(f"sequential, mmap, {state}", "sequential", "mmap", state, 128 * KIB, size),
            Case(f"random 4 KiB, mmap, {state}", "random", "mmap", state, 4 * KIB, size if state == "warm" else few),
            Case(f"random 4 KiB, pread, {state}", "random", "psync", state, 4 * KIB, size if state == "warm" else few),
        ]
    return made


def told(argv, directory=None):
    """What a program writes as JSON. fio may say things before."""
    process = subprocess.Popen(argv, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
                               stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        out, errors = process.communicate(timeout=LONGEST_RUN)
    except BaseException as reason:
        # The session is ours alone, so this ends the command and nothing else.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if isinstance(reason, subprocess.TimeoutExpired):
            raise CannotRun(f"{argv[0]} took longer than {LONGEST_RUN} s") from None
        raise
    if process.returncode != 0 or "{" not in out:
        raise CannotRun(f"{os.path.basename(argv[0])}: status {process.returncode}: {errors.strip() or out.strip()}")
    return json.loads(out[out.index("{"):])


def ours(mmapio, case, path, seed):
    """One counted run, after the pilot that each bench begins with. Unmapping is left out, as fio never does it."""
    argv = [mmapio, "bench", "--strategy", case.strategy, "--pattern", case.pattern, "--state", case.state,
            "--block", str(case.block), "--bytes", str(case.bytes), "--work", "copy", "--runs", "1", "--seed", str(seed),
            "--no-restore-cache", "--quiet", "--progress", "never", "--format", "json", path]
    scenario, = told(argv)["scenarios"]
    strategy, = scenario["strategies"]
    sample, = strategy["samples"]
    return Run(sample["seconds"] - sample["teardown"], sample["user"] + sample["system"], scenario["accesses"], scenario["bytes"],
               sample["resident_before"], sample["resident_after"], sample["minor_faults"] + sample["major_faults"])


def theirs(fio, case, path, size, seed, before=None):
    """fio's run, or without `before` the same of an engine that reads nothing.

    `before` is a command that fio runs when all is ready, right before its clock starts: memory that eviction set free must not be
    others' or the host's again when it is needed, since mmapio evicts right before its runs, too. Of the same: no advice (fadvise_hint), nothing dropped on the way (invalidate), one thread that is no process,
    each block once. Either times single accesses at random and not in order (gtod_reduce).
    """
    # A colon parts file names there.
    argv = [fio, "--name=read", "--filename=" + path.replace(":", "\\:"), "--readonly", "--thread", "--output-format=json",
            f"--ioengine={case.engine if before else 'null'}", "--rw=" + {"sequential": "read", "random": "randread"}[case.pattern],
            f"--bs={case.block}", f"--size={size}", f"--io_size={case.bytes}", "--fadvise_hint=0", "--invalidate=0",
            "--allrandrepeat=0", f"--randseed={seed}", "--eta=never", "--disk_util=0"]
    if case.pattern == "sequential":
        argv.append("--gtod_reduce=1")
    if before:
        argv.append("--exec_prerun=" + shlex.join(before))
    with tempfile.TemporaryDirectory() as directory:  # fio puts what the command wrote into files there
        job, = told(argv, directory)["jobs"]
        said = [path.read_text(encoding="utf-8") for path in pathlib.Path(directory).glob("*.prerun.txt")]
    read = job["read"]
    # Shares of all of the job's time, which is in milliseconds.
    cpu = (job["usr_cpu"] + job["sys_cpu"]) / 100 * job["job_runtime"] / 1e3
    return Run(max(read["runtime"] / 1e3 - FIO_ROUNDS, FIO_ROUNDS), cpu, read["total_ios"], read["io_bytes"],
               before=share(said), faults=job["minf"] + job["majf"])


def share(said):
    """The percentage that the command before the run has seen."""
    if not said:
        return None
    try:
        return float(said[0])
    except ValueError:
        raise CannotRun(said[0].strip()) from None
