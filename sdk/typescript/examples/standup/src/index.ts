/** Keeps the notes of the daily stand-up, and posts them in the evening. */
import { chat, config, definePlugin, type Event, flow, kv } from "@witbot/sdk";
import { keyOf, lines, type Note, noted } from "./notes.js";

const NOTHING = "Nothing noted today.";

export default definePlugin({
  summary: "Notes of the daily stand-up.",
  commands: [
    {
      id: "show",
      usage: "standup show",
      summary: "Shows the notes of today.",
      examples: ["standup show"],
      handler: show,
    },
    {
      id: "clear",
      usage: "standup clear",
      summary: "Clears the notes of today.",
      examples: ["standup clear"],
      handler: clear,
    },
    {
      id: "note",
      usage: "standup <text:text>",
      summary: "Notes what you are working on.",
      examples: ["standup reviewing the release"],
      handler: note,
    },
  ],
  schedules: [
    {
      id: "summary",
      when: "0 17 * * mon-fri",
      summary: "Posts the notes of the day.",
      handler: post,
    },
  ],
  settings: { channel: { summary: "Where the summary is posted.", required: true } },
  wants: {
    kv: "Keeps the notes of the day.",
    chat: "Posts the summary.",
    schedules: "Posts the summary at the end of the day.",
  },
});

function note(event: Event): void {
  const mine = { user: event.user ?? "", name: event.userName, text: event.required("text") };
  kv.update<Note[]>(today(), (notes = []) => noted(notes, mine));
  event.reply("Noted.");
}

function show(event: Event): void {
  const notes = notesOf(today());
  event.reply(notes.length > 0 ? lines(notes) : NOTHING);
}

function clear(event: Event): void {
  const day = today();
  const { length } = notesOf(day);
  if (length === 0) {
    event.reply(NOTHING);
    return;
  }
  const sure = flow.confirm(`Clear ${length} ${length === 1 ? "note" : "notes"} of today?`);
  if (sure) kv.delete(day);
  event.reply(sure ? "Cleared." : "Kept.");
}

function post(): void {
  const notes = notesOf(today());
  if (notes.length > 0) chat.post(config.required("/channel"), lines(notes));
}

function today(): string {
  return keyOf(flow.now());
}

function notesOf(day: string): Note[] {
  return kv.get<Note[]>(day) ?? [];
}
