/* Telling other plugins what happened. */
#include "internal.h"

witbot_result witbot_topics_publish(const char *name, const char *subject, const witbot_json *body) {
    contract_error error;
    return witbot_lifted_result(
        witbot_topics_topics_publish(TEXT(name), TEXT(subject), TEXT(witbot_json_write(body)), &error), &error);
}
