"""Says hello."""

from witbot import Event, Plugin

plugin = Plugin("Greets people.")


@plugin.command("hello [<name>]", "Says hello.", examples=["hello Ada"])
def hello(event: Event) -> None:
    event.reply(f"Hello, {event.argument('name') or event.user_name}!")
