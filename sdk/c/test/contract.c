#include "contract.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../generated/plugin.h"

struct contract contract;

static void tell(const char *format, ...) {
    size_t length = strlen(contract.told);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(contract.told + length, sizeof contract.told - length, format, arguments);
    va_end(arguments);
}

/* A text of the SDK for `%.*s`. */
#define SHOWN(text) (int)(text)->len, (const char *)(text)->ptr

/* Memory of its own, without a NUL behind it, so that reading too far is seen. */
static plugin_string_t given(const char *text) {
    size_t length = strlen(text);
    return (plugin_string_t){memcpy(malloc(length ? length : 1), text, length), length};
}

static bool refused(witbot_types_types_error_t *error, const char *code, const char *message) {
    *error = (witbot_types_types_error_t){given(code), given(message), {true, 1500}};
    return false;
}

void contract_describe(void) {
    exports_witbot_plugin_handler_describe((exports_witbot_plugin_handler_borrow_declaration_t){1});
}

const char *contract_handle(const char *handler) {
    contract.handler = handler;
    exports_witbot_plugin_handler_error_t error;
    if (exports_witbot_plugin_handler_handle((exports_witbot_plugin_handler_borrow_event_t){2}, &error)) return NULL;
    char *text = malloc(error.code.len + error.message.len + 3);
    sprintf(text, "%.*s: %.*s", SHOWN(&error.code), SHOWN(&error.message));
    /* As the bindings do once the bot has read it. */
    free(error.code.ptr);
    free(error.message.ptr);
    return text;
}

/* Declaration */

typedef witbot_plugin_declare_borrow_declaration_t declaration;
typedef witbot_plugin_declare_borrow_command_t command;

void witbot_plugin_declare_method_declaration_summary(declaration self, plugin_string_t *text) {
    (void)self;
    tell("summary %.*s\n", SHOWN(text));
}
void witbot_plugin_declare_method_declaration_version(declaration self, plugin_string_t *text) {
    (void)self;
    tell("version %.*s\n", SHOWN(text));
}
witbot_plugin_declare_own_command_t witbot_plugin_declare_method_declaration_command(
    declaration self, plugin_string_t *id, plugin_string_t *usage, plugin_string_t *summary) {
    (void)self, (void)summary;
    tell("command %.*s: %.*s\n", SHOWN(id), SHOWN(usage));
    return (witbot_plugin_declare_own_command_t){3};
}
void witbot_plugin_declare_method_command_example(command self, plugin_string_t *text) {
    (void)self;
    tell("  example %.*s\n", SHOWN(text));
}
void witbot_plugin_declare_method_command_details(command self, plugin_string_t *text) {
    (void)self;
    tell("  details %.*s\n", SHOWN(text));
}
void witbot_plugin_declare_method_command_dangerous(command self) {
    (void)self;
    tell("  dangerous\n");
}
void witbot_plugin_declare_method_command_asks_permission(command self) {
    (void)self;
    tell("  asks permission\n");
}
void witbot_plugin_declare_method_declaration_listener(declaration self, plugin_string_t *id, plugin_string_t *pattern,
                                                       plugin_string_t *summary) {
    (void)self, (void)summary;
    tell("listener %.*s: %.*s\n", SHOWN(id), SHOWN(pattern));
}
void witbot_plugin_declare_method_declaration_hubot_hear(declaration self, plugin_string_t *id,
                                                         plugin_string_t *pattern, plugin_string_t *flags,
                                                         plugin_string_t *summary) {
    (void)self, (void)summary;
    tell("hear %.*s: /%.*s/%.*s\n", SHOWN(id), SHOWN(pattern), SHOWN(flags));
}
void witbot_plugin_declare_method_declaration_hubot_respond(declaration self, plugin_string_t *id,
                                                            plugin_string_t *pattern, plugin_string_t *flags,
                                                            plugin_string_t *summary) {
    (void)self, (void)summary;
    tell("respond %.*s: /%.*s/%.*s\n", SHOWN(id), SHOWN(pattern), SHOWN(flags));
}
void witbot_plugin_declare_method_declaration_subscribe(declaration self, plugin_string_t *id, plugin_string_t *kind) {
    (void)self;
    tell("subscribe %.*s: %.*s\n", SHOWN(id), SHOWN(kind));
}
void witbot_plugin_declare_method_declaration_schedule(declaration self, plugin_string_t *id, plugin_string_t *when,
                                                       plugin_string_t *summary) {
    (void)self, (void)summary;
    tell("schedule %.*s: %.*s\n", SHOWN(id), SHOWN(when));
}
void witbot_plugin_declare_method_declaration_webhook(declaration self, plugin_string_t *id, plugin_string_t *name,
                                                      plugin_string_t *summary) {
    (void)self, (void)summary;
    tell("webhook %.*s: %.*s\n", SHOWN(id), SHOWN(name));
}
void witbot_plugin_declare_method_declaration_checks_settings(declaration self, plugin_string_t *id) {
    (void)self;
    tell("checks settings %.*s\n", SHOWN(id));
}
void witbot_plugin_declare_method_declaration_migrates(declaration self, plugin_string_t *id) {
    (void)self;
    tell("migrates %.*s\n", SHOWN(id));
}
void witbot_plugin_declare_method_declaration_setting(declaration self, plugin_string_t *name,
                                                      plugin_string_t *summary, bool required) {
    (void)self, (void)summary;
    tell("setting %.*s%s\n", SHOWN(name), required ? " required" : "");
}
void witbot_plugin_declare_method_declaration_wants(declaration self, plugin_string_t *name, plugin_string_t *reason) {
    (void)self;
    tell("wants %.*s: %.*s\n", SHOWN(name), SHOWN(reason));
}
void witbot_plugin_declare_method_declaration_can_use(declaration self, plugin_string_t *name,
                                                      plugin_string_t *reason) {
    (void)self;
    tell("can use %.*s: %.*s\n", SHOWN(name), SHOWN(reason));
}
void witbot_plugin_declare_declaration_drop_borrow(declaration handle) { (void)handle; }
void witbot_plugin_declare_command_drop_own(witbot_plugin_declare_own_command_t handle) { (void)handle; }

/* Events and messages */

typedef witbot_plugin_events_borrow_event_t event;

void witbot_plugin_events_method_event_handler(event self, plugin_string_t *handler) {
    (void)self;
    *handler = given(contract.handler);
}
bool witbot_plugin_events_method_event_argument(event self, plugin_string_t *name, plugin_string_t *argument) {
    (void)self;
    if (contract.argument == NULL || name->len != 5 || memcmp(name->ptr, "value", 5) != 0) return false;
    *argument = given(contract.argument);
    return true;
}
bool witbot_plugin_events_method_event_reply(event self, plugin_string_t *text,
                                             witbot_plugin_events_own_message_t *message,
                                             witbot_plugin_events_error_t *error) {
    (void)self;
    if (text->len == 0) return refused(error, "invalid", "there is nothing to say");
    tell("reply %.*s\n", SHOWN(text));
    *message = (witbot_plugin_events_own_message_t){4};
    return true;
}
void witbot_plugin_events_event_drop_borrow(event handle) { (void)handle; }
void witbot_chat_messages_message_drop_own(witbot_chat_messages_own_message_t handle) { (void)handle; }

/* Settings and the log */

void witbot_config_config_document(plugin_string_t *document) { *document = given("{\"limit\": 0}"); }
void witbot_config_config_reject(plugin_string_t *pointer, plugin_string_t *reason) {
    tell("reject %.*s: %.*s\n", SHOWN(pointer), SHOWN(reason));
}
void witbot_log_log_write(witbot_log_log_level_t level, plugin_string_t *message) {
    tell("log %d %.*s\n", level, SHOWN(message));
}

/* Questions */

witbot_chat_content_own_text_t witbot_chat_content_constructor_text(plugin_string_t *words) {
    tell("text %.*s\n", SHOWN(words));
    return (witbot_chat_content_own_text_t){5};
}
witbot_flow_flow_own_question_t witbot_flow_flow_constructor_question(witbot_flow_flow_borrow_text_t text) {
    (void)text;
    return (witbot_flow_flow_own_question_t){6};
}
void witbot_flow_flow_method_question_choice(witbot_flow_flow_borrow_question_t self, plugin_string_t *text) {
    (void)self;
    tell("choice %.*s\n", SHOWN(text));
}
void witbot_flow_flow_method_question_answered_by(witbot_flow_flow_borrow_question_t self, plugin_string_t *user) {
    (void)self;
    tell("answered by %.*s\n", SHOWN(user));
}
void witbot_flow_flow_method_question_anyone(witbot_flow_flow_borrow_question_t self) {
    (void)self;
    tell("anyone\n");
}
bool witbot_flow_flow_method_question_ask(witbot_flow_flow_borrow_question_t self, uint64_t timeout_ms,
                                          witbot_flow_flow_own_answer_t *answer, witbot_flow_flow_error_t *error) {
    (void)self, (void)timeout_ms;
    if (contract.answer == NULL) return refused(error, "timeout", "nobody answered");
    *answer = (witbot_flow_flow_own_answer_t){7};
    return true;
}
void witbot_flow_flow_method_answer_choice(witbot_flow_flow_borrow_answer_t self, plugin_string_t *choice) {
    (void)self;
    *choice = given(contract.answer);
}
void witbot_flow_flow_method_answer_user(witbot_flow_flow_borrow_answer_t self, plugin_string_t *user) {
    (void)self;
    *user = given("U1");
}

/* What is kept */

bool witbot_kv_kv_get(plugin_string_t *key, plugin_option_list_u8_t *value, witbot_kv_kv_error_t *error) {
    if (key->len == 0) return refused(error, "invalid", "a key has 1 to 256 bytes");
    *value = (plugin_option_list_u8_t){0};
    if (contract.kept == NULL) return true;
    plugin_string_t kept = given(contract.kept);
    *value = (plugin_option_list_u8_t){true, {kept.ptr, kept.len}};
    return true;
}
bool witbot_kv_kv_replace(plugin_string_t *key, plugin_list_u8_t *expected, plugin_list_u8_t *value, bool *replaced,
                          witbot_kv_kv_error_t *error) {
    (void)key, (void)error;
    if (contract.meanwhile && *contract.meanwhile) contract.kept = *contract.meanwhile++;
    *replaced = expected == NULL ? contract.kept == NULL
                                 : contract.kept != NULL && strlen(contract.kept) == expected->len &&
                                       memcmp(contract.kept, expected->ptr, expected->len) == 0;
    if (*replaced) contract.kept = strndup((const char *)value->ptr, value->len);
    return true;
}

/* Messages, topics and answers of the web */

bool witbot_chat_messages_static_message_find(plugin_string_t *id, witbot_chat_messages_own_message_t *message,
                                              witbot_chat_messages_error_t *error) {
    tell("find %.*s\n", SHOWN(id));
    if (id->len == 0) return refused(error, "not-found", "no such message");
    *message = (witbot_chat_messages_own_message_t){4};
    return true;
}
bool witbot_topics_topics_publish(plugin_string_t *name, plugin_string_t *subject, plugin_string_t *body,
                                  witbot_topics_topics_error_t *error) {
    if (name->len == 0) return refused(error, "invalid", "a topic has a name");
    tell("publish %.*s of %.*s: %.*s\n", SHOWN(name), SHOWN(subject), SHOWN(body));
    return true;
}
uint64_t witbot_http_http_method_response_elapsed(witbot_http_http_borrow_response_t self) {
    (void)self;
    return 250;
}
bool witbot_http_http_method_response_certificate_expires(witbot_http_http_borrow_response_t self, uint64_t *expires) {
    (void)self;
    if (contract.expires) *expires = contract.expires;
    return contract.expires != 0;
}

/* Recent runs: of the first the provider says everything, of all others the least */

typedef witbot_ci_ci_borrow_recent_run_t recent;

static bool known(recent self, plugin_string_t *text, const char *value) {
    if (self.__handle == 1) *text = given(value);
    return self.__handle == 1;
}

bool witbot_ci_ci_method_project_recent(witbot_ci_ci_borrow_project_t self, uint32_t limit,
                                        witbot_ci_ci_list_own_recent_run_t *runs, witbot_ci_ci_error_t *error) {
    (void)self;
    if (limit == 0) return refused(error, "denied", "it was not granted");
    *runs = (witbot_ci_ci_list_own_recent_run_t){malloc(limit * sizeof *runs->ptr), limit};
    for (uint32_t index = 0; index < limit; index++)
        runs->ptr[index] = (witbot_ci_ci_own_recent_run_t){(int32_t)index + 1};
    return true;
}
void witbot_ci_ci_method_recent_run_id(recent self, plugin_string_t *id) {
    *id = given(self.__handle == 1 ? "r1" : "r2");
}
bool witbot_ci_ci_method_recent_run_number(recent self, uint64_t *number) {
    *number = 7;
    return self.__handle == 1;
}
void witbot_ci_ci_method_recent_run_url(recent self, plugin_string_t *url) {
    (void)self;
    *url = given("https://ci.example.com");
}
void witbot_ci_ci_method_recent_run_title(recent self, plugin_string_t *title) {
    *title = given(self.__handle == 1 ? "build" : "");
}
bool witbot_ci_ci_method_recent_run_reference(recent self, plugin_string_t *reference) {
    return known(self, reference, "main");
}
bool witbot_ci_ci_method_recent_run_commit(recent self, plugin_string_t *commit) {
    return known(self, commit, "c0ffee");
}
bool witbot_ci_ci_method_recent_run_actor(recent self, plugin_string_t *actor) { return known(self, actor, "ada"); }
void witbot_ci_ci_method_recent_run_phase(recent self, plugin_string_t *phase) {
    (void)self;
    *phase = given("running");
}
uint64_t witbot_ci_ci_method_recent_run_created_at(recent self) { return (uint64_t)self.__handle * 1000; }
void witbot_ci_ci_recent_run_drop_own(witbot_ci_ci_own_recent_run_t handle) { tell("drop run %d\n", handle.__handle); }
