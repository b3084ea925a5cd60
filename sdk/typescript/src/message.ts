import * as raw from "witbot:chat/messages@0.1.0";
import { type Content, rawContent } from "./content.js";
import { call } from "./error.js";

/**
 * A message of ours. It is sent in order with all others of its channel, soon after it was written.
 *
 * What is done with it counts as a message of the run, of which there can be 50. Everything can throw `rate-limited` (too
 * many in this run) and `invalid` (longer than 16 KiB, empty, or otherwise not to be said); a content that notifies
 * everybody can also be `denied`.
 */
export class Message {
  readonly #raw: raw.Message;

  /** @internal */
  constructor(message: raw.Message) {
    this.#raw = message;
  }

  /**
   * A message that this plugin has written in an earlier run, by its id, so that it can be changed as things develop. The bot
   * knows it for 35 days from the end of that run.
   *
   * @throws `not-found` (no such message, or another plugin's), `denied` (posted where it may not write any more),
   * `unavailable`.
   */
  static find(id: string): Message {
    return new Message(call(() => raw.Message.find(id)));
  }

  /** Our own id of the message, the same when the run is resumed. */
  get id(): string {
    return this.#raw.id();
  }

  /** Changes what it says. Nobody is notified. Edits that follow each other quickly are put together: the last one wins. */
  edit(content: Content): void {
    call(() => (typeof content === "string" ? this.#raw.edit(content) : this.#raw.editWith(rawContent(content))));
  }

  /** Writes below this message, in its thread. */
  reply(content: Content): Message {
    return new Message(
      call(() => (typeof content === "string" ? this.#raw.reply(content) : this.#raw.replyWith(rawContent(content)))),
    );
  }

  /** Takes it away, for everybody. */
  delete(): void {
    call(() => this.#raw.delete());
  }

  /** Puts an emoji to it, by its name without colons, such as `white_check_mark`. The same one twice is one. */
  react(emoji: string): void {
    call(() => this.#raw.react(emoji));
  }
}
