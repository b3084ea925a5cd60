/**
 * What the operator wrote under `[plugins.NAME] settings`. Needs no grant. Never holds a secret: those are added by the bot
 * where they are needed.
 *
 * @module
 */
import * as raw from "witbot:config/config@0.1.0";
import { WitbotError } from "./error.js";

/** One value, by JSON pointer (RFC 6901), such as `/apps/api/repository`. Strings come as they are, anything else as JSON. */
export function get(pointer: string): string | undefined {
  return raw.get(pointer) ?? undefined;
}

/** One value that the plugin cannot work without. @throws `invalid`: there is none. */
export function required(pointer: string): string {
  const value = get(pointer);
  if (value === undefined) throw new WitbotError("invalid", `the setting \`${pointer.slice(1)}\` is missing`);
  return value;
}

/**
 * All settings, as `read` makes them of the parsed JSON: a function of your own, or the `parse` of a schema of such as zod.
 *
 * @throws `invalid`: `read` threw, and why.
 */
export function settings<T>(read: (settings: unknown) => T): T {
  try {
    return read(JSON.parse(raw.document()));
  } catch (cause) {
    if (cause instanceof WitbotError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new WitbotError("invalid", `the settings are not as this plugin needs: ${reason}`, { cause });
  }
}

/** A setting that is wrong, and why, for `checksSettings` of a plugin. */
export interface Wrong {
  /** The keys that lead to it, such as `["apps", "api", "repository"]`; none for all of the settings. */
  readonly at: readonly (string | number)[];
  /** Why, and what to write instead, in a sentence of at most 500 characters. */
  readonly reason: string;
}

/** Has the settings looked at, and tells the bot what is wrong. @internal */
export function check(look: (settings: unknown) => readonly Wrong[]): void {
  for (const { at, reason } of look(JSON.parse(raw.document()))) raw.reject(pointer(at), reason);
}

/** The keys as RFC 6901 writes them. @internal */
export function pointer(keys: readonly (string | number)[]): string {
  return keys.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}
