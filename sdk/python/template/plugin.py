"""Greets people."""

from witbot import Event, Plugin, config

plugin = Plugin("Greets people.", settings={"greeting": "The first word, `Hello` unless set."})


@plugin.command("{{name}} [<who>]", "Greets somebody, or else you.", examples=["{{name}} Ada"])
def greet(event: Event) -> None:
    greeting = config.get("/greeting") or "Hello"
    who = event.argument("who") or event.user_name
    event.reply(f"{greeting}, {who}!")
