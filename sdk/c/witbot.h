/**
 * @file witbot.h
 * Write witbot plugins in C. This is a whole one:
 *
 * @code
 * #include "witbot.h"
 *
 * static witbot_result hello(witbot_event *event) {
 *     const char *name = witbot_argument(event, "name");
 *     return witbot_reply(event, "Hello, %s!", name ? name : witbot_event_user_name(event));
 * }
 *
 * const witbot_declaration witbot_plugin = {
 *     .summary = "Says hello.",
 *     .version = "0.1.0",
 *     .commands = WITBOT_COMMANDS(
 *         {.usage = "hello [<name>]", .summary = "Greets somebody.", .examples = {"hello Ada"}, .handler = hello}),
 * };
 * @endcode
 *
 * **Memory.** Never free anything. An event is handled in memory of its own, and all of it is gone when the handler
 * returns. Nothing is kept in a `static` from one event to the next: what must last goes into witbot_kv_set().
 *
 * **Texts** are UTF-8, end with a NUL, and are not to be changed. Where there can be none, the pointer is `NULL`. A NUL
 * inside of what comes from the bot is given as a space. Where a function takes a format, it is that of `printf`, and the
 * compiler checks it: say `"%s"` for a text that somebody else wrote.
 *
 * **Errors.** What can be refused returns a ::witbot_result, and the compiler warns when nobody looks at it. In a handler,
 * #WITBOT_TRY passes an error on. An error that a handler returns is told to the person who asked, by its message.
 *
 * **Waiting.** A handler may wait for hours, by witbot_ask() or witbot_sleep(). Then it is run again from the top and is
 * given the answers that it already had. So it must do the same again when it is told the same: time and chance come from
 * witbot_now() and witbot_random() alone.
 *
 * **Grants.** Only what a plugin really calls ends up in its file. `github`, `ci`, `http`, `kv`, `topics` and writing where
 * nobody asked (`chat`) need a grant from the operator; nothing else does.
 */
#ifndef WITBOT_H
#define WITBOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WITBOT_FORMAT(format_at, arguments_at) __attribute__((format(printf, format_at, arguments_at)))

/** @name Lengths of time, in milliseconds
 * @{ */
#define WITBOT_SECONDS(count) ((uint64_t)(count) * 1000)
#define WITBOT_MINUTES(count) WITBOT_SECONDS((uint64_t)(count) * 60)
#define WITBOT_HOURS(count) WITBOT_MINUTES((uint64_t)(count) * 60)
#define WITBOT_DAYS(count) WITBOT_HOURS((uint64_t)(count) * 24)
/** @} */

/** @name Errors
 * @{ */

/** What kind of refusal a ::witbot_failure is. */
typedef enum witbot_code {
    /** The operator's grants do not cover it. The message has the line that would. */
    WITBOT_DENIED,
    /** There is no such thing, or the bot's credentials cannot see it. */
    WITBOT_NOT_FOUND,
    /** The arguments are not acceptable. Trying again does not help. */
    WITBOT_INVALID,
    /** It clashes with the present state, such as a merge conflict or a failed check. */
    WITBOT_CONFLICT,
    /** Too much at once. */
    WITBOT_RATE_LIMITED,
    /** What was waited for did not happen in time. */
    WITBOT_TIMEOUT,
    /** The service could not be reached, or failed. */
    WITBOT_UNAVAILABLE,
    /** The bot was stopped in the middle of it, and cannot find out whether it happened. It was not repeated. */
    WITBOT_IN_DOUBT,
    /** Somebody canceled this run. What waits answers so, once: clean up and return. A run that waits again is ended. */
    WITBOT_CANCELED,
    /** One that this version of the SDK does not know. */
    WITBOT_OTHER,
} witbot_code;

/** Why something was not done. */
typedef struct witbot_failure {
    witbot_code code;
    /** The code as the contract spells it, such as `not-found`. */
    const char *code_text;
    /** A sentence for people. */
    const char *message;
    /** When it makes sense to try again, in milliseconds from now; 0 when that is not known. */
    uint64_t retry_after_ms;
} witbot_failure;

/** What handlers return, and everything that can be refused. */
typedef struct __attribute__((warn_unused_result)) witbot_result {
    /** Why it was not done. `NULL` when it was. */
    const witbot_failure *failure;
} witbot_result;

/** It was done. */
#define WITBOT_OK ((witbot_result){NULL})

/** An error, for `return witbot_error(WITBOT_INVALID, "no such app: %s", app);`. */
witbot_result witbot_error(witbot_code code, const char *format, ...) WITBOT_FORMAT(2, 3);

/** Whether it was refused. */
static inline bool witbot_failed(witbot_result result) { return result.failure != NULL; }

/** Whether it was refused with that code. */
static inline bool witbot_failed_with(witbot_result result, witbot_code code) {
    return result.failure != NULL && result.failure->code == code;
}

/** Returns from the function that it stands in when the call was refused, with the same error. */
#define WITBOT_TRY(call)                                                                                               \
    do {                                                                                                               \
        witbot_result witbot_tried = (call);                                                                           \
        if (witbot_failed(witbot_tried)) return witbot_tried;                                                          \
    } while (0)

/** @} */
/** @name Texts and bytes
 * @{ */

/** Bytes of any kind. After the last of them there is a NUL, which does not count. */
typedef struct witbot_bytes {
    const uint8_t *data;
    size_t size;
} witbot_bytes;

/** Several texts. */
typedef struct witbot_texts {
    const char *const *items;
    size_t count;
} witbot_texts;

/** A new text, as by `printf`. */
const char *witbot_format(const char *format, ...) WITBOT_FORMAT(1, 2);
/** Whether two texts are the same. None is the same as none, and as nothing else. */
bool witbot_equals(const char *one, const char *other);
/** Whether a text begins with another. */
bool witbot_begins_with(const char *text, const char *beginning);
/** Texts one after the other, with something between them: `witbot_join(names, ", ")`. */
const char *witbot_join(witbot_texts texts, const char *between);
/** Memory for the rest of this call, filled with zeros. Ends the run, with a line in the log, when there is no more. */
void *witbot_allocate(size_t count, size_t size);

/** @} */
/** @name Events
 * @{ */

/** One command, message, webhook or time of a schedule. What it says does not change while the handler waits. */
typedef struct witbot_event witbot_event;

/** What is called with an event. */
typedef witbot_result witbot_handler(witbot_event *event);

/** A message that the bot has written. */
typedef struct witbot_message {
    int32_t handle;
} witbot_message;

/** What a message says: see witbot_plain(), witbot_rich() and witbot_card_content(). */
typedef struct witbot_content {
    int32_t handle;
} witbot_content;

/** An argument of a command, or a named group of a listener; by number, from `"0"`, of a listener by Hubot's rules. `NULL`
 * when it was not given. Typed arguments are already checked, and given in one form: numbers in decimal, booleans as
 * `true` and `false`, durations in milliseconds, users, groups of users and channels by id. */
const char *witbot_argument(witbot_event *event, const char *name);
/** An argument that the usage does not make optional. Errors: `invalid` (it is missing). */
witbot_result witbot_required(witbot_event *event, const char *name, const char **text);
/** An argument of the type `integer` or `duration` (in milliseconds), or `otherwise` when it was not given. Errors:
 * `invalid` (it is none, or does not fit). */
witbot_result witbot_integer(witbot_event *event, const char *name, int64_t otherwise, int64_t *value);
/** An argument of the type `number`, or `otherwise` when it was not given. Errors: `invalid` (it is none). */
witbot_result witbot_number(witbot_event *event, const char *name, double otherwise, double *value);
/** An argument of the type `boolean`, or `otherwise` when it was not given. Errors: `invalid` (it is none). */
witbot_result witbot_boolean(witbot_event *event, const char *name, bool otherwise, bool *value);

/** One value of a webhook's body, by JSON pointer (RFC 6901), such as `/deployment/id`. Strings come as they are, anything
 * else as JSON. `NULL` when there is nothing there. */
const char *witbot_field(witbot_event *event, const char *pointer);

/** The id of this run: the same whenever the run is resumed, different for every other. */
const char *witbot_event_id(witbot_event *event);
/** `command`, `listener`, `schedule`, `webhook.NAME`, `topic.NAME`, or for a subscription the kind that was subscribed to,
 * such as `github.deployment`. */
const char *witbot_event_kind(witbot_event *event);
/** The id under which the handler was declared. */
const char *witbot_event_handler(witbot_event *event);
/** What was typed, without the bot's name. Empty for events that are not chat. */
const char *witbot_event_text(witbot_event *event);
/** The id of the person who caused the event, or `NULL` when no person did. */
const char *witbot_event_user(witbot_event *event);
/** How that person is called, their id when the chat service cannot be asked, or `somebody` when no person caused the
 * event. For showing only: names change, and two people can share one. */
const char *witbot_event_user_name(witbot_event *event);
/** How that person belongs to the workspace: `member`, `guest` (invited to some channels only), `stranger` (of another
 * organisation), `bot`, and later perhaps more. `NULL` when no person caused the event. Errors: `unavailable`,
 * `rate-limited`, `not-found` (the chat service does not know the person). */
witbot_result witbot_event_user_standing(witbot_event *event, const char **standing);
/** That person's login at GitHub, if they have linked their account (`link github`) and so proved that it is theirs; else
 * `NULL`. Errors: `unavailable`. */
witbot_result witbot_event_user_github_login(witbot_event *event, const char **login);
/** The id of the channel in which it was said, or `NULL`. */
const char *witbot_event_channel(witbot_event *event);
/** Whether it was said to the bot alone, where nobody else can read it. */
bool witbot_event_is_direct(witbot_event *event);
/** What an event from outside is about: the repository, as `owner/name`, of a GitHub event; the project of a CI event; the
 * name of a webhook; what was published about in a topic; the id of a schedule. Empty for chat. */
const char *witbot_event_subject(witbot_event *event);

/** Answers where the event was said: in the channel, or in the thread if it was said in one. At most 16 KiB a message, and
 * 50 messages a run. Errors: `invalid` (too long, or empty), `not-found` (the event was not said in a chat),
 * `rate-limited`. */
witbot_result witbot_reply(witbot_event *event, const char *format, ...) WITBOT_FORMAT(2, 3);
/** Answers there with any content, and gives the message, to be changed later; `message` can be `NULL`. Errors: as
 * witbot_reply(), and `denied` (it would notify everybody). */
witbot_result witbot_reply_with(witbot_event *event, witbot_content content, witbot_message *message);
/** Answers in the thread below what was said, or in the thread that it was said in. What has no message of its own, such as
 * a slash command, is answered as by witbot_reply_with(). */
witbot_result witbot_reply_in_thread(witbot_event *event, witbot_content content, witbot_message *message);
/** Says something there that only the person sees who caused the event. It cannot be changed, and is gone when that person
 * comes back later. Errors: as witbot_reply_with(). */
witbot_result witbot_whisper(witbot_event *event, witbot_content content);
/** Puts an emoji to what was said, by its name without colons, such as `eyes`. The same one twice is one. Errors: `invalid`
 * (no such name is possible), `not-found` (what was said has no message of its own), `rate-limited`. */
witbot_result witbot_react(witbot_event *event, const char *emoji);

/** @} */
/** @name JSON
 * @{ */

/** What a ::witbot_json is. */
typedef enum witbot_json_kind {
    WITBOT_JSON_NULL,
    WITBOT_JSON_BOOLEAN,
    WITBOT_JSON_NUMBER,
    WITBOT_JSON_TEXT,
    WITBOT_JSON_LIST,
    WITBOT_JSON_OBJECT,
} witbot_json_kind;

/** A value of JSON. What is in a list or an object is a chain: `for (item = list->first; item; item = item->next)`. */
typedef struct witbot_json witbot_json;
struct witbot_json {
    witbot_json_kind kind;
    /** Of a boolean. */
    bool boolean;
    /** Of a text, and of a number as it was written. */
    const char *text;
    /** Under which it is in an object. */
    const char *name;
    /** What is in a list or an object, in order, and how much. */
    witbot_json *first, *last;
    size_t count;
    /** What comes after it in the same list or object. */
    witbot_json *next;
};

/** Reads a text, nested 64 deep at most. Errors: `invalid`, with the line where it is not JSON. */
witbot_result witbot_json_parse(const char *text, witbot_json **value);
/** Writes a value, always in the same way: without spaces, and members in the order in which they were set. */
const char *witbot_json_write(const witbot_json *value);
witbot_json *witbot_json_null(void);
witbot_json *witbot_json_boolean(bool value);
witbot_json *witbot_json_integer(int64_t value);
witbot_json *witbot_json_text(const char *value);
witbot_json *witbot_json_list(void);
witbot_json *witbot_json_object(void);
/** Puts a value at the end of a list, and returns the value. A value can be in one list or object only. */
witbot_json *witbot_json_add(witbot_json *list, witbot_json *value);
/** Sets a member of an object, which keeps its place if it is there already, and returns the value. */
witbot_json *witbot_json_set(witbot_json *object, const char *name, witbot_json *value);
/** A member of an object. `NULL` when there is none, or the value is no object. */
witbot_json *witbot_json_get(const witbot_json *object, const char *name);
/** A member that is a text, or `otherwise` when there is none. */
const char *witbot_json_get_text(const witbot_json *object, const char *name, const char *otherwise);
/** A member that is an integer, or `otherwise` when there is none. */
int64_t witbot_json_get_integer(const witbot_json *object, const char *name, int64_t otherwise);
/** A member that is a boolean, or `otherwise` when there is none. */
bool witbot_json_get_boolean(const witbot_json *object, const char *name, bool otherwise);

/** @} */
/** @name What a plugin can do
 * Nothing here fails. What is wrong with a declaration is reported by the bot, all of it at once, and the plugin is then
 * not loaded. Leave out what a plugin does not need.
 * @{ */

/** Something people type to the bot by name. */
typedef struct witbot_command {
    /** What help shows and what is matched, without regard to case: words stand for themselves, `a|b` for either, `[…]` is
     * optional, `<name>` is one word and `<name:type>` is typed: `word`, `text` (all the rest of the line), `integer`,
     * `number`, `boolean`, `duration` (`90s`, `2h`), `user` or `channel`. For example:
     * `deploy <app>[/<ref>] [to|in|on <env>]`. */
    const char *usage;
    const char *summary;
    /** Examples that help shows and that tests run. They must fit the usage. */
    const char *examples[10];
    /** A longer help text, at most 2,000 characters. */
    const char *details;
    /** It does what cannot easily be undone. Nobody may give it unless a rule of the operator says so. */
    bool dangerous;
    /** Its handler asks for permission itself, by witbot_demand(). Until it was permitted there, whatever it does outside of
     * the bot is `denied`. Without this, the bot decides by what was typed, before the handler is called. */
    bool asks_permission;
    /** Names the handler. Without this it has the command's own name: the words with which the usage begins. */
    const char *id;
    witbot_handler *handler;
} witbot_command;

/** By which rules a ::witbot_listener listens. */
typedef enum witbot_rules {
    /** The bot's own: named groups become arguments. */
    WITBOT_RULES,
    /** As `robot.hear(/pattern/flags, …)` in Hubot: the message as it was said, with mentions as `@name`. Groups become
     * arguments by number, from `"0"` for all that matched, and by name where they have one. */
    WITBOT_HUBOT_HEAR,
    /** As `robot.respond(/pattern/flags, …)` in Hubot: for what begins with the bot's name or alias, with the pattern
     * directly behind that. Without `i` among the flags, the name as well has to be written as in the settings. */
    WITBOT_HUBOT_RESPOND,
} witbot_rules;

/** A regular expression that is tried on every message in the channels the bot is in, addressed to the bot or not. In
 * linear time: there are no look-around and back-references. */
typedef struct witbot_listener {
    const char *pattern;
    const char *summary;
    witbot_rules rules;
    /** By Hubot's rules only: `i`, `m` and `s`, or none. `g` is accepted and changes nothing. */
    const char *flags;
    witbot_handler *handler;
} witbot_listener;

/** Asks for events of one kind from outside, such as `github.deployment` or `circleci.workflow-completed`, or of what plugins
 * publish, such as `topic.deployed`; see witbot_topics_publish(). Only events of repositories, projects and topics that the
 * plugin was granted reach it. */
typedef struct witbot_subscription {
    const char *kind;
    witbot_handler *handler;
} witbot_subscription;

/** Has the plugin called by the clock. `/due` of the event is the time for which it was called, in milliseconds since 1970.
 * What was missed while the bot did not run is made up for once, and then `/missed` is `true`. Nobody said the event, so
 * there is nobody to reply to. Needs a grant, `schedules = [{ at_most_every = "5m" }]`. */
typedef struct witbot_schedule {
    const char *id;
    /** A line of cron and perhaps a time zone (else UTC), such as `0 9 * * mon-fri Europe/Berlin`, or a length of time from
     * 10 seconds on: `every 5m`. */
    const char *when;
    const char *summary;
    witbot_handler *handler;
} witbot_schedule;

/** Asks for webhooks that come to `POST /hooks/in/NAME`; see witbot_field(). The name has 1 to 40 small letters, digits and
 * hyphens, with a letter first. Needs a grant,
 * `webhooks = [{ name = "alerts", verify = "standard", secret = "ALERTS_SECRET" }]`. */
typedef struct witbot_webhook {
    const char *name;
    const char *summary;
    witbot_handler *handler;
} witbot_webhook;

/** A setting that the operator may write, or must, under `[plugins.NAME] settings`. */
typedef struct witbot_setting {
    const char *name;
    const char *summary;
    bool required;
} witbot_setting;

/** Why the plugin uses a capability: `chat`, `github`, `ci`, `http`, `kv`, `schedules`, `topics` or `webhooks`. The operator
 * reads it before granting. At most 500 characters. */
typedef struct witbot_reason {
    const char *capability;
    const char *reason;
} witbot_reason;

/** Everything that a plugin can do, said once: `const witbot_declaration witbot_plugin = {…};` */
typedef struct witbot_declaration {
    /** One line for lists, at most 200 characters. */
    const char *summary;
    /** The author's own version, such as `1.4.0`. */
    const char *version;
    /** By #WITBOT_COMMANDS; the others likewise. */
    const witbot_command *commands;
    const witbot_listener *listeners;
    const witbot_subscription *subscriptions;
    const witbot_schedule *schedules;
    const witbot_webhook *webhooks;
    const witbot_setting *settings;
    /** Looks at the settings before the plugin is put to work with them, and says by witbot_reject(), or by an error, what
     * is wrong. What is wrong holds the plugin, and the operator is told. */
    witbot_result (*check_settings)(const witbot_json *settings);
    /** Called before this version takes over from another one, so that what the other kept becomes what this one
     * understands. `/from/version` of the event is the other's version. Can be called again: look at what is there. */
    witbot_handler *migrate;
    /** What it cannot do without. It is held until that is granted. */
    witbot_reason wants[8];
    /** What it can also do without: it is not held, and calls are then `denied`. */
    witbot_reason can_use[8];
} witbot_declaration;

/** Commands, each in braces: `WITBOT_COMMANDS({.usage = "ping", .summary = "Answers.", .handler = ping})`. */
#define WITBOT_COMMANDS(...) ((const witbot_command[]){__VA_ARGS__, {0}})
/** Listeners, each in braces. */
#define WITBOT_LISTENERS(...) ((const witbot_listener[]){__VA_ARGS__, {0}})
/** Subscriptions, each in braces. */
#define WITBOT_SUBSCRIPTIONS(...) ((const witbot_subscription[]){__VA_ARGS__, {0}})
/** Schedules, each in braces. */
#define WITBOT_SCHEDULES(...) ((const witbot_schedule[]){__VA_ARGS__, {0}})
/** Webhooks, each in braces. */
#define WITBOT_WEBHOOKS(...) ((const witbot_webhook[]){__VA_ARGS__, {0}})
/** Settings, each in braces. */
#define WITBOT_SETTINGS(...) ((const witbot_setting[]){__VA_ARGS__, {0}})

/** The plugin. Every plugin defines this, once. */
extern const witbot_declaration witbot_plugin;

/** @} */
/** @name Contents
 * Building never fails. What is wrong with a content is told when it is said, as `invalid`. A content is made of a text or
 * card as that is at this moment: changing that later changes nothing in it.
 * @{ */

/** A text, piece by piece. Whatever looks like a mention in words is none: it notifies nobody. */
typedef struct witbot_text {
    int32_t handle;
} witbot_text;

/** Something that is told in a frame of its own. Everything but the title can be left out. */
typedef struct witbot_card {
    int32_t handle;
} witbot_card;

/** A command that can be chosen from a menu: what is shown, of 1 to 75 characters, and the command, of 1 to 150. */
typedef struct witbot_choice {
    const char *label;
    const char *command;
} witbot_choice;

/** Begins a text with these words, which can be empty. They can have the simple formatting of chats: `*bold*`, `_italic_`,
 * `~struck out~`, and backquotes around code. */
witbot_text witbot_text_new(const char *words);
/** Adds words, formatted in the same way. */
void witbot_text_plain(witbot_text text, const char *words);
/** Adds words that are shown exactly as they are, as code. */
void witbot_text_code(witbot_text text, const char *words);
/** Adds an address, `http` or `https`, of at most 2,000 characters, under a label of at most 75. */
void witbot_text_link(witbot_text text, const char *label, const char *url);
/** Mentions a person, by id, and notifies them. */
void witbot_text_user(witbot_text text, const char *id);
/** Adds a link to a channel, by id. */
void witbot_text_channel(witbot_text text, const char *id);
/** Mentions a group of people, by id, and notifies them. Grant: `chat = [{ channel = "deploys", mentions = true }]`. */
void witbot_text_group(witbot_text text, const char *id);
/** Notifies many at once: `here`, `channel` or `everyone`. Grant: `chat = [{ channel = "deploys", broadcast = true }]`. */
void witbot_text_everyone(witbot_text text, const char *audience);

/** Begins a card: what it is about, in one line of 1 to 150 characters, without formatting. */
witbot_card witbot_card_new(const char *title);
/** How that stands: `waiting`, `running`, `success`, `warning`, `failure` or `canceled`. */
void witbot_card_state(witbot_card card, const char *state);
/** More about it. */
void witbot_card_text(witbot_card card, witbot_text text);
/** Adds a detail under a name of 1 to 100 characters; its value has 1 to 1,000. At most 20. */
void witbot_card_field(witbot_card card, const char *name, const char *value);
/** Adds a detail with mentions and links. */
void witbot_card_field_with(witbot_card card, const char *name, witbot_text value);
/** Adds an address under a label of 1 to 75 characters. At most 10. */
void witbot_card_link(witbot_card card, const char *label, const char *url);
/** Adds a button. Pressing it is as if whoever presses it had typed the command to the bot; it must be one of this plugin.
 * The style is `default`, `primary`, or `danger` for what cannot be undone, before which people are asked once more. At
 * most 10. */
void witbot_card_button(witbot_card card, const char *label, const char *command, const char *style);
/** Adds commands to choose one from. At most 3 menus of 1 to 100 commands. */
void witbot_card_menu(witbot_card card, const char *label, const witbot_choice *choices, size_t count);
/** Small print. */
void witbot_card_footer(witbot_card card, witbot_text text);

/** A plain text, as with witbot_reply(). */
witbot_content witbot_plain(const char *format, ...) WITBOT_FORMAT(1, 2);
/** A text with mentions and links. */
witbot_content witbot_rich(witbot_text text);
/** A card. */
witbot_content witbot_card_content(witbot_card card);

/** @} */
/** @name Messages and chat
 * What is done with a message counts as a message of the run, of which there can be 50. Errors: `rate-limited`, `invalid`
 * (empty, too large, or otherwise not to be said), `denied` (it would notify everybody).
 * @{ */

/** A message that this plugin has written in an earlier run, by its id, so that it can be changed as things develop. The bot
 * knows it for 35 days from the end of that run. Errors: `not-found` (no such message, or another plugin's), `denied` (posted where it
 * may not write any more), `unavailable`. */
witbot_result witbot_message_find(const char *id, witbot_message *message);
/** Our own id of the message, the same when the run is resumed. */
const char *witbot_message_id(witbot_message message);
/** Changes it into something else. Nobody is notified. Edits that follow each other quickly are put together. */
witbot_result witbot_message_edit(witbot_message message, witbot_content content);
/** Says something below this message, in its thread; `reply` can be `NULL`. */
witbot_result witbot_message_reply(witbot_message message, witbot_content content, witbot_message *reply);
/** Takes the message away, for everybody. */
witbot_result witbot_message_delete(witbot_message message);
/** Puts an emoji to it, by its name without colons. */
witbot_result witbot_message_react(witbot_message message, const char *emoji);

/** Writes in a channel, named as people name it (`deploys`, with or without `#`) or by id. At most 16 KiB.
 * Grant: `chat = [{ channel = "deploys" }]`. Errors: `denied`, `not-found` (there is no such channel), `invalid`,
 * `rate-limited`, `unavailable`. */
witbot_result witbot_chat_post(const char *channel, const char *format, ...) WITBOT_FORMAT(2, 3);
/** Says any content in a channel; `message` can be `NULL`. */
witbot_result witbot_chat_post_with(const char *channel, witbot_content content, witbot_message *message);
/** Says something to one person alone, by id. Grant: `chat = [{ direct = true }]`. */
witbot_result witbot_chat_direct(const char *user, witbot_content content, witbot_message *message);

/** @} */
/** @name Time, chance, and waiting
 * While a handler waits it costs nothing: see the top of this file. Somebody can cancel the run; then what waits, or the
 * next call that would, answers `canceled`, once. Waits are 30 days at most; longer ones are `invalid`.
 * @{ */

/** The time, in milliseconds since 1970, UTC: that of the last thing that this run was told, so that it is the same when the
 * run is resumed. */
uint64_t witbot_now(void);
/** A number by chance, the same when the run is resumed. */
uint64_t witbot_random(void);
/** Waits. */
witbot_result witbot_sleep(uint64_t milliseconds);

/** An answer to a question. */
typedef struct witbot_answer {
    /** One of the choices. */
    const char *choice;
    /** The id of who chose. */
    const char *user;
} witbot_answer;

/** What is asked. */
typedef struct witbot_question {
    /** At most 3,000 characters; with mentions, witbot_question::rich instead. */
    const char *text;
    const witbot_text *rich;
    /** 2 to 10, of 1 to 75 characters each. */
    const char *choices[10];
    /** People, or groups, who can answer instead of the one who caused the event, by id. Who answers for a group presses the
     * button. */
    const char *answered_by[50];
    /** Anybody can answer who can see it. */
    bool anyone;
} witbot_question;

/** Asks where the event was said, and waits for one of the choices. Errors: `timeout`, `invalid`, `rate-limited`,
 * `not-found` (nobody to ask: the event was not said in a chat), `denied` (it would notify everybody). */
witbot_result witbot_ask(const witbot_question *question, uint64_t timeout_ms, witbot_answer *answer);
/** Asks the person who caused this event for `Yes` or `No`, where it was said, and says whether it was `Yes`. No answer in
 * an hour is `No`. Errors: as witbot_ask(), without `timeout`. */
witbot_result witbot_confirm(const char *question, bool *yes);

/** An event that was waited for. */
typedef struct witbot_occurrence {
    const char *kind;
    const char *subject;
    int32_t handle;
} witbot_occurrence;

/** Waits for an event from outside, of one kind and about one subject, that came after the one that caused this run and was
 * not yet given to it. The plugin must be granted the subject, or the topic. Errors: `timeout`, `denied`, `invalid`. */
witbot_result witbot_await_event(const char *kind, const char *subject, uint64_t timeout_ms,
                                 witbot_occurrence *occurrence);
/** One value of its body, by JSON pointer, as witbot_field(). */
const char *witbot_occurrence_field(witbot_occurrence occurrence, const char *pointer);

/** A place in a line of runs. The run leaves the line when it ends, or before that by witbot_turn_leave(). */
typedef struct witbot_turn {
    int32_t handle;
} witbot_turn;

/** Lines this run up behind all other runs of this plugin that stand in the line of that name, of 1 to 256 bytes. One run at
 * a time has its turn. Errors: `invalid` (such a name), `rate-limited` (100 stand there already). */
witbot_result witbot_line_up(const char *line, witbot_turn *turn);
/** How many runs stood before this one when it was last told: 0 when it is its turn. */
uint32_t witbot_turn_ahead(witbot_turn turn);
/** Waits until fewer stand before this run, and says how many do. Errors: `timeout`, `not-found` (it has left the line). */
witbot_result witbot_turn_closer(witbot_turn turn, uint64_t timeout_ms, uint32_t *ahead);
/** Waits until it is this run's turn. */
witbot_result witbot_turn_wait(witbot_turn turn, uint64_t timeout_ms);
/** Leaves the line. */
witbot_result witbot_turn_leave(witbot_turn turn);
/** Cancels another run of this plugin, by its id, and says whether it was still to be canceled. */
witbot_result witbot_cancel(const char *run, bool *canceled);

/** @} */
/** @name Permission
 * @{ */

/** A name and what it stands for. */
typedef struct witbot_pair {
    const char *name;
    const char *value;
} witbot_pair;

/** Asks the operator's rules whether the person who gave this command may have it done, now that it is known what it comes
 * to: the subject names arguments as they are really meant. Answers when it may be done, and whether somebody was asked for
 * that; `asked` can be `NULL`. If somebody was, look again at what can have changed. For commands that
 * witbot_command::asks_permission. Errors: `denied` (with the rule, and who can), `timeout`, `canceled`, `invalid` (more
 * than 50 names, or too long). */
witbot_result witbot_demand(const witbot_pair *subject, size_t count, bool *asked);
/** Whether that person may give another command of this plugin, by its id: for deciding what to offer. Errors: `invalid` (no
 * such command, or as above), `unavailable`. */
witbot_result witbot_may(const char *command, const witbot_pair *arguments, size_t count, bool *may);

/** @} */
/** @name Settings and the log
 * @{ */

/** One setting, by JSON pointer (RFC 6901), such as `/apps/api/repository`. Strings come as they are, anything else as
 * JSON. `NULL` when there is nothing there. Never holds a secret: those are added by the bot where they are needed. */
const char *witbot_config_get(const char *pointer);
/** All settings. Errors: none that a plugin can cause. */
witbot_result witbot_config_settings(witbot_json **settings);
/** Says that a setting is wrong, by JSON pointer, and why, in a sentence of at most 500 characters. For
 * witbot_declaration::check_settings; anywhere else it is a line in the log. */
void witbot_reject(const char *pointer, const char *format, ...) WITBOT_FORMAT(2, 3);

/** How much a line in the log matters. */
typedef enum witbot_level {
    WITBOT_LOG_TRACE,
    WITBOT_LOG_DEBUG,
    WITBOT_LOG_INFO,
    WITBOT_LOG_WARN,
    WITBOT_LOG_ERROR,
} witbot_level;

/** Writes a line in the bot's log, for the operator. At most 64 KiB a run. Not written again when a run is resumed. */
void witbot_log(witbot_level level, const char *format, ...) WITBOT_FORMAT(2, 3);
/** Ends the run because of a mistake in the plugin, with the file and line in the log. */
#define WITBOT_BUG(...) witbot_bug(__FILE__, __LINE__, __VA_ARGS__)
_Noreturn void witbot_bug(const char *file, int line, const char *format, ...) WITBOT_FORMAT(3, 4);

/** @} */
/** @name kv: what a plugin remembers
 * It survives restarts, and new versions of the plugin. Grant: `kv = [{ max_bytes = 1048576 }]`. A key has 1 to 256 bytes, a
 * value at most 64 KiB. Errors: `denied`, `invalid` (a key or value of a wrong size, or a value that is not JSON),
 * `unavailable`, and where something is written `conflict` (the space is full).
 * @{ */

/** Where something is kept: #WITBOT_OWN, or a space that several plugins share. */
typedef struct witbot_space {
    bool shared;
    int32_t handle;
} witbot_space;

/** The space of this plugin alone. */
#define WITBOT_OWN ((witbot_space){false, 0})

/** Opens the space of a name, of at most 40 lower-case letters, digits and hyphens, beginning with a letter. Grant:
 * `kv = [{ namespace = "team" }]` to read it, and `write = true` in it to change it. Errors: `denied`, `invalid`. */
witbot_result witbot_kv_namespace(const char *name, witbot_space *space);
/** The value of a key, or `NULL`. */
witbot_result witbot_kv_get(witbot_space space, const char *key, witbot_json **value);
/** Sets a key. */
witbot_result witbot_kv_set(witbot_space space, const char *key, const witbot_json *value);
/** Removes a key, if it is there. */
witbot_result witbot_kv_delete(witbot_space space, const char *key);
/** Changes a value: gets what is there, or `NULL`, and returns what is to be there, such as the same value changed. */
typedef witbot_json *witbot_change(witbot_json *before, void *context);
/** Changes the value of a key. Nothing that other runs write meanwhile is lost: `change` is then called again, with what
 * they wrote. Errors: `conflict` (others wrote the key all the time). */
witbot_result witbot_kv_update(witbot_space space, const char *key, witbot_change *change, void *context);
/** The keys that begin with `prefix` and come after the key `after` (which can be `NULL`), in order of their bytes, at most
 * `limit`: 1 to 1,000. */
witbot_result witbot_kv_keys(witbot_space space, const char *prefix, const char *after, uint32_t limit,
                             witbot_texts *keys);
/** The value of a key, whatever it is; its `data` is `NULL` when there is no such key. */
witbot_result witbot_kv_get_bytes(witbot_space space, const char *key, witbot_bytes *value);
/** Sets a key to any value. */
witbot_result witbot_kv_set_bytes(witbot_space space, const char *key, witbot_bytes value);
/** Sets a key if its value is what is `expected` (`data` is `NULL`: there is no such key), and says whether it was. */
witbot_result witbot_kv_replace_bytes(witbot_space space, const char *key, witbot_bytes expected, witbot_bytes value,
                                      bool *replaced);

/** @} */
/** @name http: services on the web
 * Grant: `http = [{ host = "status.example.com", methods = ["GET"], path = "/api/" }]`. Redirects are not followed. A plugin
 * needs no tokens: the operator can have the bot add headers with secrets.
 * @{ */

/** A request. */
typedef struct witbot_request {
    /** `GET` unless set. */
    const char *method;
    const char *url;
    witbot_pair headers[32];
    /** At most 1 MiB; witbot_text_bytes() makes it of a text. */
    witbot_bytes body;
    /** 10 s unless set, 30 s at most. */
    uint64_t timeout_ms;
} witbot_request;

/** An answer. */
typedef struct witbot_response {
    /** None is an error of the call: see witbot_http_success(). */
    uint16_t status;
    /** At most 4 MiB. */
    witbot_bytes body;
    int32_t handle;
} witbot_response;

/** The bytes of a text. */
witbot_bytes witbot_text_bytes(const char *text);
/** Sends a request and reads the whole answer. At most 20 a run. Errors: `denied`, `invalid` (not an http address, too
 * large), `rate-limited`, `timeout`, `unavailable`, and `in-doubt` when the bot was stopped in the middle of it and the
 * method is neither `GET` nor `HEAD`. */
witbot_result witbot_http_send(const witbot_request *request, witbot_response *response);
/** Errors: `unavailable` (the status is not one of success, 200 to 299). */
witbot_result witbot_http_success(witbot_response response);
/** The first header of that name, in any case of letters, or `NULL`. */
const char *witbot_http_header(witbot_response response, const char *name);
/** How long it took until all of it was there, in milliseconds. */
uint64_t witbot_http_elapsed_ms(witbot_response response);
/** Until when the certificate is valid that the service showed, in milliseconds since 1970, UTC; 0 for `http`. */
uint64_t witbot_http_certificate_expires(witbot_response response);

/** @} */
/** @name topics: telling other plugins what happened, and being told
 * Nobody is called, and nobody answers: whoever has subscribed to `topic.NAME`, or waits for it by witbot_await_event(), is
 * told. So plugins work together that do not know each other. Grant: `topics = [{ name = "deployed" }]` to be told,
 * `topics = [{ name = "deployed", publish = true }]` to tell others as well.
 *
 * @code
 * static witbot_result deployed(witbot_event *event) {
 *     const char *commit = witbot_field(event, "/commit");
 *     witbot_json *body = witbot_json_object();
 *     witbot_json_set(body, "commit", witbot_json_text(commit ? commit : ""));
 *     return witbot_topics_publish("noted", witbot_event_subject(event), body);
 * }
 *
 * const witbot_declaration witbot_plugin = {
 *     .summary = "Notes what was deployed.",
 *     .version = "0.1.0",
 *     .subscriptions = WITBOT_SUBSCRIPTIONS({"topic.deployed", deployed}),
 * };
 * @endcode
 * @{ */

/** Publishes an event of the kind `topic.NAME`. The name is 1 to 40 small letters, digits and hyphens, with a letter first.
 * The subject, of 1 to 256 bytes, says what it is about, such as `api/production`: who waits for one, waits for its subject.
 * The body, of at most 64 KiB, is what witbot_field() looks into. It is told exactly once, also to the plugin itself if that
 * has subscribed. A topic that nobody has subscribed to is no error. Errors: `denied`, `invalid` (such a name, subject or
 * body), `rate-limited` (50 in this run, or 1,000 of this topic wait), `conflict` (plugins answer each other in
 * topics without an end). */
witbot_result witbot_topics_publish(const char *name, const char *subject, const witbot_json *body);

/** @} */

#include "witbot_services.h"

#endif
