"""Whether somebody may have done what they asked for, by the operator's rules. Needs no grant.

The bot judges every command before its handler is called, by what was typed. Where the same can be meant by other words, such
as an alias or a default, declare the command with `asks_permission=True` and ask here, when it is known what it comes to.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from wit_world.imports import permission as raw
from witbot.error import call

NOTHING: Mapping[str, str] = MappingProxyType({})


def demand(subject: Mapping[str, str]) -> bool:
    """Returns when it may be done, and says whether somebody was asked for that: then look again at what can have changed.

    `subject` has arguments of the command, by name, as they are really meant, and what belongs to them. At most 50.

    Raises `denied` (with the rule, and who can), `timeout` (nobody said yes), `canceled`, `invalid` (more than 50 names, or
    longer than 256 bytes each, or values than 2,000).
    """
    return call(raw.demand, list(subject.items()))


def may(command: str, arguments: Mapping[str, str] = NOTHING) -> bool:
    """Whether that person may give another command of this plugin, by its id: for deciding what to offer.

    Raises `invalid` (no such command, or as above), `unavailable`.
    """
    return call(raw.may, command, list(arguments.items()))
