"""The notes of one day, in the order in which people noted something first."""

from datetime import datetime
from typing import TypedDict


class Note(TypedDict):
    user: str
    name: str
    text: str


def noted(notes: list[Note], mine: Note) -> list[Note]:
    """The notes with one more. A second note by the same person replaces the first, in its place."""
    if any(note["user"] == mine["user"] for note in notes):
        return [mine if note["user"] == mine["user"] else note for note in notes]
    return [*notes, mine]


def lines(notes: list[Note]) -> str:
    """One line for each person."""
    return "\n".join(f"{note['name']}: {note['text']}" for note in notes)


def key_of(time: datetime) -> str:
    """The key of a day, in UTC."""
    return f"day/{time:%Y-%m-%d}"
