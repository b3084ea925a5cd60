/* The parts of the SDK that every plugin has: errors, texts, events, contents, chat, flow, permission, settings and the
 * log; and what the bot calls. */
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How long somebody may take to say yes. */
#define CONFIRMED_WITHIN WITBOT_HOURS(1)

/* Texts */

void *witbot_allocate(size_t count, size_t size) {
    void *memory = calloc(count ? count : 1, size ? size : 1);
    if (memory == NULL) WITBOT_BUG("there is no more memory for %zu times %zu bytes", count, size);
    return memory;
}

const char *witbot_formatted(const char *format, va_list arguments) {
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0) WITBOT_BUG("this cannot be formatted: %s", format);
    char *text = witbot_allocate((size_t)length + 1, 1);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    return text;
}

const char *witbot_format(const char *format, ...) {
    const char *text;
    FORMATTED(text, format);
    return text;
}

bool witbot_equals(const char *one, const char *other) {
    if (one == NULL || other == NULL) return one == other;
    return strcmp(one, other) == 0;
}

bool witbot_begins_with(const char *text, const char *beginning) {
    return text != NULL && strncmp(text, beginning, strlen(beginning)) == 0;
}

const char *witbot_join(witbot_texts texts, const char *between) {
    size_t size = 1;
    for (size_t index = 0; index < texts.count; index++) size += strlen(texts.items[index]) + strlen(between);
    char *joined = witbot_allocate(size, 1), *end = joined;
    for (size_t index = 0; index < texts.count; index++) {
        if (index > 0) end = stpcpy(end, between);
        end = stpcpy(end, texts.items[index]);
    }
    return joined;
}

witbot_bytes witbot_text_bytes(const char *text) {
    return (witbot_bytes){(const uint8_t *)text, strlen(text)};
}

plugin_string_t witbot_lowered(const char *text) {
    /* The bindings do not change what they are given; they only lack the `const`. */
    return text == NULL ? (plugin_string_t){(uint8_t *)"", 0}
                        : (plugin_string_t){(uint8_t *)text, strlen(text)};
}

const char *witbot_lifted(plugin_string_t text) {
    char *lifted = witbot_allocate(text.len + 1, 1);
    for (size_t index = 0; index < text.len; index++) lifted[index] = text.ptr[index] ? (char)text.ptr[index] : ' ';
    return lifted;
}

const char *witbot_lifted_option(plugin_option_string_t option) {
    return option.is_some ? witbot_lifted(option.val) : NULL;
}

witbot_texts witbot_lifted_list(plugin_list_string_t list) {
    const char **items = witbot_allocate(list.len, sizeof *items);
    for (size_t index = 0; index < list.len; index++) items[index] = witbot_lifted(list.ptr[index]);
    return (witbot_texts){items, list.len};
}

plugin_list_tuple2_string_string_t witbot_lowered_pairs(const witbot_pair *pairs, size_t count) {
    plugin_tuple2_string_string_t *lowered = witbot_allocate(count, sizeof *lowered);
    for (size_t index = 0; index < count; index++)
        lowered[index] = (plugin_tuple2_string_string_t){
            witbot_lowered(pairs[index].name), witbot_lowered(pairs[index].value)};
    return (plugin_list_tuple2_string_string_t){lowered, count};
}

/* Errors */

static const char *const codes[] = {
    [WITBOT_DENIED] = "denied",
    [WITBOT_NOT_FOUND] = "not-found",
    [WITBOT_INVALID] = "invalid",
    [WITBOT_CONFLICT] = "conflict",
    [WITBOT_RATE_LIMITED] = "rate-limited",
    [WITBOT_TIMEOUT] = "timeout",
    [WITBOT_UNAVAILABLE] = "unavailable",
    [WITBOT_IN_DOUBT] = "in-doubt",
    [WITBOT_CANCELED] = "canceled",
    [WITBOT_OTHER] = "other",
};

static witbot_code code_of(const char *text) {
    for (witbot_code code = WITBOT_DENIED; code < WITBOT_OTHER; code++)
        if (strcmp(codes[code], text) == 0) return code;
    return WITBOT_OTHER;
}

static witbot_result failed(witbot_failure failure) {
    witbot_failure *kept = witbot_allocate(1, sizeof *kept);
    *kept = failure;
    return (witbot_result){kept};
}

witbot_result witbot_error(witbot_code code, const char *format, ...) {
    const char *message;
    FORMATTED(message, format);
    return failed((witbot_failure){.code = code, .code_text = codes[code], .message = message});
}

witbot_result witbot_lifted_result(bool done, const contract_error *error) {
    if (done) return WITBOT_OK;
    const char *code = witbot_lifted(error->code);
    return failed((witbot_failure){
        .code = code_of(code),
        .code_text = code,
        .message = witbot_lifted(error->message),
        .retry_after_ms = error->retry_after_ms.is_some ? error->retry_after_ms.val : 0,
    });
}

/* Events */


/* A getter that always has a text, and one that may have none. */
#define GETTER(name, method)                                                                                           \
    const char *name(witbot_event *event) {                                                                            \
        plugin_string_t text;                                                                                          \
        method(event->raw, &text);                                                                                     \
        return witbot_lifted(text);                                                                                    \
    }
#define GETTER_OF_OPTION(name, method)                                                                                 \
    const char *name(witbot_event *event) {                                                                            \
        plugin_string_t text;                                                                                          \
        return method(event->raw, &text) ? witbot_lifted(text) : NULL;                                                 \
    }

GETTER(witbot_event_id, witbot_plugin_events_method_event_id)
GETTER(witbot_event_kind, witbot_plugin_events_method_event_kind)
GETTER(witbot_event_handler, witbot_plugin_events_method_event_handler)
GETTER(witbot_event_text, witbot_plugin_events_method_event_text)
GETTER(witbot_event_subject, witbot_plugin_events_method_event_subject)
GETTER_OF_OPTION(witbot_event_user, witbot_plugin_events_method_event_user)
GETTER_OF_OPTION(witbot_event_channel, witbot_plugin_events_method_event_channel)

const char *witbot_event_user_name(witbot_event *event) {
    plugin_string_t name;
    return witbot_plugin_events_method_event_user_name(event->raw, &name) ? witbot_lifted(name) : "somebody";
}

witbot_result witbot_event_user_standing(witbot_event *event, const char **standing) {
    plugin_option_string_t found;
    contract_error error;
    WITBOT_TRY(
        witbot_lifted_result(witbot_plugin_events_method_event_user_standing(event->raw, &found, &error), &error));
    *standing = witbot_lifted_option(found);
    return WITBOT_OK;
}

witbot_result witbot_event_user_github_login(witbot_event *event, const char **login) {
    plugin_option_string_t found;
    contract_error error;
    WITBOT_TRY(
        witbot_lifted_result(witbot_plugin_events_method_event_user_github_login(event->raw, &found, &error), &error));
    *login = witbot_lifted_option(found);
    return WITBOT_OK;
}

bool witbot_event_is_direct(witbot_event *event) { return witbot_plugin_events_method_event_direct(event->raw); }

const char *witbot_argument(witbot_event *event, const char *name) {
    plugin_string_t text;
    return witbot_plugin_events_method_event_argument(event->raw, TEXT(name), &text) ? witbot_lifted(text) : NULL;
}

const char *witbot_field(witbot_event *event, const char *pointer) {
    plugin_string_t text;
    return witbot_plugin_events_method_event_field(event->raw, TEXT(pointer), &text) ? witbot_lifted(text) : NULL;
}

witbot_result witbot_required(witbot_event *event, const char *name, const char **text) {
    *text = witbot_argument(event, name);
    return *text ? WITBOT_OK : witbot_error(WITBOT_INVALID, "`%s` is missing", name);
}

/* What an argument is not. */
static witbot_result unlike(const char *name, const char *text, const char *kind) {
    return witbot_error(WITBOT_INVALID, "`%s` cannot be `%s`: that is not %s", name, text, kind);
}

witbot_result witbot_integer(witbot_event *event, const char *name, int64_t otherwise, int64_t *value) {
    const char *text = witbot_argument(event, name);
    *value = otherwise;
    if (text == NULL) return WITBOT_OK;
    char *end;
    errno = 0;
    *value = strtoll(text, &end, 10);
    return *text && !*end && errno == 0 ? WITBOT_OK : unlike(name, text, "an integer");
}

witbot_result witbot_number(witbot_event *event, const char *name, double otherwise, double *value) {
    const char *text = witbot_argument(event, name);
    *value = otherwise;
    if (text == NULL) return WITBOT_OK;
    char *end;
    *value = strtod(text, &end);
    return *text && !*end ? WITBOT_OK : unlike(name, text, "a number");
}

witbot_result witbot_boolean(witbot_event *event, const char *name, bool otherwise, bool *value) {
    const char *text = witbot_argument(event, name);
    *value = text ? witbot_equals(text, "true") : otherwise;
    return text == NULL || *value || witbot_equals(text, "false") ? WITBOT_OK : unlike(name, text, "`true` or `false`");
}

/* A message that was written, for whoever wants it. */
static witbot_result written(bool done, witbot_chat_messages_own_message_t raw, const contract_error *error,
                             witbot_message *message) {
    WITBOT_TRY(witbot_lifted_result(done, error));
    if (message == NULL)
        witbot_chat_messages_message_drop_own(raw);
    else
        message->handle = raw.__handle;
    return WITBOT_OK;
}

static witbot_chat_content_borrow_content_t borrowed(witbot_content content) {
    return (witbot_chat_content_borrow_content_t){content.handle};
}

witbot_result witbot_reply(witbot_event *event, const char *format, ...) {
    const char *text;
    FORMATTED(text, format);
    witbot_chat_messages_own_message_t raw;
    contract_error error;
    bool done = witbot_plugin_events_method_event_reply(event->raw, TEXT(text), &raw, &error);
    return written(done, raw, &error, NULL);
}

witbot_result witbot_reply_with(witbot_event *event, witbot_content content, witbot_message *message) {
    witbot_chat_messages_own_message_t raw;
    contract_error error;
    bool done = witbot_plugin_events_method_event_reply_with(event->raw, borrowed(content), &raw, &error);
    return written(done, raw, &error, message);
}

witbot_result witbot_reply_in_thread(witbot_event *event, witbot_content content, witbot_message *message) {
    witbot_chat_messages_own_message_t raw;
    contract_error error;
    bool done = witbot_plugin_events_method_event_reply_in_thread(event->raw, borrowed(content), &raw, &error);
    return written(done, raw, &error, message);
}

witbot_result witbot_whisper(witbot_event *event, witbot_content content) {
    contract_error error;
    return witbot_lifted_result(
        witbot_plugin_events_method_event_whisper(event->raw, borrowed(content), &error), &error);
}

witbot_result witbot_react(witbot_event *event, const char *emoji) {
    contract_error error;
    return witbot_lifted_result(witbot_plugin_events_method_event_react(event->raw, TEXT(emoji), &error), &error);
}

/* Contents */

static witbot_chat_content_borrow_text_t text_raw(witbot_text text) {
    return (witbot_chat_content_borrow_text_t){text.handle};
}

static witbot_chat_content_borrow_card_t card_raw(witbot_card card) {
    return (witbot_chat_content_borrow_card_t){card.handle};
}

witbot_text witbot_text_new(const char *words) {
    return (witbot_text){witbot_chat_content_constructor_text(TEXT(words)).__handle};
}

void witbot_text_plain(witbot_text text, const char *words) {
    witbot_chat_content_method_text_plain(text_raw(text), TEXT(words));
}

void witbot_text_code(witbot_text text, const char *words) {
    witbot_chat_content_method_text_code(text_raw(text), TEXT(words));
}

void witbot_text_link(witbot_text text, const char *label, const char *url) {
    witbot_chat_content_method_text_link(text_raw(text), TEXT(label), TEXT(url));
}

void witbot_text_user(witbot_text text, const char *id) {
    witbot_chat_content_method_text_user(text_raw(text), TEXT(id));
}

void witbot_text_channel(witbot_text text, const char *id) {
    witbot_chat_content_method_text_channel(text_raw(text), TEXT(id));
}

void witbot_text_group(witbot_text text, const char *id) {
    witbot_chat_content_method_text_group(text_raw(text), TEXT(id));
}

void witbot_text_everyone(witbot_text text, const char *audience) {
    witbot_chat_content_method_text_everyone(text_raw(text), TEXT(audience));
}

witbot_card witbot_card_new(const char *title) {
    return (witbot_card){witbot_chat_content_constructor_card(TEXT(title)).__handle};
}

void witbot_card_state(witbot_card card, const char *state) {
    witbot_chat_content_method_card_state(card_raw(card), TEXT(state));
}

void witbot_card_text(witbot_card card, witbot_text text) {
    witbot_chat_content_method_card_text(card_raw(card), text_raw(text));
}

void witbot_card_field(witbot_card card, const char *name, const char *value) {
    witbot_card_field_with(card, name, witbot_text_new(value));
}

void witbot_card_field_with(witbot_card card, const char *name, witbot_text value) {
    witbot_chat_content_method_card_field(card_raw(card), TEXT(name), text_raw(value));
}

void witbot_card_link(witbot_card card, const char *label, const char *url) {
    witbot_chat_content_method_card_link(card_raw(card), TEXT(label), TEXT(url));
}

void witbot_card_button(witbot_card card, const char *label, const char *command, const char *style) {
    witbot_chat_content_method_card_button(card_raw(card), TEXT(label), TEXT(command), TEXT(style));
}

void witbot_card_menu(witbot_card card, const char *label, const witbot_choice *choices, size_t count) {
    witbot_pair *pairs = witbot_allocate(count, sizeof *pairs);
    for (size_t index = 0; index < count; index++)
        pairs[index] = (witbot_pair){choices[index].label, choices[index].command};
    plugin_list_tuple2_string_string_t commands = witbot_lowered_pairs(pairs, count);
    witbot_chat_content_method_card_menu(card_raw(card), TEXT(label), &commands);
}

void witbot_card_footer(witbot_card card, witbot_text text) {
    witbot_chat_content_method_card_footer(card_raw(card), text_raw(text));
}

witbot_content witbot_plain(const char *format, ...) {
    const char *text;
    FORMATTED(text, format);
    return (witbot_content){witbot_chat_content_constructor_content(TEXT(text)).__handle};
}

witbot_content witbot_rich(witbot_text text) {
    return (witbot_content){witbot_chat_content_static_content_rich(text_raw(text)).__handle};
}

witbot_content witbot_card_content(witbot_card card) {
    return (witbot_content){witbot_chat_content_static_content_card(card_raw(card)).__handle};
}

/* Messages and chat */

static witbot_chat_messages_borrow_message_t message_raw(witbot_message message) {
    return (witbot_chat_messages_borrow_message_t){message.handle};
}

witbot_result witbot_message_find(const char *id, witbot_message *message) {
    witbot_chat_messages_own_message_t raw;
    contract_error error;
    bool done = witbot_chat_messages_static_message_find(TEXT(id), &raw, &error);
    return written(done, raw, &error, message);
}

const char *witbot_message_id(witbot_message message) {
    plugin_string_t id;
    witbot_chat_messages_method_message_id(message_raw(message), &id);
    return witbot_lifted(id);
}

witbot_result witbot_message_edit(witbot_message message, witbot_content content) {
    contract_error error;
    return witbot_lifted_result(
        witbot_chat_messages_method_message_edit_with(message_raw(message), borrowed(content), &error), &error);
}

witbot_result witbot_message_reply(witbot_message message, witbot_content content, witbot_message *reply) {
    witbot_chat_messages_own_message_t raw;
    contract_error error;
    bool done = witbot_chat_messages_method_message_reply_with(message_raw(message), borrowed(content), &raw, &error);
    return written(done, raw, &error, reply);
}

witbot_result witbot_message_delete(witbot_message message) {
    contract_error error;
    return witbot_lifted_result(witbot_chat_messages_method_message_delete(message_raw(message), &error), &error);
}

witbot_result witbot_message_react(witbot_message message, const char *emoji) {
    contract_error error;
    return witbot_lifted_result(
        witbot_chat_messages_method_message_react(message_raw(message), TEXT(emoji), &error), &error);
}

witbot_result witbot_chat_post(const char *channel, const char *format, ...) {
    const char *text;
    FORMATTED(text, format);
    witbot_chat_messages_own_message_t raw;
    contract_error error;
    bool done = witbot_chat_chat_post(TEXT(channel), TEXT(text), &raw, &error);
    return written(done, raw, &error, NULL);
}

witbot_result witbot_chat_post_with(const char *channel, witbot_content content, witbot_message *message) {
    witbot_chat_messages_own_message_t raw;
    contract_error error;
    bool done = witbot_chat_chat_post_with(TEXT(channel), borrowed(content), &raw, &error);
    return written(done, raw, &error, message);
}

witbot_result witbot_chat_direct(const char *user, witbot_content content, witbot_message *message) {
    witbot_chat_messages_own_message_t raw;
    contract_error error;
    bool done = witbot_chat_chat_direct(TEXT(user), borrowed(content), &raw, &error);
    return written(done, raw, &error, message);
}

/* Flow */

uint64_t witbot_now(void) { return witbot_flow_flow_now(); }

uint64_t witbot_random(void) { return witbot_flow_flow_random(); }

witbot_result witbot_sleep(uint64_t milliseconds) {
    contract_error error;
    return witbot_lifted_result(witbot_flow_flow_sleep(milliseconds, &error), &error);
}

witbot_result witbot_ask(const witbot_question *question, uint64_t timeout_ms, witbot_answer *answer) {
    witbot_text text = question->rich ? *question->rich : witbot_text_new(question->text);
    witbot_flow_flow_borrow_question_t raw = {witbot_flow_flow_constructor_question(text_raw(text)).__handle};
    for (size_t index = 0; index < ROOM(question->choices) && question->choices[index]; index++)
        witbot_flow_flow_method_question_choice(raw, TEXT(question->choices[index]));
    for (size_t index = 0; index < ROOM(question->answered_by) && question->answered_by[index]; index++)
        witbot_flow_flow_method_question_answered_by(raw, TEXT(question->answered_by[index]));
    if (question->anyone) witbot_flow_flow_method_question_anyone(raw);

    witbot_flow_flow_own_answer_t given;
    contract_error error;
    WITBOT_TRY(
        witbot_lifted_result(witbot_flow_flow_method_question_ask(raw, timeout_ms, &given, &error), &error));
    plugin_string_t choice, user;
    witbot_flow_flow_method_answer_choice((witbot_flow_flow_borrow_answer_t){given.__handle}, &choice);
    witbot_flow_flow_method_answer_user((witbot_flow_flow_borrow_answer_t){given.__handle}, &user);
    *answer = (witbot_answer){.choice = witbot_lifted(choice), .user = witbot_lifted(user)};
    return WITBOT_OK;
}

witbot_result witbot_confirm(const char *question, bool *yes) {
    witbot_answer answer = {0};
    witbot_result asked =
        witbot_ask(&(witbot_question){.text = question, .choices = {"Yes", "No"}}, CONFIRMED_WITHIN, &answer);
    *yes = !witbot_failed(asked) && witbot_equals(answer.choice, "Yes");
    return witbot_failed_with(asked, WITBOT_TIMEOUT) ? WITBOT_OK : asked;
}

witbot_result witbot_await_event(const char *kind, const char *subject, uint64_t timeout_ms,
                                 witbot_occurrence *occurrence) {
    witbot_flow_flow_own_occurrence_t raw;
    contract_error error;
    WITBOT_TRY(witbot_lifted_result(
        witbot_flow_flow_await_event(TEXT(kind), TEXT(subject), timeout_ms, &raw, &error), &error));
    *occurrence = (witbot_occurrence){.kind = kind, .subject = subject, .handle = raw.__handle};
    return WITBOT_OK;
}

const char *witbot_occurrence_field(witbot_occurrence occurrence, const char *pointer) {
    plugin_string_t text;
    witbot_flow_flow_borrow_occurrence_t raw = {occurrence.handle};
    return witbot_flow_flow_method_occurrence_field(raw, TEXT(pointer), &text) ? witbot_lifted(text) : NULL;
}

witbot_result witbot_line_up(const char *line, witbot_turn *turn) {
    witbot_flow_flow_own_turn_t raw;
    contract_error error;
    WITBOT_TRY(witbot_lifted_result(witbot_flow_flow_line_up(TEXT(line), &raw, &error), &error));
    turn->handle = raw.__handle;
    return WITBOT_OK;
}

uint32_t witbot_turn_ahead(witbot_turn turn) {
    return witbot_flow_flow_method_turn_ahead((witbot_flow_flow_borrow_turn_t){turn.handle});
}

witbot_result witbot_turn_closer(witbot_turn turn, uint64_t timeout_ms, uint32_t *ahead) {
    contract_error error;
    witbot_flow_flow_borrow_turn_t raw = {turn.handle};
    return witbot_lifted_result(witbot_flow_flow_method_turn_closer(raw, timeout_ms, ahead, &error), &error);
}

witbot_result witbot_turn_wait(witbot_turn turn, uint64_t timeout_ms) {
    uint64_t start = witbot_now();
    for (uint32_t ahead = witbot_turn_ahead(turn); ahead > 0;) {
        uint64_t waited = witbot_now() - start;
        if (waited >= timeout_ms)
            return witbot_error(WITBOT_TIMEOUT, "%lu runs are still before this one", (unsigned long)ahead);
        WITBOT_TRY(witbot_turn_closer(turn, timeout_ms - waited, &ahead));
    }
    return WITBOT_OK;
}

witbot_result witbot_turn_leave(witbot_turn turn) {
    contract_error error;
    witbot_flow_flow_borrow_turn_t raw = {turn.handle};
    return witbot_lifted_result(witbot_flow_flow_method_turn_leave(raw, &error), &error);
}

witbot_result witbot_cancel(const char *run, bool *canceled) {
    contract_error error;
    return witbot_lifted_result(witbot_flow_flow_cancel(TEXT(run), canceled, &error), &error);
}

/* Permission */

witbot_result witbot_demand(const witbot_pair *subject, size_t count, bool *asked) {
    plugin_list_tuple2_string_string_t pairs = witbot_lowered_pairs(subject, count);
    contract_error error;
    bool ignored;
    bool *answer = asked ? asked : &ignored;
    return witbot_lifted_result(witbot_flow_permission_demand(&pairs, answer, &error), &error);
}

witbot_result witbot_may(const char *command, const witbot_pair *arguments, size_t count, bool *may) {
    plugin_list_tuple2_string_string_t pairs = witbot_lowered_pairs(arguments, count);
    contract_error error;
    return witbot_lifted_result(witbot_flow_permission_may(TEXT(command), &pairs, may, &error), &error);
}

/* Settings and the log */

const char *witbot_config_get(const char *pointer) {
    plugin_string_t text;
    return witbot_config_config_get(TEXT(pointer), &text) ? witbot_lifted(text) : NULL;
}

witbot_result witbot_config_settings(witbot_json **settings) {
    plugin_string_t document;
    witbot_config_config_document(&document);
    return witbot_json_parse(witbot_lifted(document), settings);
}

void witbot_reject(const char *pointer, const char *format, ...) {
    const char *reason;
    FORMATTED(reason, format);
    witbot_config_config_reject(TEXT(pointer), TEXT(reason));
}

void witbot_log(witbot_level level, const char *format, ...) {
    const char *line;
    FORMATTED(line, format);
    witbot_log_log_write((witbot_log_log_level_t)level, TEXT(line));
}

_Noreturn void witbot_bug(const char *file, int line, const char *format, ...) {
    /* Without memory of its own: it may be what is missing. */
    char text[1024];
    int length = snprintf(text, sizeof text, "%s:%d: ", file, line);
    if (length < 0 || (size_t)length >= sizeof text) length = 0;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + length, sizeof text - (size_t)length, format, arguments);
    va_end(arguments);
    witbot_log_log_write(WITBOT_LOG_LOG_LEVEL_ERROR, TEXT(text));
    abort();
}
