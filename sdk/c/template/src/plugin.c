/* {{name}}: what it is good for, in one line. */
#include "witbot.h"

/* Answers the command. It may wait for hours, and is then run again with the answers that it already had: so time and chance
 * come from witbot_now() and witbot_random(), and what has to last goes into witbot_kv_set(). */
static witbot_result greet(witbot_event *event) {
    const char *greeting = witbot_config_get("/greeting");
    const char *who = witbot_argument(event, "who");
    return witbot_reply(event, "%s, %s!", greeting ? greeting : "Hello", who ? who : witbot_event_user_name(event));
}

/* What the plugin can do. */
const witbot_declaration witbot_plugin = {
    .summary = "What it is good for, in one line.",
    .version = "0.1.0",
    .commands = WITBOT_COMMANDS({
        .usage = "{{name}} [<who>]",
        .summary = "Greets somebody, or else you.",
        .examples = {"{{name}} Ada"},
        .handler = greet,
    }),
    .settings = WITBOT_SETTINGS({"greeting", "What it says instead of `Hello`."}),
};
