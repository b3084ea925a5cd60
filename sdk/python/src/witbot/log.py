"""Lines in the bot's log, for the operator. Needs no grant. At most 64 KiB a run: more is counted and dropped. A line is not
written again when a run is resumed. What `print` prints is written as by `info`."""

from __future__ import annotations

from wit_world.imports import log as raw


def trace(message: str) -> None:
    """Every step."""
    raw.write(raw.Level.TRACE, message)


def debug(message: str) -> None:
    """What helps to find a mistake."""
    raw.write(raw.Level.DEBUG, message)


def info(message: str) -> None:
    """What went as it should."""
    raw.write(raw.Level.INFO, message)


def warn(message: str) -> None:
    """What somebody should look at some day."""
    raw.write(raw.Level.WARN, message)


def error(message: str) -> None:
    """What did not work."""
    raw.write(raw.Level.ERROR, message)
