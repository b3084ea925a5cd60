/**
 * What a plugin remembers from one call to the next, as JSON. Each plugin has a space of its own; it survives restarts, and
 * new versions of the plugin. Plugins can also share spaces: see {@link namespace}.
 *
 * Grant: `kv = [{ max_bytes = 1048576 }]`. A key has 1 to 256 bytes, a value at most 64 KiB. Everything can throw `denied`,
 * `invalid` (a key or value of a wrong size, or a value that is not JSON) and `unavailable`, and what writes `conflict`
 * (the space is full).
 *
 * ```ts
 * import { kv } from "@witbot/sdk";
 *
 * const count = kv.update<number>("count", (count = 0) => count + 1);
 * ```
 *
 * @module
 */
import * as raw from "witbot:kv/kv@0.1.0";
import { call, WitbotError } from "./error.js";
import { fromUtf8, toUtf8 } from "./utf8.js";

/** Whatever can be written as JSON. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };

/** How often {@link Space.update} begins again: runs of one plugin that write one key at the same time are few. */
const TRIES_MAX = 10;

/** A space of keys and values. */
export class Space {
  readonly #raw: Pick<typeof raw, "get" | "set" | "replace" | "delete" | "keys">;

  /** @internal */
  constructor(space: Pick<typeof raw, "get" | "set" | "replace" | "delete" | "keys">) {
    this.#raw = space;
  }

  /** The value of a key. `undefined` when there is no such key. What it is of is for you to know. */
  get<T extends Json>(key: string): T | undefined {
    return read(key, this.getBytes(key));
  }

  /** Sets a key. */
  set(key: string, value: Json): void {
    this.setBytes(key, written(value));
  }

  /**
   * Sets a key if its value is what is `expected` (`undefined`: there is no such key), and says whether it was. Values are
   * the same when they are written the same, so keep the fields of objects in one order.
   */
  replace(key: string, expected: Json | undefined, value: Json): boolean {
    return this.replaceBytes(key, expected === undefined ? undefined : written(expected), written(value));
  }

  /**
   * Changes the value of a key, and returns the new one. Nothing that other runs write meanwhile is lost: `change` is then
   * called again, with what they wrote.
   *
   * @throws `conflict`: others wrote the key all the time, or the space is full.
   */
  update<T extends Json>(key: string, change: (value: T | undefined) => T): T {
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const before = this.getBytes(key);
      const value = change(read(key, before));
      if (this.replaceBytes(key, before, written(value))) return value;
    }
    throw new WitbotError("conflict", `too many are writing \`${key}\` at once; try again later`);
  }

  /** Removes a key, if it is there. */
  delete(key: string): void {
    call(() => this.#raw.delete(key));
  }

  /** The keys that begin with `prefix` and come after the key `after`, in order of their bytes, at most `limit` (1 to 1,000). */
  keys(prefix = "", { after, limit = 1_000 }: { after?: string; limit?: number } = {}): string[] {
    return call(() => this.#raw.keys(prefix, after ?? null, Math.min(limit, 1_000)));
  }

  /** The value of a key, whatever it is. */
  getBytes(key: string): Uint8Array | undefined {
    return call(() => this.#raw.get(key)) ?? undefined;
  }

  /** Sets a key to any value. */
  setBytes(key: string, value: Uint8Array): void {
    call(() => this.#raw.set(key, value));
  }

  /** As {@link replace}, with any values. */
  replaceBytes(key: string, expected: Uint8Array | undefined, value: Uint8Array): boolean {
    return call(() => this.#raw.replace(key, expected ?? null, value));
  }
}

const own = new Space(raw);

/**
 * A space that all plugins share which are granted it by its name: lower-case letters, digits and hyphens, at most 40,
 * beginning with a letter.
 *
 * Grant: `kv = [{ namespace = "team" }]` to read it, `kv = [{ namespace = "team", write = true }]` to change it.
 *
 * @throws `denied`, `invalid` (not such a name).
 */
export function namespace(name: string): Space {
  return new Space(call(() => raw.Namespace.open(name)));
}

/** See {@link Space.get}. */
export const get: Space["get"] = (key) => own.get(key);
/** See {@link Space.set}. */
export const set: Space["set"] = (key, value) => own.set(key, value);
/** See {@link Space.replace}. */
export const replace: Space["replace"] = (key, expected, value) => own.replace(key, expected, value);
/** See {@link Space.update}. */
export const update: Space["update"] = (key, change) => own.update(key, change);
/** See {@link Space.keys}. */
export const keys: Space["keys"] = (prefix, options) => own.keys(prefix, options);
const remove: Space["delete"] = (key) => own.delete(key);
export { remove as delete };

function written(value: Json): Uint8Array {
  return toUtf8(JSON.stringify(value));
}

function read<T extends Json>(key: string, bytes: Uint8Array | undefined): T | undefined {
  if (bytes === undefined) return undefined;
  try {
    return JSON.parse(fromUtf8(bytes)) as T;
  } catch (cause) {
    throw new WitbotError("invalid", `what is kept under \`${key}\` is not JSON`, { cause });
  }
}
