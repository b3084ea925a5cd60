"""What the operator wrote under `[plugins.NAME] settings`. Needs no grant. Never holds a secret: those are added by the bot
where they are needed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from wit_world.imports import config as raw
from witbot.error import WitbotError

T = TypeVar("T")


def get(pointer: str) -> str | None:
    """One value, by JSON pointer (RFC 6901), such as `/apps/api/repository`. Strings come as they are, anything else as
    JSON."""
    return raw.get(pointer)


def required(pointer: str) -> str:
    """One value that the plugin cannot work without. Raises `invalid`: there is none."""
    value = get(pointer)
    if value is None:
        raise WitbotError("invalid", f"the setting `{pointer.removeprefix('/')}` is missing")
    return value


def settings(read: Callable[[dict[str, Any]], T]) -> T:
    """All settings, as `read` makes them of the parsed JSON: a function of your own, that raises when they are wrong.

    Raises `invalid`: `read` raised a `LookupError`, `TypeError` or `ValueError`, and why.
    """
    try:
        return read(json.loads(raw.document()))
    except (LookupError, TypeError, ValueError) as why:
        reason = f"{type(why).__name__}: {why}"
        raise WitbotError("invalid", f"the settings are not as this plugin needs: {reason}") from why


@dataclass(frozen=True)
class Wrong:
    """A setting that is wrong, and why, for `Plugin.checks_settings`."""

    at: Sequence[str | int]
    """The keys that lead to it, such as `["apps", "api", "repository"]`; none for all of the settings."""
    reason: str
    """Why, and what to write instead, in a sentence of at most 500 characters."""


def check(look: Callable[[dict[str, Any]], Iterable[Wrong]]) -> None:
    """Has the settings looked at, and tells the bot what is wrong."""
    for wrong in look(json.loads(raw.document())):
        raw.reject(pointer(wrong.at), wrong.reason)


def pointer(keys: Iterable[str | int]) -> str:
    """The keys as RFC 6901 writes them."""
    return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in keys)
