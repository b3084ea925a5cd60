/** The notes of one day, in the order in which people noted something first. */
export type Note = { readonly user: string; readonly name: string; readonly text: string };

/** The notes with one more. A second note by the same person replaces the first, in its place. */
export function noted(notes: readonly Note[], note: Note): Note[] {
  const place = notes.findIndex(({ user }) => user === note.user);
  return place < 0 ? [...notes, note] : notes.with(place, note);
}

/** One line for each person. */
export function lines(notes: readonly Note[]): string {
  return notes.map(({ name, text }) => `${name}: ${text}`).join("\n");
}

/** The key of a day, in UTC. */
export function keyOf(time: Date): string {
  return `day/${time.toISOString().slice(0, 10)}`;
}
