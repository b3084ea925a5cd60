"""What a plugin remembers from one call to the next. Survives restarts, and new versions of the plugin.

Grant: `kv = [{ max_bytes = 1048576 }]`. A key has 1 to 256 bytes, a value at most 64 KiB. Values are kept as JSON. Everything
can raise `denied`, `invalid` (a key or value of a wrong size) and `unavailable`; what writes, `conflict` (the space is full).

    from witbot import kv

    count = kv.update("count", lambda count: (count or 0) + 1)
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from wit_world.imports import kv as raw
from witbot.error import WitbotError, call

T = TypeVar("T")

# How often `update` begins again: runs of one plugin that write one key at the same time are few.
TRIES_MAX = 10


class _Raw(Protocol):
    """What the plugin's own space and shared ones have in common."""

    def get(self, key: str, /) -> bytes | None: ...
    def set(self, key: str, value: bytes, /) -> None: ...
    def replace(self, key: str, expected: bytes | None, value: bytes, /) -> bool: ...
    def delete(self, key: str, /) -> None: ...
    def keys(self, prefix: str, after: str | None, limit: int, /) -> list[str]: ...


class Space:
    """A space of keys and values."""

    def __init__(self, space: _Raw) -> None:
        self._raw = space

    def get(self, key: str) -> Any:
        """The value of a key. None when there is no such key. What it is of is for you to know."""
        return _read(key, self.get_bytes(key))

    def set(self, key: str, value: object) -> None:
        """Sets a key."""
        self.set_bytes(key, _written(value))

    def replace(self, key: str, expected: object, value: object) -> bool:
        """Sets a key if its value is what is `expected` (None: there is no such key), and says whether it was. Values are the
        same when they are written the same, so keep the keys of dicts in one order."""
        return self.replace_bytes(key, None if expected is None else _written(expected), _written(value))

    def update(self, key: str, change: Callable[[Any], T]) -> T:
        """Changes the value of a key (None: there is no such key), and returns the new one. Nothing that other runs write
        meanwhile is lost: `change` is then called again, with what they wrote.

        Raises `conflict`: others wrote the key all the time, or the space is full.
        """
        for _ in range(TRIES_MAX):
            before = self.get_bytes(key)
            value = change(_read(key, before))
            if self.replace_bytes(key, before, _written(value)):
                return value
        raise WitbotError("conflict", f"too many are writing `{key}` at once; try again later")

    def delete(self, key: str) -> None:
        """Removes a key, if it is there."""
        call(self._raw.delete, key)

    def keys(self, prefix: str = "", *, after: str | None = None, limit: int = 1_000) -> list[str]:
        """The keys that begin with `prefix` and come after the key `after`, in order of their bytes, at most `limit`
        (1 to 1,000)."""
        return call(self._raw.keys, prefix, after, min(max(limit, 1), 1_000))

    def get_bytes(self, key: str) -> bytes | None:
        """The value of a key, whatever it is."""
        return call(self._raw.get, key)

    def set_bytes(self, key: str, value: bytes) -> None:
        """Sets a key to any value."""
        call(self._raw.set, key, value)

    def replace_bytes(self, key: str, expected: bytes | None, value: bytes) -> bool:
        """As `replace`, with any values."""
        return call(self._raw.replace, key, expected, value)


def namespace(name: str) -> Space:
    """A space that all plugins share which are granted it by its name: lower-case letters, digits and hyphens, at most 40,
    beginning with a letter.

    Grant: `kv = [{ namespace = "team" }]` to read it, `kv = [{ namespace = "team", write = true }]` to change it.

    Raises `denied`, `invalid` (not such a name).
    """
    return Space(call(raw.Namespace.open, name))


def _written(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _read(key: str, kept: bytes | None) -> Any:
    if kept is None:
        return None
    try:
        return json.loads(kept)
    except ValueError:
        raise WitbotError("invalid", f"what is kept under `{key}` is not JSON") from None


# The plugin's own space, whose functions are those of this module.
_own = Space(raw)
get = _own.get
set = _own.set
replace = _own.replace
update = _own.update
delete = _own.delete
keys = _own.keys
get_bytes = _own.get_bytes
set_bytes = _own.set_bytes
replace_bytes = _own.replace_bytes
