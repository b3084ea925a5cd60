/* Pipelines of a CI service. */
#include "internal.h"

#define RUN(run) ((witbot_ci_ci_borrow_run_t){(run)->handle})
#define PROJECT(project) ((witbot_ci_ci_borrow_project_t){(project).handle})

/* What a getter gives that always has a text, and one that may have none. */
#define GET(into, getter, raw)                                                                                         \
    do {                                                                                                               \
        plugin_string_t got;                                                                                           \
        witbot_ci_ci_method_##getter(raw, &got);                                                                       \
        (into) = witbot_lifted(got);                                                                                   \
    } while (0)
#define GET_OPTION(into, getter, raw)                                                                                  \
    do {                                                                                                               \
        plugin_string_t got;                                                                                           \
        (into) = witbot_ci_ci_method_##getter(raw, &got) ? witbot_lifted(got) : NULL;                                  \
    } while (0)

static witbot_run run_of(witbot_ci_ci_own_run_t own) {
    witbot_run run = {.handle = own.__handle};
    GET(run.id, run_id, RUN(&run));
    GET(run.url, run_url, RUN(&run));
    if (!witbot_ci_ci_method_run_number(RUN(&run), &run.number)) run.number = 0;
    return run;
}

static witbot_recent_run recent_run_of(witbot_ci_ci_own_recent_run_t own) {
    witbot_ci_ci_borrow_recent_run_t raw = {own.__handle};
    witbot_recent_run run = {.created_at = witbot_ci_ci_method_recent_run_created_at(raw)};
    GET(run.id, recent_run_id, raw);
    GET(run.url, recent_run_url, raw);
    GET(run.title, recent_run_title, raw);
    GET_OPTION(run.reference, recent_run_reference, raw);
    GET_OPTION(run.commit, recent_run_commit, raw);
    GET_OPTION(run.actor, recent_run_actor, raw);
    GET(run.phase, recent_run_phase, raw);
    if (!witbot_ci_ci_method_recent_run_number(raw, &run.number)) run.number = 0;
    witbot_ci_ci_recent_run_drop_own(own);
    return run;
}

static witbot_job_failure failure_of(witbot_ci_ci_own_failure_t own) {
    witbot_ci_ci_borrow_failure_t raw = {own.__handle};
    witbot_job_failure failure;
    GET(failure.job, failure_job, raw);
    GET_OPTION(failure.step, failure_step, raw);
    GET(failure.url, failure_url, raw);
    witbot_ci_ci_failure_drop_own(own);
    return failure;
}

static witbot_approval approval_of(witbot_ci_ci_own_approval_t own) {
    witbot_ci_ci_borrow_approval_t raw = {own.__handle};
    witbot_approval approval;
    GET(approval.id, approval_id, raw);
    GET(approval.name, approval_name, raw);
    witbot_ci_ci_approval_drop_own(own);
    return approval;
}

static witbot_run_status status_of(witbot_ci_ci_own_run_status_t own) {
    witbot_ci_ci_borrow_run_status_t raw = {own.__handle};
    plugin_list_string_t jobs;
    witbot_ci_ci_list_own_failure_t failures;
    witbot_ci_ci_list_own_approval_t approvals;
    witbot_ci_ci_method_run_status_failed_jobs(raw, &jobs);
    witbot_ci_ci_method_run_status_failures(raw, &failures);
    witbot_ci_ci_method_run_status_approvals(raw, &approvals);
    witbot_job_failure *failed = witbot_allocate(failures.len, sizeof *failed);
    for (size_t index = 0; index < failures.len; index++) failed[index] = failure_of(failures.ptr[index]);
    witbot_approval *waiting = witbot_allocate(approvals.len, sizeof *waiting);
    for (size_t index = 0; index < approvals.len; index++) waiting[index] = approval_of(approvals.ptr[index]);
    witbot_run_status status = {
        .finished = witbot_ci_ci_method_run_status_finished(raw),
        .failed_jobs = witbot_lifted_list(jobs),
        .failures = failed,
        .failures_count = failures.len,
        .approvals = waiting,
        .approvals_count = approvals.len,
    };
    GET(status.phase, run_status_phase, raw);
    GET_OPTION(status.commit, run_status_commit, raw);
    GET(status.detail, run_status_detail, raw);
    GET(status.url, run_status_url, raw);
    witbot_ci_ci_run_status_drop_own(own);
    return status;
}

witbot_result witbot_ci_open(const char *provider, const char *name, witbot_project *project) {
    witbot_ci_ci_own_project_t own;
    contract_error error;
    WITBOT_TRY(witbot_lifted_result(witbot_ci_ci_open(TEXT(provider), TEXT(name), &own, &error), &error));
    project->handle = own.__handle;
    return WITBOT_OK;
}

bool witbot_ci_can(witbot_project project, const char *ability) {
    return witbot_ci_ci_method_project_can(PROJECT(project), TEXT(ability));
}

static void add_parameter(witbot_ci_ci_borrow_run_request_t raw, const witbot_parameter *parameter) {
    witbot_ci_ci_parameter_t value = {0};
    switch (parameter->kind) {
    case WITBOT_PARAMETER_TEXT:
        value.tag = WITBOT_CI_CI_PARAMETER_TEXT;
        value.val.text = witbot_lowered(parameter->text);
        break;
    case WITBOT_PARAMETER_INTEGER:
        value.tag = WITBOT_CI_CI_PARAMETER_INTEGER;
        value.val.integer = parameter->integer;
        break;
    case WITBOT_PARAMETER_BOOLEAN:
        value.tag = WITBOT_CI_CI_PARAMETER_BOOLEAN;
        value.val.boolean = parameter->boolean;
        break;
    }
    witbot_ci_ci_method_run_request_parameter(raw, TEXT(parameter->name), &value);
}

witbot_result witbot_ci_trigger(witbot_project project, const witbot_run_request *request, witbot_run *run) {
    witbot_ci_ci_borrow_run_request_t raw = {witbot_ci_ci_constructor_run_request().__handle};
    if (request->branch) witbot_ci_ci_method_run_request_branch(raw, TEXT(request->branch));
    if (request->tag) witbot_ci_ci_method_run_request_tag(raw, TEXT(request->tag));
    if (request->definition) witbot_ci_ci_method_run_request_definition(raw, TEXT(request->definition));
    if (request->correlate_by) witbot_ci_ci_method_run_request_correlate_by(raw, TEXT(request->correlate_by));
    for (size_t index = 0; index < request->count; index++) add_parameter(raw, &request->parameters[index]);

    witbot_ci_ci_own_run_t own;
    contract_error error;
    WITBOT_TRY(
        witbot_lifted_result(witbot_ci_ci_method_project_trigger(PROJECT(project), raw, &own, &error), &error));
    *run = run_of(own);
    return WITBOT_OK;
}

witbot_result witbot_ci_run(witbot_project project, const char *id, witbot_run *run) {
    witbot_ci_ci_own_run_t own;
    contract_error error;
    WITBOT_TRY(
        witbot_lifted_result(witbot_ci_ci_method_project_run(PROJECT(project), TEXT(id), &own, &error), &error));
    *run = run_of(own);
    return WITBOT_OK;
}

witbot_result witbot_ci_recent(witbot_project project, uint32_t limit, const witbot_recent_run **runs, size_t *count) {
    witbot_ci_ci_list_own_recent_run_t found;
    contract_error error;
    WITBOT_TRY(witbot_lifted_result(
        witbot_ci_ci_method_project_recent(PROJECT(project), limit, &found, &error), &error));
    witbot_recent_run *items = witbot_allocate(found.len, sizeof *items);
    for (size_t index = 0; index < found.len; index++) items[index] = recent_run_of(found.ptr[index]);
    *runs = items;
    *count = found.len;
    return WITBOT_OK;
}

witbot_result witbot_run_now(const witbot_run *run, witbot_run_status *status) {
    witbot_ci_ci_own_run_status_t own;
    contract_error error;
    WITBOT_TRY(witbot_lifted_result(witbot_ci_ci_method_run_status(RUN(run), &own, &error), &error));
    *status = status_of(own);
    return WITBOT_OK;
}

witbot_result witbot_run_past(const witbot_run *run, const char *phase, uint64_t timeout_ms,
                              witbot_run_status *status) {
    witbot_ci_ci_own_run_status_t own;
    contract_error error;
    bool done = witbot_ci_ci_method_run_past(RUN(run), TEXT(phase), timeout_ms, &own, &error);
    WITBOT_TRY(witbot_lifted_result(done, &error));
    *status = status_of(own);
    return WITBOT_OK;
}

witbot_result witbot_run_finished(const witbot_run *run, uint64_t timeout_ms, witbot_run_status *status) {
    uint64_t start = witbot_now();
    const char *phase = "queued";
    for (;;) {
        uint64_t waited = witbot_now() - start;
        if (waited >= timeout_ms) return witbot_error(WITBOT_TIMEOUT, "the run is still %s", phase);
        WITBOT_TRY(witbot_run_past(run, phase, timeout_ms - waited, status));
        if (status->finished) return WITBOT_OK;
        phase = status->phase;
    }
}

witbot_result witbot_run_cancel(const witbot_run *run) {
    contract_error error;
    return witbot_lifted_result(witbot_ci_ci_method_run_cancel(RUN(run), &error), &error);
}

witbot_result witbot_run_again(const witbot_run *run, bool only_failed) {
    contract_error error;
    return witbot_lifted_result(witbot_ci_ci_method_run_rerun(RUN(run), only_failed, &error), &error);
}

witbot_result witbot_run_approve(const witbot_run *run, const char *approval) {
    contract_error error;
    return witbot_lifted_result(witbot_ci_ci_method_run_approve(RUN(run), TEXT(approval), &error), &error);
}
