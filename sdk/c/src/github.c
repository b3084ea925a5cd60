/* GitHub. */
#include "internal.h"

#define BORROWED(type, value) ((witbot_github_github_borrow_##type##_t){value})
#define REPOSITORY BORROWED(repository, repository.handle)

/* What a getter gives that always has a text, and one that may have none. */
#define GET(into, getter, raw)                                                                                         \
    do {                                                                                                               \
        plugin_string_t got;                                                                                           \
        witbot_github_github_method_##getter(raw, &got);                                                               \
        (into) = witbot_lifted(got);                                                                                   \
    } while (0)
#define GET_OPTION(into, getter, raw)                                                                                  \
    do {                                                                                                               \
        plugin_string_t got;                                                                                           \
        (into) = witbot_github_github_method_##getter(raw, &got) ? witbot_lifted(got) : NULL;                          \
    } while (0)

static witbot_commit commit_of(witbot_github_github_own_commit_t own) {
    witbot_github_github_borrow_commit_t raw = {own.__handle};
    witbot_commit commit = {.committed_at = witbot_github_github_method_commit_committed_at(raw)};
    GET(commit.sha, commit_sha, raw);
    GET(commit.title, commit_title, raw);
    GET(commit.author, commit_author, raw);
    GET(commit.url, commit_url, raw);
    witbot_github_github_commit_drop_own(own);
    return commit;
}

static witbot_check check_of(witbot_github_github_own_check_t own) {
    witbot_github_github_borrow_check_t raw = {own.__handle};
    witbot_check check;
    GET(check.name, check_name, raw);
    GET(check.state, check_state, raw);
    GET_OPTION(check.url, check_url, raw);
    witbot_github_github_check_drop_own(own);
    return check;
}

static witbot_deployment deployment_of(witbot_github_github_own_deployment_t own) {
    witbot_github_github_borrow_deployment_t raw = {own.__handle};
    witbot_deployment deployment = {
        .id = witbot_github_github_method_deployment_id(raw),
        .created_at = witbot_github_github_method_deployment_created_at(raw),
        .handle = own.__handle,
    };
    GET(deployment.reference, deployment_reference, raw);
    GET(deployment.sha, deployment_sha, raw);
    GET(deployment.task, deployment_task, raw);
    GET(deployment.environment, deployment_environment, raw);
    GET(deployment.description, deployment_description, raw);
    GET(deployment.creator, deployment_creator, raw);
    GET(deployment.payload, deployment_payload, raw);
    return deployment;
}

static witbot_deployment_status status_of(witbot_github_github_own_deployment_status_t own) {
    witbot_github_github_borrow_deployment_status_t raw = {own.__handle};
    witbot_deployment_status status = {
        .id = witbot_github_github_method_deployment_status_id(raw),
        .created_at = witbot_github_github_method_deployment_status_created_at(raw),
    };
    GET(status.state, deployment_status_state, raw);
    GET(status.description, deployment_status_description, raw);
    GET_OPTION(status.log_url, deployment_status_log_url, raw);
    GET_OPTION(status.environment_url, deployment_status_environment_url, raw);
    witbot_github_github_deployment_status_drop_own(own);
    return status;
}

witbot_result witbot_github_open(const char *name, witbot_repository *repository) {
    witbot_github_github_own_repository_t own;
    contract_error error;
    WITBOT_TRY(witbot_lifted_result(witbot_github_github_open(TEXT(name), &own, &error), &error));
    repository->handle = own.__handle;
    return WITBOT_OK;
}

witbot_result witbot_github_resolve(witbot_repository repository, const char *reference, const char **sha) {
    plugin_string_t found;
    contract_error error;
    bool done = witbot_github_github_method_repository_resolve(REPOSITORY, TEXT(reference), &found, &error);
    WITBOT_TRY(witbot_lifted_result(done, &error));
    *sha = witbot_lifted(found);
    return WITBOT_OK;
}

witbot_result witbot_github_commit(witbot_repository repository, const char *reference, witbot_commit *commit) {
    witbot_github_github_own_commit_t own;
    contract_error error;
    bool done = witbot_github_github_method_repository_commit(REPOSITORY, TEXT(reference), &own, &error);
    WITBOT_TRY(witbot_lifted_result(done, &error));
    *commit = commit_of(own);
    return WITBOT_OK;
}

witbot_result witbot_github_default_branch(witbot_repository repository, const char **branch) {
    plugin_string_t found;
    contract_error error;
    bool done = witbot_github_github_method_repository_default_branch(REPOSITORY, &found, &error);
    WITBOT_TRY(witbot_lifted_result(done, &error));
    *branch = witbot_lifted(found);
    return WITBOT_OK;
}

witbot_result witbot_github_branches(witbot_repository repository, uint32_t limit, witbot_texts *branches) {
    plugin_list_string_t found;
    contract_error error;
    bool done = witbot_github_github_method_repository_branches(REPOSITORY, limit, &found, &error);
    WITBOT_TRY(witbot_lifted_result(done, &error));
    *branches = witbot_lifted_list(found);
    return WITBOT_OK;
}

witbot_result witbot_github_merge(witbot_repository repository, const char *base, const char *head,
                                  const char *message, const char **sha) {
    plugin_option_string_t made;
    contract_error error;
    bool done = witbot_github_github_method_repository_merge(
        REPOSITORY, TEXT(base), TEXT(head), TEXT(message), &made, &error);
    WITBOT_TRY(witbot_lifted_result(done, &error));
    *sha = witbot_lifted_option(made);
    return WITBOT_OK;
}

witbot_result witbot_github_checks(witbot_repository repository, const char *reference, witbot_checks *checks) {
    witbot_github_github_own_checks_t own;
    contract_error error;
    bool done = witbot_github_github_method_repository_checks(REPOSITORY, TEXT(reference), &own, &error);
    WITBOT_TRY(witbot_lifted_result(done, &error));
    witbot_github_github_borrow_checks_t raw = {own.__handle};
    plugin_list_string_t failed, pending;
    witbot_github_github_list_own_check_t all;
    witbot_github_github_method_checks_failed(raw, &failed);
    witbot_github_github_method_checks_pending(raw, &pending);
    witbot_github_github_method_checks_all(raw, &all);
    witbot_check *items = witbot_allocate(all.len, sizeof *items);
    for (size_t index = 0; index < all.len; index++) items[index] = check_of(all.ptr[index]);
    *checks = (witbot_checks){
        .failed = witbot_lifted_list(failed),
        .pending = witbot_lifted_list(pending),
        .all = items,
        .count = all.len,
    };
    GET(checks->state, checks_state, raw);
    return WITBOT_OK;
}

witbot_result witbot_github_compare(witbot_repository repository, const char *base, const char *head,
                                    witbot_comparison *comparison) {
    witbot_github_github_own_comparison_t own;
    contract_error error;
    bool done =
        witbot_github_github_method_repository_compare(REPOSITORY, TEXT(base), TEXT(head), &own, &error);
    WITBOT_TRY(witbot_lifted_result(done, &error));
    witbot_github_github_borrow_comparison_t raw = {own.__handle};
    witbot_github_github_list_own_commit_t commits;
    witbot_github_github_method_comparison_commits(raw, &commits);
    witbot_commit *items = witbot_allocate(commits.len, sizeof *items);
    for (size_t index = 0; index < commits.len; index++) items[index] = commit_of(commits.ptr[index]);
    *comparison = (witbot_comparison){
        .ahead_by = witbot_github_github_method_comparison_ahead_by(raw),
        .behind_by = witbot_github_github_method_comparison_behind_by(raw),
        .commits = items,
        .count = commits.len,
    };
    GET(comparison->url, comparison_url, raw);
    return WITBOT_OK;
}

witbot_result witbot_github_deploy(witbot_repository repository, const witbot_deploy *request,
                                   witbot_deployment *deployment) {
    const char *reference = request->reference ? request->reference : "HEAD";
    witbot_github_github_borrow_deployment_request_t raw = BORROWED(
        deployment_request,
        witbot_github_github_constructor_deployment_request(TEXT(reference), TEXT(request->environment)).__handle);
    if (request->task) witbot_github_github_method_deployment_request_task(raw, TEXT(request->task));
    if (request->description)
        witbot_github_github_method_deployment_request_description(raw, TEXT(request->description));
    if (request->payload)
        witbot_github_github_method_deployment_request_payload(raw, TEXT(witbot_json_write(request->payload)));
    if (request->production != WITBOT_UNSET)
        witbot_github_github_method_deployment_request_production(raw, request->production == WITBOT_YES);
    if (request->transient != WITBOT_UNSET)
        witbot_github_github_method_deployment_request_transient(raw, request->transient == WITBOT_YES);
    if (request->auto_merge != WITBOT_UNSET)
        witbot_github_github_method_deployment_request_auto_merge(raw, request->auto_merge == WITBOT_YES);
    for (size_t index = 0; index < request->required_contexts.count; index++)
        witbot_github_github_method_deployment_request_require_context(
            raw, TEXT(request->required_contexts.items[index]));

    witbot_github_github_own_deployment_t own;
    contract_error error;
    bool done = witbot_github_github_method_repository_create_deployment(REPOSITORY, raw, &own, &error);
    WITBOT_TRY(witbot_lifted_result(done, &error));
    *deployment = deployment_of(own);
    return WITBOT_OK;
}

witbot_result witbot_github_deployment(witbot_repository repository, uint64_t id, witbot_deployment *deployment) {
    witbot_github_github_own_deployment_t own;
    contract_error error;
    bool done = witbot_github_github_method_repository_deployment(REPOSITORY, id, &own, &error);
    WITBOT_TRY(witbot_lifted_result(done, &error));
    *deployment = deployment_of(own);
    return WITBOT_OK;
}

witbot_result witbot_github_deployments(witbot_repository repository, const char *environment, uint32_t limit,
                                        const witbot_deployment **deployments, size_t *count) {
    plugin_string_t *maybe = environment ? TEXT(environment) : NULL;
    witbot_github_github_list_own_deployment_t found;
    contract_error error;
    bool done = witbot_github_github_method_repository_deployments(REPOSITORY, maybe, limit, &found, &error);
    WITBOT_TRY(witbot_lifted_result(done, &error));
    witbot_deployment *items = witbot_allocate(found.len, sizeof *items);
    for (size_t index = 0; index < found.len; index++) items[index] = deployment_of(found.ptr[index]);
    *deployments = items;
    *count = found.len;
    return WITBOT_OK;
}

witbot_result witbot_deployment_latest(const witbot_deployment *deployment, witbot_deployment_status *status) {
    witbot_github_github_option_own_deployment_status_t found;
    contract_error error;
    bool done = witbot_github_github_method_deployment_status(
        BORROWED(deployment, deployment->handle), &found, &error);
    WITBOT_TRY(witbot_lifted_result(done, &error));
    *status = found.is_some ? status_of(found.val) : (witbot_deployment_status){0};
    return WITBOT_OK;
}

witbot_result witbot_deployment_add(const witbot_deployment *deployment, witbot_deployment_status *status) {
    witbot_github_github_borrow_status_request_t raw = BORROWED(
        status_request, witbot_github_github_constructor_status_request(TEXT(status->state)).__handle);
    if (status->description) witbot_github_github_method_status_request_description(raw, TEXT(status->description));
    if (status->log_url) witbot_github_github_method_status_request_log_url(raw, TEXT(status->log_url));
    if (status->environment_url)
        witbot_github_github_method_status_request_environment_url(raw, TEXT(status->environment_url));
    witbot_github_github_own_deployment_status_t own;
    contract_error error;
    bool done = witbot_github_github_method_deployment_add_status(
        BORROWED(deployment, deployment->handle), raw, &own, &error);
    WITBOT_TRY(witbot_lifted_result(done, &error));
    *status = status_of(own);
    return WITBOT_OK;
}

witbot_result witbot_deployment_next(const witbot_deployment *deployment, uint64_t after, uint64_t timeout_ms,
                                     witbot_deployment_status *status) {
    witbot_github_github_own_deployment_status_t own;
    contract_error error;
    bool done = witbot_github_github_method_deployment_next_status(
        BORROWED(deployment, deployment->handle), after ? &after : NULL, timeout_ms, &own, &error);
    WITBOT_TRY(witbot_lifted_result(done, &error));
    *status = status_of(own);
    return WITBOT_OK;
}
