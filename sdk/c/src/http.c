/* Requests to services on the web. */
#include "internal.h"

#include <string.h>

witbot_result witbot_http_send(const witbot_request *request, witbot_response *response) {
    const char *method = request->method ? request->method : "GET";
    witbot_http_http_borrow_request_t raw = {
        witbot_http_http_constructor_request(TEXT(method), TEXT(request->url)).__handle};
    for (size_t index = 0; index < ROOM(request->headers) && request->headers[index].name; index++)
        witbot_http_http_method_request_header(
            raw, TEXT(request->headers[index].name), TEXT(request->headers[index].value));
    if (request->body.data) {
        plugin_list_u8_t body = {(uint8_t *)request->body.data, request->body.size};
        witbot_http_http_method_request_body(raw, &body);
    }
    if (request->timeout_ms) witbot_http_http_method_request_timeout(raw, request->timeout_ms);

    witbot_http_http_own_response_t answer;
    contract_error error;
    WITBOT_TRY(witbot_lifted_result(witbot_http_http_send(raw, &answer, &error), &error));
    witbot_http_http_borrow_response_t got = {answer.__handle};
    plugin_list_u8_t body;
    witbot_http_http_method_response_body(got, &body);
    uint8_t *data = witbot_allocate(body.len + 1, 1);
    if (body.len) memcpy(data, body.ptr, body.len);
    *response = (witbot_response){
        .status = witbot_http_http_method_response_status(got),
        .body = {data, body.len},
        .handle = answer.__handle,
    };
    return WITBOT_OK;
}

witbot_result witbot_http_success(witbot_response response) {
    if (response.status >= 200 && response.status <= 299) return WITBOT_OK;
    return witbot_error(WITBOT_UNAVAILABLE, "the service answered with status %u", (unsigned)response.status);
}

const char *witbot_http_header(witbot_response response, const char *name) {
    plugin_string_t text;
    witbot_http_http_borrow_response_t raw = {response.handle};
    return witbot_http_http_method_response_header(raw, TEXT(name), &text) ? witbot_lifted(text) : NULL;
}

uint64_t witbot_http_elapsed_ms(witbot_response response) {
    return witbot_http_http_method_response_elapsed((witbot_http_http_borrow_response_t){response.handle});
}

uint64_t witbot_http_certificate_expires(witbot_response response) {
    uint64_t expires;
    witbot_http_http_borrow_response_t raw = {response.handle};
    return witbot_http_http_method_response_certificate_expires(raw, &expires) ? expires : 0;
}
