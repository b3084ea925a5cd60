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
export const document = (): string => "{}";
export const reject = (pointer: string, reason: string): void => void told.push(`${pointer} ${reason}`);
