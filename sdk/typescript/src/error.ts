import type { Error as Refusal } from "witbot:types/types@0.1.0";

/**
 * What kind of refusal a {@link WitbotError} is. Later versions of the bot may know more.
 *
 * - `denied`: the operator's grants do not cover it. The message has the line that would.
 * - `not-found`: there is no such thing, or the bot's credentials cannot see it.
 * - `invalid`: the arguments are not acceptable. Trying again does not help.
 * - `conflict`: it clashes with the present state, such as a merge conflict or a failed check.
 * - `rate-limited`: too much at once.
 * - `timeout`: what was waited for did not happen in time.
 * - `unavailable`: the service could not be reached, or failed.
 * - `in-doubt`: the bot was stopped in the middle of it, and cannot find out whether it happened. It was not repeated.
 * - `canceled`: somebody canceled this run. What waits answers so, once: clean up and return.
 */
export type Code =
  | "denied"
  | "not-found"
  | "invalid"
  | "conflict"
  | "rate-limited"
  | "timeout"
  | "unavailable"
  | "in-doubt"
  | "canceled"
  | (string & {});

/** Why something was not done. Thrown by a handler, its message is told to the person who asked. */
export class WitbotError extends Error {
  override readonly name = "WitbotError";
  /** What kind of refusal it is. */
  readonly code: Code;
  /** When it makes sense to try again, in milliseconds from now, if that is known. */
  readonly retryAfter: number | undefined;

  /** The message is a sentence for people. */
  constructor(code: Code, message: string, options: { retryAfter?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.retryAfter = options.retryAfter;
  }
}

/** Calls the bot. What it refuses is thrown as a {@link WitbotError}. @internal */
export function call<T>(bot: () => T): T {
  try {
    return bot();
  } catch (thrown) {
    const refusal = (thrown as { payload?: Refusal } | null)?.payload;
    if (refusal === undefined) throw thrown;
    const { code, message, retryAfterMs } = refusal;
    throw new WitbotError(code, message, retryAfterMs === null ? {} : { retryAfter: retryAfterMs });
  }
}
