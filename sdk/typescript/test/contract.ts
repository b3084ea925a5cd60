/** A fake contract: what the SDK imports, as far as tests need it. */
export const store = new Map<string, Uint8Array>();
export const told: string[] = [];
/** Called before each `replace`, as if another run came between. */
export const between: { write?: (() => void) | undefined } = {};
export const clock = { now: 0, chance: 0, answer: "Yes" as string | Refused };

/** An error as the componentizer throws it. */
export class Refused extends Error {
  constructor(readonly payload: { code: string; message: string; retryAfterMs: number | null }) {
    super("payload");
  }
}

export const get = (key: string): Uint8Array | null => store.get(key) ?? null;
export const set = (key: string, value: Uint8Array): void => void store.set(key, value);
export const keys = (): string[] => [...store.keys()];
const remove = (key: string): void => void store.delete(key);
export { remove as delete };
export function replace(key: string, expected: Uint8Array | null, value: Uint8Array): boolean {
  between.write?.();
  const same = String(store.get(key) ?? null) === String(expected);
  if (same) store.set(key, value);
  return same;
}

export const now = (): number => clock.now;
export const random = (): number => clock.chance;
export function ask(question: string) {
  told.push(question);
  const { answer } = clock;
  if (answer instanceof Refused) throw answer;
  return { choice: () => answer, user: () => "U1" };
}

export const write = (level: string, message: string): void => void told.push(`${level} ${message}`);
export const publish = (name: string, subject: string, body: string): void => void told.push(`${name} ${subject} ${body}`);

export const Message = {
  find(id: string) {
    if (id !== "m1") throw new Refused({ code: "not-found", message: "no such message", retryAfterMs: null });
    return { id: () => id, edit: (text: string): void => void told.push(`${id} ${text}`) };
  },
};

/** A run of which the provider says everything, and one of which it says the least. */
export function open() {
  const run = (id: string, known: string | null, number: number | null) => ({
    id: () => id,
    number: () => number,
    url: () => `https://ci.example.com/${id}`,
    title: () => known ?? "",
    reference: () => known,
    commit: () => known,
    actor: () => known,
    phase: () => "running",
    createdAt: () => 1_000,
  });
  return { recent: (limit: number) => [run("r2", "main", 2), run("r1", null, null)].slice(0, limit) };
}

export class Request {
  constructor(readonly method: string, readonly url: string) {}
}
export const send = ({ url }: Request) => ({
  elapsed: () => 250,
  certificateExpires: () => (url.startsWith("https:") ? 1_000 : null),
});

export const document = (): string => "{}";
export const reject = (pointer: string, reason: string): void => void told.push(`${pointer} ${reason}`);
