/* Notes of the daily stand-up: kept for a day, and posted at its end. */
#include "witbot.h"

#define NOTHING "Nothing noted today."

/* The key of a moment's day, in UTC: https://howardhinnant.github.io/date_algorithms.html#civil_from_days */
static const char *key_of(uint64_t milliseconds) {
    uint64_t days = milliseconds / WITBOT_DAYS(1) + 719468;
    uint64_t era = days / 146097, of_era = days % 146097;
    uint64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    uint64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    uint64_t shifted = (5 * of_year + 2) / 153;
    unsigned day = (unsigned)(of_year - (153 * shifted + 2) / 5 + 1);
    unsigned month = (unsigned)(shifted < 10 ? shifted + 3 : shifted - 9);
    return witbot_format("day/%04u-%02u-%02u", (unsigned)(year + era * 400 + (month <= 2)), month, day);
}

static const char *today(void) { return key_of(witbot_now()); }

/* One line for each person; none when nothing was noted. */
static const char *lines_of(const witbot_json *notes) {
    const char *lines = NULL;
    for (const witbot_json *note = notes ? notes->first : NULL; note; note = note->next) {
        const char *name = witbot_json_get_text(note, "name", ""), *text = witbot_json_get_text(note, "text", "");
        lines = lines ? witbot_format("%s\n%s: %s", lines, name, text) : witbot_format("%s: %s", name, text);
    }
    return lines;
}

/* What one person noted. */
struct note {
    const char *user, *name, *text;
};

/* The notes with one more, which takes the place of an earlier one by the same person. */
static witbot_json *with_note(witbot_json *notes, void *context) {
    const struct note *mine = context;
    if (notes == NULL) notes = witbot_json_list();
    witbot_json *note = notes->first;
    while (note && !witbot_equals(witbot_json_get_text(note, "user", NULL), mine->user)) note = note->next;
    if (note == NULL) note = witbot_json_add(notes, witbot_json_object());
    witbot_json_set(note, "user", witbot_json_text(mine->user));
    witbot_json_set(note, "name", witbot_json_text(mine->name));
    witbot_json_set(note, "text", witbot_json_text(mine->text));
    return notes;
}

static witbot_result note(witbot_event *event) {
    const char *user = witbot_event_user(event);
    struct note mine = {.user = user ? user : "", .name = witbot_event_user_name(event)};
    WITBOT_TRY(witbot_required(event, "text", &mine.text));
    WITBOT_TRY(witbot_kv_update(WITBOT_OWN, today(), with_note, &mine));
    return witbot_reply(event, "Noted.");
}

static witbot_result show(witbot_event *event) {
    witbot_json *notes;
    WITBOT_TRY(witbot_kv_get(WITBOT_OWN, today(), &notes));
    const char *lines = lines_of(notes);
    return witbot_reply(event, "%s", lines ? lines : NOTHING);
}

static witbot_result clear(witbot_event *event) {
    const char *day = today();
    witbot_json *notes;
    bool sure;
    WITBOT_TRY(witbot_kv_get(WITBOT_OWN, day, &notes));
    if (notes == NULL || notes->count == 0) return witbot_reply(event, NOTHING);
    const char *what = notes->count == 1 ? "note" : "notes";
    WITBOT_TRY(witbot_confirm(witbot_format("Clear %zu %s of today?", notes->count, what), &sure));
    if (sure) WITBOT_TRY(witbot_kv_delete(WITBOT_OWN, day));
    return witbot_reply(event, sure ? "Cleared." : "Kept.");
}

static witbot_result post(witbot_event *event) {
    (void)event;
    const char *channel = witbot_config_get("/channel");
    if (channel == NULL) return witbot_error(WITBOT_INVALID, "no `channel` is set");
    witbot_json *notes;
    WITBOT_TRY(witbot_kv_get(WITBOT_OWN, today(), &notes));
    const char *lines = lines_of(notes);
    return lines ? witbot_chat_post(channel, "%s", lines) : WITBOT_OK;
}

const witbot_declaration witbot_plugin = {
    .summary = "Notes of the daily stand-up.",
    .version = "0.1.0",
    .commands = WITBOT_COMMANDS(
        {
            .id = "note",
            .usage = "standup <text:text>",
            .summary = "Notes what you are working on.",
            .examples = {"standup reviewing the release"},
            .handler = note,
        },
        {
            .id = "show",
            .usage = "standup show",
            .summary = "Shows the notes of today.",
            .examples = {"standup show"},
            .handler = show,
        },
        {
            .id = "clear",
            .usage = "standup clear",
            .summary = "Clears the notes of today.",
            .examples = {"standup clear"},
            .handler = clear,
        }),
    .schedules = WITBOT_SCHEDULES({
        .id = "summary",
        .when = "0 17 * * mon-fri",
        .summary = "Posts the notes of the day.",
        .handler = post,
    }),
    .settings = WITBOT_SETTINGS({"channel", "Where the summary is posted.", .required = true}),
    .wants = {
        {"kv", "Keeps the notes of the day."},
        {"chat", "Posts the summary."},
        {"schedules", "Posts the summary at the end of the day."},
    },
};
