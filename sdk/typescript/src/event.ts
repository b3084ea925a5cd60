import type { Event as Raw } from "witbot:plugin/events@0.1.0";
import { type Content, rawContent } from "./content.js";
import { call, WitbotError } from "./error.js";
import { Message } from "./message.js";

/** How somebody belongs to the workspace: `guest` was invited to some channels only, `stranger` is of another organisation. */
export type Standing = "member" | "guest" | "stranger" | "bot" | (string & {});

/** One command, message, webhook or time of a schedule. What it says does not change while the handler waits. */
export class Event {
  readonly #raw: Raw;

  /** @internal */
  constructor(raw: Raw) {
    this.#raw = raw;
  }

  /**
   * Answers where the event was said: in the channel, or in the thread if it was said in one. At most 16 KiB a message, and
   * 50 messages a run; edits, questions and reactions count as well.
   *
   * @throws `invalid` (too long, empty, or otherwise not to be said), `not-found` (the event was not said in a chat),
   *   `rate-limited`, `denied` (it would notify everybody).
   */
  reply(content: Content): Message {
    return new Message(
      call(() => (typeof content === "string" ? this.#raw.reply(content) : this.#raw.replyWith(rawContent(content)))),
    );
  }

  /**
   * Answers in the thread below what was said, or in the thread that it was said in. What has no message of its own, such as
   * a slash command, is answered as by {@link reply}, and it throws the same.
   */
  replyInThread(content: Content): Message {
    return new Message(call(() => this.#raw.replyInThread(rawContent(content))));
  }

  /**
   * Says something there that only the person sees who caused the event. It cannot be changed, and is gone when that person
   * comes back later. Throws as {@link reply}.
   */
  whisper(content: Content): void {
    call(() => this.#raw.whisper(rawContent(content)));
  }

  /**
   * Puts an emoji to what was said, by its name without colons, such as `eyes`. The same one twice is one.
   *
   * @throws `invalid` (no such name is possible), `not-found` (what was said has no message of its own), `rate-limited`.
   */
  react(emoji: string): void {
    call(() => this.#raw.react(emoji));
  }

  /**
   * An argument of a command, or a named group of a listener; by number, from `0`, of a listener by Hubot's rules. Typed
   * arguments are given in one form: integers and numbers in decimal, booleans as `true` and `false`, durations in
   * milliseconds, users and channels by id. `undefined` when it was not given.
   */
  argument(name: string): string | undefined {
    return this.#raw.argument(name) ?? undefined;
  }

  /**
   * An argument that the usage does not make optional.
   *
   * @throws `invalid`: the usage has no such argument, or it was left out after all.
   */
  required(name: string): string {
    const value = this.argument(name);
    if (value === undefined) throw new WitbotError("invalid", `\`${name}\` is missing`);
    return value;
  }

  /**
   * An argument that is declared as `integer`, `number` or `duration` (in milliseconds). `undefined` when it was not given.
   *
   * @throws `invalid`: it is not a number.
   */
  number(name: string): number | undefined {
    const value = this.argument(name);
    if (value === undefined) return undefined;
    const number = Number(value);
    if (value.trim() === "" || Number.isNaN(number)) {
      throw new WitbotError("invalid", `\`${name}\` cannot be \`${value}\`: it is not a number`);
    }
    return number;
  }

  /** What was typed, without the bot's name. Empty for events that are not chat. */
  get text(): string {
    return this.#raw.text();
  }

  /** The id of the person who caused the event, when a person did. */
  get user(): string | undefined {
    return this.#raw.user() ?? undefined;
  }

  /**
   * How that person is called, their id when the chat service cannot be asked, or `somebody` when no person caused the
   * event. For showing only: names change, and two people can share one.
   */
  get userName(): string {
    return this.#raw.userName() ?? "somebody";
  }

  /**
   * How that person belongs to the workspace. `undefined` when no person caused the event.
   *
   * @throws `unavailable`, `rate-limited`, `not-found` (the chat service does not know the person).
   */
  userStanding(): Standing | undefined {
    return call(() => this.#raw.userStanding()) ?? undefined;
  }

  /**
   * That person's login at GitHub, if they have linked their account (`link github`) and so proved that it is theirs.
   *
   * @throws `unavailable`.
   */
  userGithubLogin(): string | undefined {
    return call(() => this.#raw.userGithubLogin()) ?? undefined;
  }

  /** The id of the channel in which it was said. */
  get channel(): string | undefined {
    return this.#raw.channel() ?? undefined;
  }

  /** Whether it was said to the bot alone, where nobody else can read it. */
  get isDirect(): boolean {
    return this.#raw.direct();
  }

  /**
   * What an event from outside is about: the repository, as `owner/name`, of a GitHub event; the project of a CI event; the
   * name of a webhook; what was published about in a topic; the id of a schedule. Empty for chat.
   */
  get subject(): string {
    return this.#raw.subject();
  }

  /**
   * One value of a webhook's body, by JSON pointer (RFC 6901), such as `/deployment/id`. Strings come as they are, anything
   * else as JSON. `undefined` when there is nothing there.
   */
  field(pointer: string): string | undefined {
    return this.#raw.field(pointer) ?? undefined;
  }

  /** The id of this run: the same whenever the run is resumed, different for every other. */
  get id(): string {
    return this.#raw.id();
  }

  /**
   * `command`, `listener`, `schedule`, `webhook.NAME`, `topic.NAME`, or the kind that was subscribed to, such as
   * `github.deployment`.
   */
  get kind(): string {
    return this.#raw.kind();
  }

  /** The id under which the handler was declared. */
  get handler(): string {
    return this.#raw.handler();
  }
}
