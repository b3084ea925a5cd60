"""Gives what Python has of its own the meaning that it has in a plugin, before any other module is loaded.

Time and chance are those of the run, so that they are the same when it is resumed. What is printed goes to the log. Files and
modules cannot be opened once the plugin is built; what tries it is told so, where it would otherwise just end.
"""

from __future__ import annotations

import datetime
import gc
import io
import os
import sys
import time
import weakref
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

from wit_world.imports import flow, log
from witbot.error import call

_running = False


def begin() -> None:
    """A handler begins: nothing can be loaded or printed as when the plugin was built."""
    global _running
    _running = True
    sys.meta_path[:] = [finder for finder in sys.meta_path if finder is not PathFinder] + [_Unloadable()]
    sys.addaudithook(_refuse_files)
    sys.stdout = sys.stderr = _Log()
    if random := sys.modules.get("random"):
        # Its seed would be that of the build, in every run.
        random.seed(flow.random())


def settle() -> None:
    """Everything is loaded, and the memory is kept as it is now: each call begins with it."""
    # The bindings have a finalizer for each thing of the bot, and the first of all loads a module.
    weakref.finalize(gc, gc.collect).detach()
    # A collection would look at each object, and so copy nearly all of the memory, in every call.
    gc.collect()
    gc.freeze()


def _now() -> int:
    if not _running:
        raise RuntimeError("there is no time while files are loaded: ask for it in a handler")
    return flow.now()


def _urandom(size: int, /) -> bytes:
    if not _running:
        raise RuntimeError("there is no chance while files are loaded: ask for it in a handler")
    numbers = (flow.random().to_bytes(8, "little") for _ in range(0, size, 8))
    return b"".join(numbers)[:size]


class _DateTime(datetime.datetime):
    """A `datetime.datetime` that has the time of the run."""

    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> _DateTime:
        return cls.fromtimestamp(_now() / 1_000, tz)

    @classmethod
    def utcnow(cls) -> _DateTime:
        return cls.now(datetime.UTC).replace(tzinfo=None)


class _Log(io.TextIOBase):
    """Writes whole lines to the log."""

    def __init__(self) -> None:
        self._line = ""

    def write(self, text: str, /) -> int:
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            log.write(log.Level.INFO, line)
        return len(text)

    def flush(self) -> None:
        if self._line:
            log.write(log.Level.INFO, self._line)
            self._line = ""


class _Unloadable:
    """Says that a module cannot be loaded any more."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        raise ModuleNotFoundError(f"`{name}` is not in the plugin: import it at the top of a file", name=name)


def _refuse_files(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open":
        raise PermissionError(f"a plugin has no files: {arguments[0]!r} cannot be opened")


_gmtime, _localtime = time.gmtime, time.localtime
time.time = time.monotonic = time.perf_counter = lambda: _now() / 1_000
time.time_ns = time.monotonic_ns = time.perf_counter_ns = lambda: _now() * 1_000_000
time.gmtime = lambda seconds=None, /: _gmtime(time.time() if seconds is None else seconds)
time.localtime = lambda seconds=None, /: _localtime(time.time() if seconds is None else seconds)
time.sleep = lambda seconds, /: call(flow.sleep, int(float(seconds) * 1_000))
datetime.datetime = _DateTime  # type: ignore[misc]
_DateTime.__name__ = _DateTime.__qualname__ = "datetime"
_DateTime.__module__ = "datetime"
os.urandom = _urandom
