"""Lengths of time, and times."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from witbot.error import WitbotError

Duration: TypeAlias = timedelta | str
"""A length of time, or how people write it, such as `90s`, `15m`, `2h` or `30d`."""

UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def milliseconds(duration: Duration) -> int:
    """A length of time as the contract counts it."""
    if isinstance(duration, timedelta):
        found = duration // timedelta(milliseconds=1)
    elif written := re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", duration):
        found = round(float(written[1]) * UNITS[written[2]])
    else:
        found = -1
    if 0 <= found < 2**64:
        return found
    raise WitbotError("invalid", f"`{duration}` is not a length of time: write a timedelta, or such as `90s` or `2h`")


def timestamp(milliseconds: int) -> datetime:
    """A time that the contract gives, in UTC."""
    return datetime.fromtimestamp(milliseconds / 1_000, UTC)
