"""Messages that the plugin wrote."""

from __future__ import annotations

from wit_world.imports import messages as raw
from witbot.content import Content, raw_content
from witbot.error import call


class Message:
    """A message of ours. It is sent in order with all others of its channel, soon after it was written.

    What is done with it counts as a message of the run, of which there can be 50. Everything can raise `rate-limited` (too
    many in this run) and `invalid` (longer than 16 KiB, empty, or otherwise not to be said); a content that notifies
    everybody can also be `denied`.
    """

    def __init__(self, message: raw.Message) -> None:
        self._raw = message

    @classmethod
    def find(cls, id: str) -> Message:
        """A message that this plugin has written in an earlier run, by its id, so that it can be changed as things develop. The
        bot knows it for 35 days from the end of that run.

        Raises `not-found` (no such message, or another plugin's), `denied` (posted where it may not write any more),
        `unavailable`.
        """
        return cls(call(raw.Message.find, id))

    @property
    def id(self) -> str:
        """Our own id of the message, the same when the run is resumed."""
        return self._raw.id()

    def edit(self, content: Content) -> None:
        """Changes what it says. Nobody is notified. Edits that follow each other quickly are put together: the last one
        wins."""
        if isinstance(content, str):
            call(self._raw.edit, content)
        else:
            call(self._raw.edit_with, raw_content(content))

    def reply(self, content: Content) -> Message:
        """Writes below this message, in its thread."""
        if isinstance(content, str):
            return Message(call(self._raw.reply, content))
        return Message(call(self._raw.reply_with, raw_content(content)))

    def delete(self) -> None:
        """Takes it away, for everybody."""
        call(self._raw.delete)

    def react(self, emoji: str) -> None:
        """Puts an emoji to it, by its name without colons, such as `white_check_mark`. The same one twice is one."""
        call(self._raw.react, emoji)
