"""Keeps the notes of the daily stand-up, and posts them in the evening."""

from notes import Note, key_of, lines, noted

from witbot import Event, Plugin, chat, config, flow, kv

NOTHING = "Nothing noted today."

plugin = Plugin(
    "Notes of the daily stand-up.",
    required_settings={"channel": "Where the summary is posted."},
    wants={
        "kv": "Keeps the notes of the day.",
        "chat": "Posts the summary.",
        "schedules": "Posts the summary at the end of the day.",
    },
)


@plugin.command("standup show", "Shows the notes of today.", id="show", examples=["standup show"])
def show(event: Event) -> None:
    notes = notes_of(today())
    event.reply(lines(notes) if notes else NOTHING)


@plugin.command("standup clear", "Clears the notes of today.", id="clear", examples=["standup clear"])
def clear(event: Event) -> None:
    day = today()
    count = len(notes_of(day))
    if not count:
        event.reply(NOTHING)
        return
    sure = flow.confirm(f"Clear {count} {'note' if count == 1 else 'notes'} of today?")
    if sure:
        kv.delete(day)
    event.reply("Cleared." if sure else "Kept.")


@plugin.command(
    "standup <text:text>",
    "Notes what you are working on.",
    id="note",
    examples=["standup reviewing the release"],
)
def note(event: Event) -> None:
    mine = Note(user=event.user or "", name=event.user_name, text=event.required("text"))
    kv.update(today(), lambda notes: noted(notes or [], mine))
    event.reply("Noted.")


@plugin.schedule("summary", "0 17 * * mon-fri", "Posts the notes of the day.")
def summary(_: Event) -> None:
    notes = notes_of(today())
    if notes:
        chat.post(config.required("/channel"), lines(notes))


def today() -> str:
    return key_of(flow.now())


def notes_of(day: str) -> list[Note]:
    notes: list[Note] | None = kv.get(day)
    return notes or []
