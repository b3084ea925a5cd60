"""Saying something where nobody asked. Answering an event needs no grant: see `Event.reply`.

    from witbot import chat

    chat.post("deploys", "api is in staging.")
"""

from __future__ import annotations

from wit_world.imports import chat as raw
from witbot.content import Content, raw_content
from witbot.error import call
from witbot.message import Message


def post(channel: str, content: Content) -> Message:
    """Writes in a channel, named as people name it (`deploys`, with or without `#`) or by id.

    Grant: `chat = [{ channel = "deploys" }]`.

    Raises `denied`, `not-found` (there is no such channel), `invalid` (longer than 16 KiB, empty, or otherwise not to be
    said), `rate-limited`, `unavailable`.
    """
    if isinstance(content, str):
        return Message(call(raw.post, channel, content))
    return Message(call(raw.post_with, channel, raw_content(content)))


def direct(user: str, content: Content) -> Message:
    """Writes to one person alone, by id, in the conversation that they have with the bot.

    Grant: `chat = [{ direct = true }]`.

    Raises as `post`; `not-found`: there is no such person.
    """
    return Message(call(raw.direct, user, raw_content(content)))
