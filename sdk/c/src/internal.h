/* What the files of the SDK share: the way from C to the generated bindings and back. Not for plugins. */
#ifndef WITBOT_INTERNAL_H
#define WITBOT_INTERNAL_H

#include <stdarg.h>

#include "../generated/plugin.h"
#include "../witbot.h"

/* How many an array has room for. */
#define ROOM(array) (sizeof(array) / sizeof *(array))

/* All errors of the contract are of one type. */
typedef witbot_types_types_error_t contract_error;

struct witbot_event {
    witbot_plugin_events_borrow_event_t raw;
};

/* A text as an argument of the contract. None is the empty text. */
#define TEXT(text) ((plugin_string_t[]){witbot_lowered(text)})
plugin_string_t witbot_lowered(const char *text);

/* A text that the contract gave. */
const char *witbot_lifted(plugin_string_t text);
witbot_texts witbot_lifted_list(plugin_list_string_t list);
const char *witbot_lifted_option(plugin_option_string_t option);

/* Whether a call of the contract was done, or why not. */
witbot_result witbot_lifted_result(bool done, const contract_error *error);

plugin_list_tuple2_string_string_t witbot_lowered_pairs(const witbot_pair *pairs, size_t count);

/* As by `vprintf`. */
const char *witbot_formatted(const char *format, va_list arguments);

/* The formatted text of a function that ends in `format, ...`. */
#define FORMATTED(into, format)                                                                                        \
    do {                                                                                                               \
        va_list arguments;                                                                                             \
        va_start(arguments, format);                                                                                   \
        (into) = witbot_formatted(format, arguments);                                                                  \
        va_end(arguments);                                                                                             \
    } while (0)

#endif
