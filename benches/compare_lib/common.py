"""What every part shares: units, the one error that ends the bench, and talk on stderr."""

import sys

KIB, MIB, GIB, TIB = 1 << 10, 1 << 20, 1 << 30, 1 << 40


class CannotRun(Exception):
    """The bench as a whole cannot go on; the text says why and what helps."""


def say(text):
    """stdout is the report; everything else goes here."""
    print(text, file=sys.stderr, flush=True)


def size(count):
    """A byte count in the largest binary unit that divides it: file sizes here are round."""
    for unit, name in ((TIB, "TiB"), (GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB")):
        if count >= unit and count % unit == 0:
            return f"{count // unit} {name}"
    return f"{count} B"


def duration(seconds):
    """Three significant digits are more than a noisy machine can back up."""
    if seconds >= 1:
        return f"{seconds:.2f} s"
    milliseconds = seconds * 1e3
    if milliseconds < 0.1:
        return f"{milliseconds * 1e3:.2f} µs"
    digits = 0 if milliseconds >= 100 else 1 if milliseconds >= 10 else 2
    return f"{milliseconds:.{digits}f} ms"


def memory(count):
    """Peak memory is small here, and a target in MiB needs a digit behind the point."""
    return f"{count / MIB:.1f} MiB"
