/* The SDK's own logic, against a contract of its own; built for this machine, and run with the address sanitizer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../witbot.h"
#include "contract.h"

static int failures;

static void check_text(const char *file, int line, const char *is, const char *wanted) {
    if (witbot_equals(is, wanted)) return;
    failures++;
    printf("%s:%d: it is\n%s\nand should be\n%s\n", file, line, is ? is : "(none)", wanted ? wanted : "(none)");
}

#define SAME(is, wanted) check_text(__FILE__, __LINE__, is, wanted)
#define HOLDS(what) SAME((what) ? "true" : "false: " #what, "true")

/* A plugin that has one of each */

static witbot_result fail(witbot_event *event) {
    (void)event;
    return witbot_error(WITBOT_NOT_FOUND, "no such app: %s", "api");
}

static witbot_result empty(witbot_event *event) { return witbot_reply(event, "%s", ""); }

static witbot_result parse(witbot_event *event) {
    int64_t integer;
    bool yes;
    double number;
    if (!witbot_failed(witbot_boolean(event, "value", false, &yes)))
        return witbot_reply(event, "%s", yes ? "yes" : "no");
    if (!witbot_failed(witbot_integer(event, "value", 0, &integer)))
        return witbot_reply(event, "integer %lld", (long long)integer);
    WITBOT_TRY(witbot_number(event, "value", 0, &number));
    return witbot_reply(event, "number %g", number);
}

static witbot_result confirm(witbot_event *event) {
    bool yes;
    WITBOT_TRY(witbot_confirm("Sure?", &yes));
    return witbot_reply(event, yes ? "Done." : "Kept.");
}

static witbot_json *one_more(witbot_json *before, void *context) {
    ++*(int *)context;
    witbot_json *after = before ? before : witbot_json_object();
    witbot_json_set(after, "count", witbot_json_integer(witbot_json_get_integer(after, "count", 0) + 1));
    return after;
}

static witbot_result count(witbot_event *event) {
    int changes = 0;
    WITBOT_TRY(witbot_kv_update(WITBOT_OWN, "count", one_more, &changes));
    return witbot_reply(event, "%d", changes);
}

static witbot_result look(const witbot_json *settings) {
    if (witbot_json_get_integer(settings, "limit", 1) < 1) witbot_reject("/limit", "it is at least %d", 1);
    return WITBOT_OK;
}

const witbot_declaration witbot_plugin = {
    .summary = "Everything.",
    .version = "1.2.3",
    .commands = WITBOT_COMMANDS(
        {.usage = "Where can I  deploy <app>", .summary = "One.", .examples = {"where can i deploy api"}, .handler = fail},
        {.usage = "where can i deploy [<app>] now", .summary = "Two.", .dangerous = true, .handler = empty},
        {.id = "parse", .usage = "<word>", .summary = "Three.", .details = "More.", .handler = parse},
        {.usage = "<word> <word>", .summary = "Four.", .asks_permission = true, .handler = confirm},
        {.usage = "count", .summary = "Five.", .handler = count}),
    .listeners = WITBOT_LISTENERS(
        {.pattern = "one", .summary = "One.", .handler = empty},
        {.pattern = "two", .summary = "Two.", .rules = WITBOT_HUBOT_HEAR, .flags = "i", .handler = empty},
        {.pattern = "three", .summary = "Three.", .rules = WITBOT_HUBOT_RESPOND, .handler = empty},
        {.pattern = "four", .summary = "Four.", .rules = WITBOT_HUBOT_RESPOND, .handler = empty}),
    .subscriptions = WITBOT_SUBSCRIPTIONS({"github.deployment", empty}),
    .schedules = WITBOT_SCHEDULES({"nightly", "0 3 * * *", "Six.", empty}),
    .webhooks = WITBOT_WEBHOOKS({"alerts", "Seven.", empty}, {"alerts", "Eight.", empty}),
    .settings = WITBOT_SETTINGS({"limit", "How many.", .required = true}),
    .check_settings = look,
    .migrate = empty,
    .wants = {{"kv", "Counts."}},
    .can_use = {{"chat", "Tells."}},
};

static void begin(void) { contract = (struct contract){0}; }

static void everything_is_declared_under_an_id_of_its_own(void) {
    begin();
    contract_describe();
    SAME(contract.told,
         "summary Everything.\nversion 1.2.3\n"
         "command where-can-i-deploy: Where can I  deploy <app>\n  example where can i deploy api\n"
         "command where-can-i-deploy-2: where can i deploy [<app>] now\n  dangerous\n"
         "command parse: <word>\n  details More.\n"
         "command command: <word> <word>\n  asks permission\n"
         "command count: count\n"
         "listener listener: one\nhear hear: /two/i\nrespond respond: /three/\nrespond respond-2: /four/\n"
         "subscribe github.deployment: github.deployment\nschedule nightly: 0 3 * * *\n"
         "webhook webhook.alerts: alerts\nwebhook webhook.alerts-2: alerts\n"
         "checks settings settings\nmigrates migrate\nsetting limit required\n"
         "wants kv: Counts.\ncan use chat: Tells.\n");
}

static void errors_reach_the_bot(void) {
    begin();
    SAME(contract_handle("where-can-i-deploy"), "not-found: no such app: api");
    SAME(contract_handle("where-can-i-deploy-2"), "invalid: there is nothing to say");
    SAME(contract_handle("gone"), "not-found: this plugin has no handler `gone`");
}

static void arguments_have_types(void) {
    static const char *const cases[][2] = {
        {"true", "reply yes\n"}, {"false", "reply no\n"}, {"-12", "reply integer -12\n"}, {"1.5", "reply number 1.5\n"}};
    for (size_t index = 0; index < sizeof cases / sizeof *cases; index++) {
        begin();
        contract.argument = cases[index][0];
        SAME(contract_handle("parse"), NULL);
        SAME(contract.told, cases[index][1]);
    }
    contract.argument = "twelve";
    SAME(contract_handle("parse"), "invalid: `value` cannot be `twelve`: that is not a number");
}

static void no_answer_is_no(void) {
    static const char *const cases[][2] = {{"Yes", "Done."}, {"No", "Kept."}, {NULL, "Kept."}};
    for (size_t index = 0; index < sizeof cases / sizeof *cases; index++) {
        begin();
        contract.answer = cases[index][0];
        SAME(contract_handle("command"), NULL);
        SAME(contract.told, witbot_format("text Sure?\nchoice Yes\nchoice No\nreply %s\n", cases[index][1]));
    }
}

static void updates_lose_nothing(void) {
    begin();
    static const char *const others[] = {"{\"count\":7,\"by\":\"another\"}", NULL};
    contract.meanwhile = others;
    SAME(contract_handle("count"), NULL);
    SAME(contract.kept, "{\"count\":8,\"by\":\"another\"}");
    SAME(contract.told, "reply 2\n");

    begin();
    contract.kept = "[";
    SAME(contract_handle("count"),
         "invalid: what is kept as `count` is something else: this is not JSON, in line 1: there has to be a value");

    begin();
    const char *many[64];
    for (size_t index = 0; index < 63; index++) many[index] = witbot_format("{\"count\":%zu}", index);
    many[63] = NULL;
    contract.meanwhile = many;
    SAME(contract_handle("count"), "conflict: too many are writing `count` at once; try again later");
}

static void what_is_published_is_json(void) {
    begin();
    witbot_json *body = witbot_json_object();
    witbot_json_set(body, "commit", witbot_json_text("c0ffee"));
    HOLDS(!witbot_failed(witbot_topics_publish("deployed", "api/production", body)));
    SAME(contract.told, "publish deployed of api/production: {\"commit\":\"c0ffee\"}\n");
    HOLDS(witbot_failed_with(witbot_topics_publish("", "api/production", body), WITBOT_INVALID));
}

static void messages_are_found_again(void) {
    begin();
    witbot_message message = {0};
    HOLDS(!witbot_failed(witbot_message_find("m1", &message)));
    HOLDS(message.handle == 4);
    HOLDS(witbot_failed_with(witbot_message_find("", &message), WITBOT_NOT_FOUND));
    SAME(contract.told, "find m1\nfind \n");
}

static void recent_runs_have_what_is_known(void) {
    begin();
    const witbot_recent_run *runs;
    size_t count;
    HOLDS(!witbot_failed(witbot_ci_recent((witbot_project){1}, 2, &runs, &count)));
    HOLDS(count == 2);
    SAME(witbot_format("%s %s %s %s %s %s %s", runs[0].id, runs[0].url, runs[0].title, runs[0].reference, runs[0].commit,
                       runs[0].actor, runs[0].phase),
         "r1 https://ci.example.com build main c0ffee ada running");
    HOLDS(runs[0].number == 7 && runs[0].created_at == 1000 && runs[1].number == 0 && runs[1].created_at == 2000);
    SAME(witbot_format("%s%s", runs[1].id, runs[1].title), "r2");
    HOLDS(runs[1].reference == NULL && runs[1].commit == NULL && runs[1].actor == NULL);
    SAME(contract.told, "drop run 1\ndrop run 2\n");
    HOLDS(witbot_failed_with(witbot_ci_recent((witbot_project){1}, 0, &runs, &count), WITBOT_DENIED));
}

static void answers_say_how_long_they_took(void) {
    begin();
    witbot_response response = {.handle = 1};
    HOLDS(witbot_http_elapsed_ms(response) == 250);
    HOLDS(witbot_http_certificate_expires(response) == 0);
    contract.expires = 1000;
    HOLDS(witbot_http_certificate_expires(response) == 1000);
}

static void settings_are_checked(void) {
    begin();
    SAME(contract_handle("settings"), NULL);
    SAME(contract.told, "reject /limit: it is at least 1\n");
}

static void json_is_written_as_it_was_read(void) {
    static const char *const cases[][2] = {
        {" [ 1 , -0.5e+3 , true , null ] ", "[1,-0.5e+3,true,null]"},
        {"{\"a\":{},\"b\":[],\"a\":2}", "{\"a\":2,\"b\":[]}"},
        {"\"\\u00e4\\ud83d\\ude00\\ud800\\u0000\\u0001\\/\\n\"", "\"\xc3\xa4\xf0\x9f\x98\x80\xef\xbf\xbd \\u0001/\\n\""},
        {"18446744073709551616", "18446744073709551616"},
    };
    for (size_t index = 0; index < sizeof cases / sizeof *cases; index++) {
        witbot_json *value;
        HOLDS(!witbot_failed(witbot_json_parse(cases[index][0], &value)));
        SAME(witbot_json_write(value), cases[index][1]);
    }
}

static void what_is_no_json_is_refused(void) {
    static const char *const cases[] = {"",     "[",     "[1,]",    "{\"a\"}", "{a:1}",  "01",   "1.",     "1e",  "nul",
                                        "[1]2", "\"\\x\"", "\"\\u12\"", "\"",  "\"\n\"", "\"\\", "{\"a\":", "-", "\"\\u"};
    for (size_t index = 0; index < sizeof cases / sizeof *cases; index++) {
        /* Without anything behind it that could be read. */
        char *exact = strdup(cases[index]);
        witbot_json *value;
        witbot_result result = witbot_json_parse(exact, &value);
        HOLDS(witbot_failed_with(result, WITBOT_INVALID));
        HOLDS(value == NULL);
        free(exact);
    }
    char deep[10001] = {0};
    memset(deep, '[', sizeof deep - 1);
    witbot_json *value;
    SAME(witbot_json_parse(deep, &value).failure->message, "this is not JSON, in line 1: it is nested too deep");
    SAME(witbot_json_parse("[\n1\n2]", &value).failure->message,
         "this is not JSON, in line 3: there has to be `,` or `]`");
}

static void members_keep_their_place(void) {
    witbot_json *object = witbot_json_object();
    witbot_json_set(object, "a", witbot_json_integer(1));
    witbot_json_set(object, "b", witbot_json_text("two"));
    witbot_json_set(object, "b", witbot_json_boolean(true));
    witbot_json_set(object, "a", witbot_json_null());
    witbot_json_set(object, "c", witbot_json_list());
    SAME(witbot_json_write(object), "{\"a\":null,\"b\":true,\"c\":[]}");
    HOLDS(object->count == 3);
    HOLDS(witbot_json_get_boolean(object, "b", false));
    SAME(witbot_json_get_text(object, "b", "none"), "none");
    HOLDS(witbot_json_get_integer(object, "d", 4) == 4);
}

static void texts_have_helpers(void) {
    const char *items[] = {"a", "b", "c"};
    SAME(witbot_join((witbot_texts){items, 3}, ", "), "a, b, c");
    SAME(witbot_join((witbot_texts){NULL, 0}, ", "), "");
    HOLDS(witbot_begins_with("abc", "ab") && !witbot_begins_with("a", "ab") && !witbot_begins_with(NULL, "ab"));
    HOLDS(witbot_equals(NULL, NULL) && !witbot_equals("a", NULL));
}

int main(void) {
    everything_is_declared_under_an_id_of_its_own();
    errors_reach_the_bot();
    arguments_have_types();
    no_answer_is_no();
    updates_lose_nothing();
    what_is_published_is_json();
    messages_are_found_again();
    recent_runs_have_what_is_known();
    answers_say_how_long_they_took();
    settings_are_checked();
    json_is_written_as_it_was_read();
    what_is_no_json_is_refused();
    members_keep_their_place();
    texts_have_helpers();
    puts(failures ? "failed" : "all passed");
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
