import * as raw from "witbot:chat/content@0.1.0";

/** What can be said: a plain text, a {@link Text} with mentions and links, or a {@link Card}. At most 16 KiB. */
export type Content = string | Text | Card;

/** Who is notified: those in the channel who are active now, all in the channel, or all in the workspace. */
export type Audience = "here" | "channel" | "everyone";

/** How that stands what a card is about. Shown as a colour or a sign. */
export type CardState = "waiting" | "running" | "success" | "warning" | "failure" | "canceled";

/** How a button looks: `primary` for what is usually done, `danger` for what cannot be undone: people are asked once more. */
export type ButtonStyle = "default" | "primary" | "danger";

/**
 * A text, piece by piece. Whatever looks like a mention in words is none, so names of branches, titles and the like can be
 * put in as they are, whoever wrote them.
 *
 * ```ts
 * event.reply(new Text("Look at this, ").user("U024BE7LH").plain("."));
 * ```
 */
export class Text {
  readonly #pieces: ((text: raw.Text) => void)[] = [];

  /** Begins with these words. They can have the simple formatting of chats: `*bold*`, `_italic_`, `~struck out~`, `` `code` ``. */
  constructor(words = "") {
    if (words !== "") this.plain(words);
  }

  /** Adds words, formatted in the same way. */
  plain(words: string): this {
    return this.#add((text) => text.plain(words));
  }

  /** Adds words that are shown exactly as they are, as code. */
  code(words: string): this {
    return this.#add((text) => text.code(words));
  }

  /** Adds an address, `http` or `https`, of at most 2,000 characters, under a label of at most 75. */
  link(label: string, url: string): this {
    return this.#add((text) => text.link(label, url));
  }

  /** Mentions a person, by id, and notifies them. */
  user(id: string): this {
    return this.#add((text) => text.user(id));
  }

  /** Adds a link to a channel, by id. */
  channel(id: string): this {
    return this.#add((text) => text.channel(id));
  }

  /** Mentions a group of people, by id, and notifies them. Grant: `chat = [{ channel = "deploys", mentions = true }]`. */
  group(id: string): this {
    return this.#add((text) => text.group(id));
  }

  /** Notifies many at once. Grant: `chat = [{ channel = "deploys", broadcast = true }]`. */
  everyone(audience: Audience): this {
    return this.#add((text) => text.everyone(audience));
  }

  /** @internal */
  raw(): raw.Text {
    const text = new raw.Text("");
    for (const piece of this.#pieces) piece(text);
    return text;
  }

  #add(piece: (text: raw.Text) => void): this {
    this.#pieces.push(piece);
    return this;
  }
}

/** A button of a {@link Card}. */
export interface Button {
  /** 1 to 75 characters. */
  readonly label: string;
  /** A command of this plugin, of 1 to 500 characters. Pressing the button is as if whoever presses it had typed it. */
  readonly command: string;
  /** `default` unless set. */
  readonly style?: ButtonStyle;
}

/** Commands to choose one from, on a {@link Card}. */
export interface Menu {
  /** 1 to 75 characters. */
  readonly label: string;
  /** 1 to 100: what is shown, of 1 to 75 characters, and the command, of 1 to 150. */
  readonly commands: readonly { readonly label: string; readonly command: string }[];
}

/** What a {@link Card} shows. Everything but the title can be left out. */
export interface CardParts {
  /** What it is about, in one line of 1 to 150 characters, without formatting. */
  readonly title: string;
  /** How that stands. */
  readonly state?: CardState;
  /** More about it. */
  readonly text?: string | Text;
  /** At most 20 details, under names of 1 to 100 characters; each value has 1 to 1,000. */
  readonly fields?: Readonly<Record<string, string | Text>>;
  /** At most 10 addresses, `http` or `https`, under labels of 1 to 75 characters. */
  readonly links?: Readonly<Record<string, string>>;
  /** At most 10. */
  readonly buttons?: readonly Button[];
  /** At most 3. */
  readonly menus?: readonly Menu[];
  /** Small print. */
  readonly footer?: string | Text;
}

/**
 * Something that is told in a frame of its own, with its details and what can be done about it. Where a chat has no such
 * thing, all of it is shown as text.
 *
 * ```ts
 * const card = new Card({ title: "api to staging", fields: { Version: "main" }, links: { Log: "https://ci.example/12" } });
 * const message = event.reply(card.with({ state: "running" }));
 * message.edit(card.with({ state: "success" }));
 * ```
 */
export class Card {
  /** What it shows. */
  readonly parts: CardParts;

  constructor(parts: CardParts) {
    this.parts = parts;
  }

  /** The same card with some parts changed. */
  with(parts: Partial<CardParts>): Card {
    return new Card({ ...this.parts, ...parts });
  }

  /** @internal */
  raw(): raw.Card {
    const { title, state, text, fields, links, buttons, menus, footer } = this.parts;
    const card = new raw.Card(title);
    if (state !== undefined) card.state(state);
    if (text !== undefined) card.text(rawText(text));
    for (const [name, value] of Object.entries(fields ?? {})) card.field(name, rawText(value));
    for (const [label, url] of Object.entries(links ?? {})) card.link(label, url);
    for (const { label, command, style } of buttons ?? []) card.button(label, command, style ?? "default");
    for (const { label, commands } of menus ?? []) {
      card.menu(label, commands.map(({ label, command }): [string, string] => [label, command]));
    }
    if (footer !== undefined) card.footer(rawText(footer));
    return card;
  }
}

/** @internal */
export function rawText(text: string | Text): raw.Text {
  return (typeof text === "string" ? new Text(text) : text).raw();
}

/** @internal */
export function rawContent(content: Content): raw.Content {
  if (content instanceof Card) return raw.Content.card(content.raw());
  if (content instanceof Text) return raw.Content.rich(content.raw());
  return new raw.Content(content);
}
