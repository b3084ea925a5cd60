import type { Wrong } from "./config.js";
import type { Event } from "./event.js";

/**
 * Answers one event. It is an ordinary function that may wait, for hours if need be, and it is not `async`: what it calls
 * returns when it is done. What it throws is told to the person who asked, by its message.
 */
export type Handler = (event: Event) => void;

/** What an operator grants. */
export type Capability = "chat" | "github" | "ci" | "http" | "kv" | "schedules" | "topics" | "webhooks";

/** A command: something people type to the bot by name. */
export interface Command {
  /**
   * What help shows and what is matched, without regard to case: words stand for themselves, `a|b` for either, `[…]` is
   * optional, `<name>` is one word and `<name:type>` is typed: `word`, `text` (all the rest of the line), `integer`,
   * `number`, `boolean`, `duration` (`90s`, `2h`), `user` or `channel`. For example: `deploy <app>[/<ref>] [to|in|on <env>]`.
   */
  readonly usage: string;
  /** One line for help. */
  readonly summary: string;
  readonly handler: Handler;
  /** Names the handler. Without this it has the command's own name: the words with which the usage begins. */
  readonly id?: string;
  /** Shown by help and run by tests: at most 10 of 200 characters each, that fit the usage. */
  readonly examples?: readonly string[];
  /** A longer help text, at most 2,000 characters. */
  readonly details?: string;
  /** It does what cannot easily be undone. Nobody may give it unless a rule of the operator says so. */
  readonly dangerous?: boolean;
  /**
   * The handler asks for permission itself, by {@link permission.demand}. Until it was permitted there, whatever it does
   * outside of the bot is `denied`. Without this, the bot decides by what was typed, before the handler is called.
   */
  readonly asksPermission?: boolean;
}

/** A regular expression that is tried on messages. Linear-time syntax, without look-around and back-references. */
export interface Listener {
  /** Its flags are `i`, `m` and `s`, or none. Named groups become arguments. */
  readonly pattern: RegExp;
  readonly summary: string;
  readonly handler: Handler;
}

/**
 * Asks for events of one kind from outside, such as `github.deployment` or `circleci.workflow-completed`, or of what plugins
 * publish, such as `topic.deployed` (see {@link topics}).
 */
export interface Subscription {
  readonly kind: string;
  readonly handler: Handler;
}

/**
 * Has the plugin called by the clock. There is nobody to reply to. The field `/due` of the event is the time for which it was
 * called, in milliseconds since 1970. What was missed while the bot did not run is made up for once, and then the field
 * `/missed` is `true`. Grant: `schedules = [{ at_most_every = "5m" }]`.
 */
export interface Schedule {
  /** Names it in the settings, where the operator may write another time, or `off`. */
  readonly id: string;
  /** A line of cron and perhaps a time zone (else UTC), such as `0 9 * * mon-fri Europe/Berlin`, or `every 5m`. */
  readonly when: string;
  readonly summary: string;
  readonly handler: Handler;
}

/**
 * Asks for the webhooks that come to `POST /hooks/in/NAME`. The event's `field` looks into the body.
 * Grant: `webhooks = [{ name = "alerts", verify = "standard", secret = "ALERTS_SECRET" }]`.
 */
export interface Webhook {
  /** 1 to 40 small letters, digits and hyphens, with a letter first. */
  readonly name: string;
  readonly summary: string;
  readonly handler: Handler;
}

/** A setting that the operator may write under `[plugins.NAME] settings`. */
export interface Setting {
  readonly summary: string;
  /** The plugin cannot work without it. */
  readonly required?: boolean;
}

/** A plugin as data. What is wrong with it is reported by the bot, all of it at once, and the plugin is then not loaded. */
export interface Plugin {
  /** One line for lists, at most 200 characters. */
  readonly summary: string;
  readonly commands?: readonly Command[];
  /** Tried on every message in the channels the bot is in, addressed to the bot or not. */
  readonly listeners?: readonly Listener[];
  /** By Hubot's rules, as `robot.hear(/pattern/flags, …)` there. Groups become arguments by number, from `0`, and by name. */
  readonly hubotHear?: readonly Listener[];
  /** By Hubot's rules, as `robot.respond(/pattern/flags, …)` there: for what begins with the name or the alias of the bot. */
  readonly hubotRespond?: readonly Listener[];
  readonly subscriptions?: readonly Subscription[];
  readonly schedules?: readonly Schedule[];
  readonly webhooks?: readonly Webhook[];
  /** By name. */
  readonly settings?: Readonly<Record<string, Setting>>;
  /**
   * Looks at the settings before the plugin is put to work with them, and says what is wrong. That is told to the operator,
   * with the line in which it stands, and holds the plugin. Nothing but the settings can be used there.
   */
  readonly checksSettings?: (settings: unknown) => readonly Wrong[];
  /**
   * Has what the plugin keeps in `kv` become what this version understands, before it takes over from another one. Only
   * `kv`, `config` and `log` can be used there. Look at what is there: what was half done when it failed stays as it is.
   */
  readonly migrates?: Handler;
  /** Why the plugin wants a capability. The operator reads it before granting. At most 500 characters. */
  readonly wants?: Readonly<Partial<Record<Capability, string>>>;
  /** What it does with a capability that it can also do without: without the grant, calls throw `denied`. */
  readonly canUse?: Readonly<Partial<Record<Capability, string>>>;
}

/** Makes a plugin: `export default definePlugin({ … })` in the file that `main` of `package.json` names. */
export function definePlugin(plugin: Plugin): Plugin {
  return plugin;
}
