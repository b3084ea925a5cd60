/* What a plugin remembers. */
#include "internal.h"

#include <string.h>

/* How often an update begins again before it gives up. Runs of one plugin that write the same key at the same time are
 * few. */
#define UPDATES_MAX 20

static witbot_kv_kv_borrow_namespace_t shared(witbot_space space) {
    return (witbot_kv_kv_borrow_namespace_t){space.handle};
}

static plugin_list_u8_t lowered(witbot_bytes bytes) {
    return (plugin_list_u8_t){(uint8_t *)bytes.data, bytes.size};
}

witbot_result witbot_kv_namespace(const char *name, witbot_space *space) {
    witbot_kv_kv_own_namespace_t raw;
    contract_error error;
    WITBOT_TRY(witbot_lifted_result(witbot_kv_kv_static_namespace_open(TEXT(name), &raw, &error), &error));
    *space = (witbot_space){.shared = true, .handle = raw.__handle};
    return WITBOT_OK;
}

witbot_result witbot_kv_get_bytes(witbot_space space, const char *key, witbot_bytes *value) {
    plugin_option_list_u8_t found;
    contract_error error;
    bool done = space.shared ? witbot_kv_kv_method_namespace_get(shared(space), TEXT(key), &found, &error)
                             : witbot_kv_kv_get(TEXT(key), &found, &error);
    WITBOT_TRY(witbot_lifted_result(done, &error));
    *value = (witbot_bytes){0};
    if (!found.is_some) return WITBOT_OK;
    uint8_t *data = witbot_allocate(found.val.len + 1, 1);
    if (found.val.len) memcpy(data, found.val.ptr, found.val.len);
    *value = (witbot_bytes){data, found.val.len};
    return WITBOT_OK;
}

witbot_result witbot_kv_set_bytes(witbot_space space, const char *key, witbot_bytes value) {
    plugin_list_u8_t raw = lowered(value);
    contract_error error;
    bool done = space.shared ? witbot_kv_kv_method_namespace_set(shared(space), TEXT(key), &raw, &error)
                             : witbot_kv_kv_set(TEXT(key), &raw, &error);
    return witbot_lifted_result(done, &error);
}

witbot_result witbot_kv_replace_bytes(witbot_space space, const char *key, witbot_bytes expected, witbot_bytes value,
                                      bool *replaced) {
    plugin_list_u8_t before = lowered(expected), after = lowered(value);
    plugin_list_u8_t *maybe = expected.data ? &before : NULL;
    contract_error error;
    bool done =
        space.shared
            ? witbot_kv_kv_method_namespace_replace(shared(space), TEXT(key), maybe, &after, replaced, &error)
            : witbot_kv_kv_replace(TEXT(key), maybe, &after, replaced, &error);
    return witbot_lifted_result(done, &error);
}

witbot_result witbot_kv_delete(witbot_space space, const char *key) {
    contract_error error;
    bool done = space.shared ? witbot_kv_kv_method_namespace_delete(shared(space), TEXT(key), &error)
                             : witbot_kv_kv_delete(TEXT(key), &error);
    return witbot_lifted_result(done, &error);
}

witbot_result witbot_kv_keys(witbot_space space, const char *prefix, const char *after, uint32_t limit,
                             witbot_texts *keys) {
    plugin_string_t behind = witbot_lowered(after), *maybe = after ? &behind : NULL;
    plugin_list_string_t found;
    contract_error error;
    bool done = space.shared ? witbot_kv_kv_method_namespace_keys(
                                   shared(space), TEXT(prefix), maybe, limit, &found, &error)
                             : witbot_kv_kv_keys(TEXT(prefix), maybe, limit, &found, &error);
    WITBOT_TRY(witbot_lifted_result(done, &error));
    *keys = witbot_lifted_list(found);
    return WITBOT_OK;
}

/* The value that bytes stand for; none for none. */
static witbot_result parsed(const char *key, witbot_bytes bytes, witbot_json **value) {
    *value = NULL;
    if (bytes.data == NULL) return WITBOT_OK;
    witbot_result result = witbot_json_parse((const char *)bytes.data, value);
    if (!witbot_failed(result)) return WITBOT_OK;
    return witbot_error(WITBOT_INVALID, "what is kept as `%s` is something else: %s", key, result.failure->message);
}

witbot_result witbot_kv_get(witbot_space space, const char *key, witbot_json **value) {
    witbot_bytes bytes;
    WITBOT_TRY(witbot_kv_get_bytes(space, key, &bytes));
    return parsed(key, bytes, value);
}

witbot_result witbot_kv_set(witbot_space space, const char *key, const witbot_json *value) {
    return witbot_kv_set_bytes(space, key, witbot_text_bytes(witbot_json_write(value)));
}

witbot_result witbot_kv_update(witbot_space space, const char *key, witbot_change *change, void *context) {
    for (int count = 0; count < UPDATES_MAX; count++) {
        witbot_bytes before;
        witbot_json *value;
        bool replaced;
        WITBOT_TRY(witbot_kv_get_bytes(space, key, &before));
        WITBOT_TRY(parsed(key, before, &value));
        witbot_bytes after = witbot_text_bytes(witbot_json_write(change(value, context)));
        WITBOT_TRY(witbot_kv_replace_bytes(space, key, before, after, &replaced));
        if (replaced) return WITBOT_OK;
    }
    return witbot_error(WITBOT_CONFLICT, "too many are writing `%s` at once; try again later", key);
}
