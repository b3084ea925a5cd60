/**
 * Time, chance, and waiting. Needs no grant.
 *
 * While a handler waits it costs nothing: its instance is put away. When what it waited for has come, even after a restart
 * of the bot, the handler is run again from the top, is given the same answers as before without anything being done twice,
 * and goes on from there. So nothing here is a promise, and no `await` is needed: a call that waits returns when it is over.
 *
 * Somebody can cancel the run. Then what waits, or the next call that would, throws `canceled`, once. A handler that has
 * something to clean up does that and returns; one that waits again is ended.
 *
 * ```ts
 * import { flow } from "@witbot/sdk";
 *
 * if (flow.confirm("Shall I remind you of lunch?", { timeout: "10m" })) {
 *   flow.sleep("3h");
 *   event.reply("Lunch!");
 * }
 * ```
 *
 * @module
 */
import * as raw from "witbot:flow/flow@0.1.0";
import { rawText, type Text } from "./content.js";
import { type Duration, milliseconds } from "./duration.js";
import { call, WitbotError } from "./error.js";

/** The time: that of the last thing that this run was told, so that it is the same when the run is resumed. As `new Date()`. */
export function now(): Date {
  return new Date(raw.now());
}

/** A number by chance, from 0 up to 1 and never 1, the same when the run is resumed. As `Math.random()`. */
export function random(): number {
  // The upper 53 bits: a double holds no more.
  return Math.floor(raw.random() / 2 ** 11) / 2 ** 53 % 1;
}

/** Waits, 30 days at most. @throws `invalid`: longer than that. */
export function sleep(duration: Duration): void {
  call(() => raw.sleep(milliseconds(duration)));
}

/** How a question is asked. */
export interface AskOptions {
  /** How long to wait for the answer, 30 days at most. An hour unless set. */
  readonly timeout?: Duration;
  /** Who can answer instead of the person who caused the event: up to 50 people or groups, by id, or `anyone` who can see it. */
  readonly answeredBy?: readonly string[] | "anyone";
}

/** An answer to a question. */
export interface Answer<C extends string> {
  /** One of the choices. */
  readonly choice: C;
  /** The id of who chose. */
  readonly user: string;
}

/**
 * Asks where the event was said, and waits for one of 2 to 10 choices of 1 to 75 characters each. The question is at most
 * 3,000 characters.
 *
 * ```ts
 * const { choice } = flow.ask("Tea or coffee?", ["Tea", "Coffee"], { timeout: "1h" });
 * ```
 *
 * @throws `timeout`, `invalid`, `rate-limited`, `not-found` (nobody to ask: the event was not said in a chat), `denied` (it
 *   would notify everybody).
 */
export function ask<const C extends string>(
  question: string | Text,
  choices: readonly C[],
  { timeout = "1h", answeredBy = [] }: AskOptions = {},
): Answer<C> {
  const answer = call(() => {
    if (typeof question === "string" && answeredBy.length === 0) {
      return raw.ask(question, [...choices], milliseconds(timeout));
    }
    const asked = new raw.Question(rawText(question));
    for (const choice of choices) asked.choice(choice);
    if (answeredBy === "anyone") asked.anyone();
    else for (const user of answeredBy) asked.answeredBy(user);
    return asked.ask(milliseconds(timeout));
  });
  return { choice: answer.choice() as C, user: answer.user() };
}

/** Asks for `Yes` or `No`, and says whether it was `Yes`. No answer in time is `No`. @throws As {@link ask}, without `timeout`. */
export function confirm(question: string | Text, options?: AskOptions): boolean {
  try {
    return ask(question, ["Yes", "No"], options).choice === "Yes";
  } catch (error) {
    if (error instanceof WitbotError && error.code === "timeout") return false;
    throw error;
  }
}

/** An event that was waited for. */
export interface Occurrence {
  /** The kind that was waited for, such as `github.deployment_status`. */
  readonly kind: string;
  /** The repository of a GitHub event, the project of a CI event, the subject of a topic. */
  readonly subject: string;
  /** One value of its body, by JSON pointer. Strings come as they are, anything else as JSON. */
  field(pointer: string): string | undefined;
}

/**
 * Waits, 30 days at most, for an event from outside, of one kind and about one subject, that came after the one that caused
 * this run and was not yet given to it. The plugin must be granted the subject, or the topic, as for a subscription.
 *
 * @throws `timeout`, `denied`, `invalid`.
 */
export function awaitEvent(kind: string, subject: string, timeout: Duration): Occurrence {
  const came = call(() => raw.awaitEvent(kind, subject, milliseconds(timeout)));
  return { kind: came.kind(), subject: came.subject(), field: (pointer) => came.field(pointer) ?? undefined };
}

/**
 * Lines this run up behind all other runs of this plugin that stand in the line of that name, of 1 to 256 bytes. One run at
 * a time has its turn. A run stands in a line until it leaves it, or ends, however it ends.
 *
 * @throws `invalid` (such a name), `rate-limited` (100 stand there already).
 */
export function lineUp(line: string): Turn {
  return new Turn(call(() => raw.lineUp(line)));
}

/** Cancels another run of this plugin, by its id, and says whether it was still to be canceled. */
export function cancel(run: string): boolean {
  return call(() => raw.cancel(run));
}

/** A place in a line. */
export class Turn {
  readonly #raw: raw.Turn;

  /** @internal */
  constructor(turn: raw.Turn) {
    this.#raw = turn;
  }

  /** How many runs stood before this one when it was last told: `0` when it is its turn. */
  get ahead(): number {
    return this.#raw.ahead();
  }

  /**
   * Waits until fewer stand before this run than when it was last told, and says how many do. At once when it is its turn.
   *
   * @throws `timeout`, `invalid` (longer than 30 days), `not-found` (it has left the line).
   */
  closer(timeout: Duration): number {
    return call(() => this.#raw.closer(milliseconds(timeout)));
  }

  /** Waits until it is this run's turn. Throws as {@link closer}. */
  wait(timeout: Duration): void {
    const end = raw.now() + milliseconds(timeout);
    while (this.ahead > 0) {
      const left = end - raw.now();
      if (left <= 0) throw new WitbotError("timeout", `${this.ahead} runs are still before this one`);
      this.closer(left);
    }
  }

  /** Leaves the line. */
  leave(): void {
    call(() => this.#raw.leave());
  }
}
