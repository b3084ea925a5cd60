/* A contract for tests: it remembers what it is told, and answers what the test says. */
#ifndef CONTRACT_H
#define CONTRACT_H

#include <stdbool.h>
#include <stdint.h>

/* What the SDK is asked to do next, and answers. */
struct contract {
    /* The event: its handler, and one argument of the name `value`. */
    const char *handler, *argument;
    /* What is kept under the only key; none at first. */
    const char *kept;
    /* What another run writes before a value is replaced, one each time. */
    const char *const *meanwhile;
    /* What the person answers; nobody does when it is none. */
    const char *answer;
    /* Until when a certificate is valid; there is none when it is 0. */
    uint64_t expires;
    /* Everything that was declared, said or logged: a line each. */
    char told[8192];
};

extern struct contract contract;

/* Calls `describe`, as the bot does. */
void contract_describe(void);
/* Calls `handle`, as the bot does, and gives the error as `code: message`, or none. */
const char *contract_handle(const char *handler);

#endif
