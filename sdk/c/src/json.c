/* JSON: read into a tree, and written from one. */
#include "../witbot.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* So that what others wrote cannot use up the stack. */
#define DEPTH_MAX 64

/* Making values */

static witbot_json *value_of(witbot_json_kind kind) {
    witbot_json *value = witbot_allocate(1, sizeof *value);
    value->kind = kind;
    return value;
}

static witbot_json *value_with(witbot_json_kind kind, const char *text) {
    witbot_json *value = value_of(kind);
    value->text = text;
    return value;
}

witbot_json *witbot_json_null(void) { return value_of(WITBOT_JSON_NULL); }
witbot_json *witbot_json_list(void) { return value_of(WITBOT_JSON_LIST); }
witbot_json *witbot_json_object(void) { return value_of(WITBOT_JSON_OBJECT); }
witbot_json *witbot_json_text(const char *value) { return value_with(WITBOT_JSON_TEXT, value); }

witbot_json *witbot_json_boolean(bool boolean) {
    witbot_json *value = value_of(WITBOT_JSON_BOOLEAN);
    value->boolean = boolean;
    return value;
}

witbot_json *witbot_json_integer(int64_t value) {
    return value_with(WITBOT_JSON_NUMBER, witbot_format("%" PRId64, value));
}

witbot_json *witbot_json_add(witbot_json *list, witbot_json *value) {
    if (list->last)
        list->last->next = value;
    else
        list->first = value;
    list->last = value;
    list->count++;
    return value;
}

/* A member and what stands before it. */
static witbot_json *member(const witbot_json *object, const char *name, witbot_json **before) {
    *before = NULL;
    if (object == NULL || object->kind != WITBOT_JSON_OBJECT) return NULL;
    for (witbot_json *one = object->first; one; *before = one, one = one->next)
        if (strcmp(one->name, name) == 0) return one;
    return NULL;
}

witbot_json *witbot_json_set(witbot_json *object, const char *name, witbot_json *value) {
    witbot_json *before, *old = member(object, name, &before);
    value->name = name;
    if (old == value) return value;
    if (old == NULL) return witbot_json_add(object, value);
    value->next = old->next;
    *(before ? &before->next : &object->first) = value;
    if (object->last == old) object->last = value;
    return value;
}

witbot_json *witbot_json_get(const witbot_json *object, const char *name) {
    witbot_json *before;
    return member(object, name, &before);
}

static const witbot_json *member_of(const witbot_json *object, const char *name, witbot_json_kind kind) {
    const witbot_json *found = witbot_json_get(object, name);
    return found && found->kind == kind ? found : NULL;
}

const char *witbot_json_get_text(const witbot_json *object, const char *name, const char *otherwise) {
    const witbot_json *found = member_of(object, name, WITBOT_JSON_TEXT);
    return found ? found->text : otherwise;
}

int64_t witbot_json_get_integer(const witbot_json *object, const char *name, int64_t otherwise) {
    const witbot_json *found = member_of(object, name, WITBOT_JSON_NUMBER);
    if (found == NULL) return otherwise;
    char *end;
    errno = 0;
    int64_t value = strtoll(found->text, &end, 10);
    return *end == '\0' && errno == 0 ? value : otherwise;
}

bool witbot_json_get_boolean(const witbot_json *object, const char *name, bool otherwise) {
    const witbot_json *found = member_of(object, name, WITBOT_JSON_BOOLEAN);
    return found ? found->boolean : otherwise;
}

/* Writing */

/* A text that grows. */
typedef struct written {
    char *text;
    size_t length, capacity;
} written;

static void put(written *out, const char *text, size_t length) {
    if (out->length + length + 1 > out->capacity) {
        out->capacity = 2 * (out->length + length + 1);
        char *grown = witbot_allocate(out->capacity, 1);
        if (out->length) memcpy(grown, out->text, out->length);
        out->text = grown;
    }
    memcpy(out->text + out->length, text, length);
    out->length += length;
}

static void put_text(written *out, const char *text) {
    put(out, "\"", 1);
    for (const char *at = text; *at; at++) {
        static const char escaped[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
        const char *found = strchr(escaped, *at);
        if (found) {
            put(out, (char[]){'\\', letters[found - escaped]}, 2);
        } else if ((unsigned char)*at < ' ') {
            put(out, witbot_format("\\u%04x", *at), 6);
        } else {
            put(out, at, 1);
        }
    }
    put(out, "\"", 1);
}

static void put_value(written *out, const witbot_json *value) {
    bool is_list = value->kind == WITBOT_JSON_LIST;
    switch (value->kind) {
    case WITBOT_JSON_NULL:
        put(out, "null", 4);
        break;
    case WITBOT_JSON_BOOLEAN:
        put(out, value->boolean ? "true" : "false", value->boolean ? 4 : 5);
        break;
    case WITBOT_JSON_NUMBER:
        put(out, value->text, strlen(value->text));
        break;
    case WITBOT_JSON_TEXT:
        put_text(out, value->text);
        break;
    case WITBOT_JSON_LIST:
    case WITBOT_JSON_OBJECT:
        put(out, is_list ? "[" : "{", 1);
        for (const witbot_json *one = value->first; one; one = one->next) {
            if (one != value->first) put(out, ",", 1);
            if (!is_list) {
                put_text(out, one->name);
                put(out, ":", 1);
            }
            put_value(out, one);
        }
        put(out, is_list ? "]" : "}", 1);
        break;
    }
}

const char *witbot_json_write(const witbot_json *value) {
    written out = {0};
    put_value(&out, value);
    put(&out, "", 1);
    return out.text;
}

/* Reading */

typedef struct reader {
    const char *start, *at;
    /* What is wrong where it stands; none while nothing is. */
    const char *wrong;
} reader;

static witbot_json *wrong(reader *in, const char *what) {
    if (in->wrong == NULL) in->wrong = what;
    return NULL;
}

static void skip_space(reader *in) { in->at += strspn(in->at, " \t\r\n"); }

static bool skip(reader *in, const char *word) {
    size_t length = strlen(word);
    if (strncmp(in->at, word, length) != 0) return false;
    in->at += length;
    return true;
}

/* Four hexadecimal digits, or -1. */
static int32_t unit(reader *in) {
    int32_t unit = 0;
    for (int index = 0; index < 4; index++, in->at++) {
        unsigned char digit = (unsigned char)*in->at;
        if (!isxdigit(digit)) return -1;
        unit = unit * 16 + (isdigit(digit) ? digit - '0' : tolower(digit) - 'a' + 10);
    }
    return unit;
}

/* The character of `\u`, which can be two units; one that is none becomes U+FFFD, and a NUL a space, as it ends texts. */
static uint32_t character(reader *in) {
    int32_t first = unit(in);
    if (first < 0) {
        wrong(in, "`\\u` needs four hexadecimal digits");
        return 0xFFFD;
    }
    if (first == 0) return ' ';
    if (first < 0xD800 || first > 0xDFFF) return (uint32_t)first;
    const char *behind = in->at;
    if (first <= 0xDBFF && skip(in, "\\u")) {
        int32_t second = unit(in);
        if (second >= 0xDC00 && second <= 0xDFFF)
            return 0x10000 + (((uint32_t)first - 0xD800) << 10) + ((uint32_t)second - 0xDC00);
        in->at = behind;
    }
    return 0xFFFD;
}

static void put_character(written *out, uint32_t code) {
    char bytes[4];
    size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (length == 1) {
        bytes[0] = (char)code;
    } else {
        static const unsigned char first[] = {0, 0, 0xC0, 0xE0, 0xF0};
        for (size_t index = length; index-- > 1; code >>= 6) bytes[index] = (char)(0x80 | (code & 0x3F));
        bytes[0] = (char)(first[length] | code);
    }
    put(out, bytes, length);
}

static const char *read_text(reader *in) {
    written out = {0};
    if (!skip(in, "\"")) {
        wrong(in, "there has to be a text");
        return NULL;
    }
    while (*in->at != '"') {
        size_t plain = strcspn(in->at, "\"\\");
        for (size_t index = 0; index < plain; index++)
            if ((unsigned char)in->at[index] < ' ') {
                in->at += index;
                wrong(in, "a line ends inside a text");
                return NULL;
            }
        put(&out, in->at, plain);
        in->at += plain;
        if (*in->at == '\0') {
            wrong(in, "a text does not end");
            return NULL;
        }
        if (!skip(in, "\\")) continue;
        static const char letters[] = "\"\\/bfnrt", escaped[] = "\"\\/\b\f\n\r\t";
        const char *found = *in->at ? strchr(letters, *in->at) : NULL;
        if (found) {
            put(&out, &escaped[found - letters], 1);
            in->at++;
        } else if (skip(in, "u")) {
            put_character(&out, character(in));
            if (in->wrong) return NULL;
        } else {
            wrong(in, "there is no such escape");
            return NULL;
        }
    }
    in->at++;
    put(&out, "", 1);
    return out.text;
}

static size_t digits(const char *at) { return strspn(at, "0123456789"); }

static witbot_json *read_number(reader *in) {
    const char *at = in->at + (*in->at == '-');
    size_t whole = digits(at);
    if (whole == 0 || (whole > 1 && *at == '0')) return wrong(in, "there has to be a value");
    at += whole;
    if (*at == '.') {
        size_t fraction = digits(at + 1);
        if (fraction == 0) return wrong(in, "a number needs digits behind its point");
        at += 1 + fraction;
    }
    if (*at == 'e' || *at == 'E') {
        at += 1 + (at[1] == '+' || at[1] == '-');
        size_t exponent = digits(at);
        if (exponent == 0) return wrong(in, "a number needs digits in its exponent");
        at += exponent;
    }
    witbot_json *value = value_with(WITBOT_JSON_NUMBER, witbot_format("%.*s", (int)(at - in->at), in->at));
    in->at = at;
    return value;
}

static witbot_json *read_value(reader *in, int depth);

static witbot_json *read_list(reader *in, int depth) {
    witbot_json *list = witbot_json_list();
    skip_space(in);
    if (skip(in, "]")) return list;
    do {
        witbot_json *value = read_value(in, depth);
        if (value == NULL) return NULL;
        witbot_json_add(list, value);
    } while (skip(in, ","));
    return skip(in, "]") ? list : wrong(in, "there has to be `,` or `]`");
}

static witbot_json *read_object(reader *in, int depth) {
    witbot_json *object = witbot_json_object();
    skip_space(in);
    if (skip(in, "}")) return object;
    do {
        skip_space(in);
        const char *name = read_text(in);
        if (name == NULL) return NULL;
        skip_space(in);
        if (!skip(in, ":")) return wrong(in, "there has to be `:`");
        witbot_json *value = read_value(in, depth);
        if (value == NULL) return NULL;
        witbot_json_set(object, name, value);
    } while (skip(in, ","));
    return skip(in, "}") ? object : wrong(in, "there has to be `,` or `}`");
}

static witbot_json *read_value(reader *in, int depth) {
    if (depth == 0) return wrong(in, "it is nested too deep");
    skip_space(in);
    witbot_json *value;
    if (skip(in, "null")) {
        value = witbot_json_null();
    } else if (skip(in, "true")) {
        value = witbot_json_boolean(true);
    } else if (skip(in, "false")) {
        value = witbot_json_boolean(false);
    } else if (skip(in, "[")) {
        value = read_list(in, depth - 1);
    } else if (skip(in, "{")) {
        value = read_object(in, depth - 1);
    } else if (*in->at == '"') {
        const char *text = read_text(in);
        value = text ? witbot_json_text(text) : NULL;
    } else {
        value = read_number(in);
    }
    if (value) skip_space(in);
    return value;
}

witbot_result witbot_json_parse(const char *text, witbot_json **value) {
    reader in = {.start = text, .at = text};
    *value = read_value(&in, DEPTH_MAX);
    if (*value && *in.at) *value = wrong(&in, "there is something behind it");
    if (*value) return WITBOT_OK;
    unsigned line = 1;
    for (const char *at = in.start; at < in.at; at++) line += *at == '\n';
    return witbot_error(WITBOT_INVALID, "this is not JSON, in line %u: %s", line, in.wrong);
}
