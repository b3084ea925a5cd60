/* What the bot calls: tells it what the plugin declares, and runs the handler of an event. */
#include "internal.h"

#include <ctype.h>
#include <string.h>

/* Something that a handler is called for, told to the bot under the id of the handler. */
typedef void declare(witbot_plugin_declare_borrow_declaration_t declaration, const void *declared, const char *id);

/* Handlers in the order of their declaration, each with an id that no other has. */
typedef struct entry {
    const char *id;
    const void *declared;
    declare *declare;
    witbot_handler *handler;
} entry;

typedef struct entries {
    entry *items;
    size_t count;
} entries;

static bool taken(const entries *all, const char *id) {
    for (size_t index = 0; index < all->count; index++)
        if (strcmp(all->items[index].id, id) == 0) return true;
    return false;
}

/* Adds a handler, with a number behind its id if an earlier one has it already. */
static void add(entries *all, const char *wanted, const void *declared, declare *declare, witbot_handler *handler) {
    const char *id = wanted;
    for (unsigned number = 2; taken(all, id); number++) id = witbot_format("%s-%u", wanted, number);
    /* The items grow in powers of two. */
    if ((all->count & (all->count - 1)) == 0) {
        entry *grown = witbot_allocate(all->count ? all->count * 2 : 1, sizeof *grown);
        if (all->count) memcpy(grown, all->items, all->count * sizeof *grown);
        all->items = grown;
    }
    all->items[all->count++] = (entry){id, declared, declare, handler};
}

/* The name of a command: the words with which its usage begins, up to the first that is an argument, optional, or one of
 * several. */
static const char *name_of(const char *usage) {
    size_t end = strcspn(usage, "<[|"), length = 0;
    char *name = witbot_allocate(end + 1, 1);
    for (size_t index = 0; index < end; index++) {
        if (!isspace((unsigned char)usage[index]))
            name[length++] = (char)tolower((unsigned char)usage[index]);
        else if (length > 0 && name[length - 1] != '-')
            name[length++] = '-';
    }
    while (length > 0 && name[length - 1] == '-') name[--length] = '\0';
    return length > 0 ? name : "command";
}

static void declare_command(witbot_plugin_declare_borrow_declaration_t declaration, const void *declared,
                            const char *id) {
    const witbot_command *command = declared;
    witbot_plugin_declare_own_command_t own = witbot_plugin_declare_method_declaration_command(
        declaration, TEXT(id), TEXT(command->usage), TEXT(command->summary));
    witbot_plugin_declare_borrow_command_t raw = {own.__handle};
    for (size_t index = 0; index < ROOM(command->examples) && command->examples[index]; index++)
        witbot_plugin_declare_method_command_example(raw, TEXT(command->examples[index]));
    if (command->details) witbot_plugin_declare_method_command_details(raw, TEXT(command->details));
    if (command->dangerous) witbot_plugin_declare_method_command_dangerous(raw);
    if (command->asks_permission) witbot_plugin_declare_method_command_asks_permission(raw);
    witbot_plugin_declare_command_drop_own(own);
}

static void declare_listener(witbot_plugin_declare_borrow_declaration_t declaration, const void *declared,
                             const char *id) {
    const witbot_listener *listener = declared;
    plugin_string_t *pattern = TEXT(listener->pattern), *summary = TEXT(listener->summary);
    switch (listener->rules) {
    case WITBOT_RULES:
        witbot_plugin_declare_method_declaration_listener(declaration, TEXT(id), pattern, summary);
        break;
    case WITBOT_HUBOT_HEAR:
        witbot_plugin_declare_method_declaration_hubot_hear(
            declaration, TEXT(id), pattern, TEXT(listener->flags), summary);
        break;
    case WITBOT_HUBOT_RESPOND:
        witbot_plugin_declare_method_declaration_hubot_respond(
            declaration, TEXT(id), pattern, TEXT(listener->flags), summary);
        break;
    }
}

static void declare_subscription(witbot_plugin_declare_borrow_declaration_t declaration, const void *declared,
                                 const char *id) {
    const witbot_subscription *subscription = declared;
    witbot_plugin_declare_method_declaration_subscribe(declaration, TEXT(id), TEXT(subscription->kind));
}

static void declare_schedule(witbot_plugin_declare_borrow_declaration_t declaration, const void *declared,
                             const char *id) {
    const witbot_schedule *schedule = declared;
    witbot_plugin_declare_method_declaration_schedule(
        declaration, TEXT(id), TEXT(schedule->when), TEXT(schedule->summary));
}

static void declare_webhook(witbot_plugin_declare_borrow_declaration_t declaration, const void *declared,
                            const char *id) {
    const witbot_webhook *webhook = declared;
    witbot_plugin_declare_method_declaration_webhook(
        declaration, TEXT(id), TEXT(webhook->name), TEXT(webhook->summary));
}

static void declare_check(witbot_plugin_declare_borrow_declaration_t declaration, const void *declared,
                          const char *id) {
    (void)declared;
    witbot_plugin_declare_method_declaration_checks_settings(declaration, TEXT(id));
}

static void declare_migration(witbot_plugin_declare_borrow_declaration_t declaration, const void *declared,
                              const char *id) {
    (void)declared;
    witbot_plugin_declare_method_declaration_migrates(declaration, TEXT(id));
}

static witbot_result check_settings(witbot_event *event) {
    (void)event;
    witbot_json *settings;
    WITBOT_TRY(witbot_config_settings(&settings));
    return witbot_plugin.check_settings(settings);
}

static entries declared(void) {
    const witbot_declaration *plugin = &witbot_plugin;
    entries all = {0};
    for (const witbot_command *one = plugin->commands; one && one->usage; one++)
        add(&all, one->id ? one->id : name_of(one->usage), one, declare_command, one->handler);
    for (const witbot_listener *one = plugin->listeners; one && one->pattern; one++) {
        static const char *const ids[] = {"listener", "hear", "respond"};
        add(&all, ids[one->rules], one, declare_listener, one->handler);
    }
    for (const witbot_subscription *one = plugin->subscriptions; one && one->kind; one++)
        add(&all, one->kind, one, declare_subscription, one->handler);
    for (const witbot_schedule *one = plugin->schedules; one && one->id; one++)
        add(&all, one->id, one, declare_schedule, one->handler);
    for (const witbot_webhook *one = plugin->webhooks; one && one->name; one++)
        add(&all, witbot_format("webhook.%s", one->name), one, declare_webhook, one->handler);
    if (plugin->check_settings) add(&all, "settings", NULL, declare_check, check_settings);
    if (plugin->migrate) add(&all, "migrate", NULL, declare_migration, plugin->migrate);
    return all;
}

void exports_witbot_plugin_handler_describe(exports_witbot_plugin_handler_borrow_declaration_t declaration) {
    const witbot_declaration *plugin = &witbot_plugin;
    witbot_plugin_declare_method_declaration_summary(declaration, TEXT(plugin->summary));
    if (plugin->version) witbot_plugin_declare_method_declaration_version(declaration, TEXT(plugin->version));
    entries all = declared();
    for (size_t index = 0; index < all.count; index++) {
        const entry *one = &all.items[index];
        if (one->handler == NULL) WITBOT_BUG("`%s` has no handler", one->id);
        one->declare(declaration, one->declared, one->id);
    }
    for (const witbot_setting *one = plugin->settings; one && one->name; one++)
        witbot_plugin_declare_method_declaration_setting(
            declaration, TEXT(one->name), TEXT(one->summary), one->required);
    for (size_t index = 0; index < ROOM(plugin->wants) && plugin->wants[index].capability; index++)
        witbot_plugin_declare_method_declaration_wants(
            declaration, TEXT(plugin->wants[index].capability), TEXT(plugin->wants[index].reason));
    for (size_t index = 0; index < ROOM(plugin->can_use) && plugin->can_use[index].capability; index++)
        witbot_plugin_declare_method_declaration_can_use(
            declaration, TEXT(plugin->can_use[index].capability), TEXT(plugin->can_use[index].reason));
    witbot_plugin_declare_declaration_drop_borrow(declaration);
}

/* The handler that was declared for an event, run. */
static witbot_result handled(witbot_event *event) {
    const char *id = witbot_event_handler(event);
    entries all = declared();
    for (size_t index = 0; index < all.count; index++)
        if (strcmp(all.items[index].id, id) == 0) return all.items[index].handler(event);
    return witbot_error(WITBOT_NOT_FOUND, "this plugin has no handler `%s`", id);
}

bool exports_witbot_plugin_handler_handle(exports_witbot_plugin_handler_borrow_event_t raw,
                                          exports_witbot_plugin_handler_error_t *error) {
    witbot_result result = handled(&(witbot_event){raw});
    witbot_plugin_events_event_drop_borrow(raw);
    if (!witbot_failed(result)) return true;
    const witbot_failure *failure = result.failure;
    /* The bindings free what they are given here, so it has to be a copy. */
    *error = (exports_witbot_plugin_handler_error_t){
        .code = witbot_lowered(witbot_format("%s", failure->code_text)),
        .message = witbot_lowered(witbot_format("%s", failure->message)),
        .retry_after_ms = {failure->retry_after_ms > 0, failure->retry_after_ms},
    };
    return false;
}
