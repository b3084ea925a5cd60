"""Write witbot plugins in Python. This is a whole one, in a file `plugin.py`:

    from witbot import Event, Plugin

    plugin = Plugin("Says hello.")


    @plugin.command("hello [<name>]", "Greets somebody.", examples=["hello Ada"])
    def hello(event: Event) -> None:
        event.reply(f"Hello, {event.argument('name') or event.user_name}!")

`python -m witbot build` makes a file of it that goes into the plugins folder as it is. The modules `chat`, `ci`, `github`,
`http`, `kv` and `topics` need a grant from the operator: import those that the plugin uses, and no other is asked for.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

# The build command is in this package too, and runs where there is no bot to bind to.
if TYPE_CHECKING or find_spec("wit_world") is not None:
    from witbot.content import Audience, Button, ButtonStyle, Card, CardState, Content, Menu, Text
    from witbot.duration import Duration
    from witbot.error import Code, WitbotError
    from witbot.event import Event, Standing
    from witbot.message import Message
    from witbot.plugin import Capability, Handler, Plugin

__all__ = [
    "Audience",
    "Button",
    "ButtonStyle",
    "Capability",
    "Card",
    "CardState",
    "Code",
    "Content",
    "Duration",
    "Event",
    "Handler",
    "Menu",
    "Message",
    "Plugin",
    "Standing",
    "Text",
    "WitbotError",
]
