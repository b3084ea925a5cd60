/**
 * @file witbot_services.h
 * GitHub and CI, with the operator's credentials, which a plugin never sees. Included by witbot.h.
 *
 * Every call can answer `denied`, `not-found`, `rate-limited` and `unavailable`; others are named with the call.
 */
#ifndef WITBOT_SERVICES_H
#define WITBOT_SERVICES_H

#include "witbot.h"

/** @name GitHub
 * Grant: `github = [{ repository = "acme/api", permissions = ["deployments:write"], environments = ["staging"] }]`.
 * @{ */

/** A repository that was granted. */
typedef struct witbot_repository {
    int32_t handle;
} witbot_repository;

/** A commit. */
typedef struct witbot_commit {
    /** The full SHA. */
    const char *sha;
    /** The first line of its message. */
    const char *title;
    /** The login of its author at GitHub, or else the name that the commit gives. */
    const char *author;
    /** The page that shows it. */
    const char *url;
    /** In milliseconds since 1970, UTC. */
    uint64_t committed_at;
} witbot_commit;

/** One check: a status context, or a check run. */
typedef struct witbot_check {
    const char *name;
    /** `success`, `pending`, `failure`, or `neutral` for what was skipped or says nothing. */
    const char *state;
    /** The page that shows it, or `NULL`. */
    const char *url;
} witbot_check;

/** The checks of a commit. */
typedef struct witbot_checks {
    /** `success`, `pending`, `failure`, or `none` when there are no checks. */
    const char *state;
    /** The names of those that failed. */
    witbot_texts failed;
    /** The names of those that are not over. */
    witbot_texts pending;
    /** All of them, each name once, as it stands last. */
    const witbot_check *all;
    size_t count;
} witbot_checks;

/** How one reference stands to another. */
typedef struct witbot_comparison {
    /** How many commits `head` has that `base` lacks. */
    uint32_t ahead_by;
    /** How many commits `base` has that `head` lacks. */
    uint32_t behind_by;
    /** Those that `head` has and `base` lacks, newest first, at most 50. */
    const witbot_commit *commits;
    size_t count;
    const char *url;
} witbot_comparison;

/** Yes, no, or what the service takes when nothing is said. */
typedef enum witbot_flag { WITBOT_UNSET, WITBOT_YES, WITBOT_NO } witbot_flag;

/** A deployment to be created. */
typedef struct witbot_deploy {
    const char *environment;
    /** The branch, tag or SHA; `HEAD`, the default branch, unless set. */
    const char *reference;
    /** `deploy` unless set. */
    const char *task;
    /** At most 140 characters: longer ones are cut. */
    const char *description;
    /** An object that whoever runs the deployment reads, at most 16 KiB. */
    const witbot_json *payload;
    /** The environment is one that users see. GitHub's own default is yes for `production` alone. */
    witbot_flag production;
    /** The environment will go away. */
    witbot_flag transient;
    /** GitHub merges the default branch in first, if the reference is behind it. That also needs `contents:write`. */
    witbot_flag auto_merge;
    /** GitHub refuses unless these status contexts are green. */
    witbot_texts required_contexts;
} witbot_deploy;

/** A deployment. */
typedef struct witbot_deployment {
    uint64_t id;
    /** The branch, tag or SHA that was asked for. */
    const char *reference;
    const char *sha;
    const char *task;
    const char *environment;
    const char *description;
    /** The login of who created it. */
    const char *creator;
    /** As JSON. */
    const char *payload;
    /** In milliseconds since 1970, UTC. */
    uint64_t created_at;
    int32_t handle;
} witbot_deployment;

/** A status of a deployment. */
typedef struct witbot_deployment_status {
    /** Grows with time. */
    uint64_t id;
    /** `queued`, `pending`, `in_progress`, `success`, `failure`, `error`, `inactive`, or one that GitHub has added since. */
    const char *state;
    const char *description;
    /** Where the log of the deployment is, or `NULL`. */
    const char *log_url;
    /** Where what was deployed can be seen, or `NULL`. */
    const char *environment_url;
    /** In milliseconds since 1970, UTC. */
    uint64_t created_at;
} witbot_deployment_status;

/** Opens a repository, named `owner/name`. Asks GitHub nothing. Errors: `invalid` (not of that form). */
witbot_result witbot_github_open(const char *name, witbot_repository *repository);
/** The full SHA that a branch, tag or abbreviated SHA stands for. Permission: `contents:read`. */
witbot_result witbot_github_resolve(witbot_repository repository, const char *reference, const char **sha);
/** The commit that a branch, tag or abbreviated SHA stands for. Permission: `contents:read`. */
witbot_result witbot_github_commit(witbot_repository repository, const char *reference, witbot_commit *commit);
/** The name of the default branch. Permission: `contents:read`. */
witbot_result witbot_github_default_branch(witbot_repository repository, const char **branch);
/** The names of the branches, at most `limit`: 1 to 1,000. Permission: `contents:read`. */
witbot_result witbot_github_branches(witbot_repository repository, uint32_t limit, witbot_texts *branches);
/** Merges `head` into the branch `base`, and gives the SHA of the commit that this made, or `NULL` when there was nothing to
 * merge. Permission: `contents:write`. Errors: `conflict`. */
witbot_result witbot_github_merge(witbot_repository repository, const char *base, const char *head,
                                  const char *message, const char **sha);
/** The checks of a commit, statuses and check runs together. Permission: `contents:read`. */
witbot_result witbot_github_checks(witbot_repository repository, const char *reference, witbot_checks *checks);
/** How `head` stands to `base`. Permission: `contents:read`. */
witbot_result witbot_github_compare(witbot_repository repository, const char *base, const char *head,
                                    witbot_comparison *comparison);
/** Creates a deployment, once, whatever happens to the bot meanwhile. Permission: `deployments:write`, for the environment.
 * Errors: `conflict` (merge conflict, failed contexts, or GitHub merged the base branch in and wants the request again
 * later), `invalid` (such as an unknown reference). */
witbot_result witbot_github_deploy(witbot_repository repository, const witbot_deploy *request,
                                   witbot_deployment *deployment);
/** One deployment. Permission: `deployments:read`. */
witbot_result witbot_github_deployment(witbot_repository repository, uint64_t id, witbot_deployment *deployment);
/** The newest deployments, newest first, of one environment or of all (`NULL`), at most `limit`: 1 to 100. Permission:
 * `deployments:read`. */
witbot_result witbot_github_deployments(witbot_repository repository, const char *environment, uint32_t limit,
                                        const witbot_deployment **deployments, size_t *count);
/** The latest status, as it is now; its id is 0 when there is none. Permission: `deployments:read`. */
witbot_result witbot_deployment_latest(const witbot_deployment *deployment, witbot_deployment_status *status);
/** Adds a status, with state, description and addresses as set; `status` then has the rest. Permission:
 * `deployments:write`, for the environment. Errors: `invalid` (GitHub does not know the state). */
witbot_result witbot_deployment_add(const witbot_deployment *deployment, witbot_deployment_status *status);
/** Waits for the next status after the one with the id `after`, or for the first (0), 30 days at most. One that is there
 * already is given at once. Permission: `deployments:read`. Errors: `timeout`, `invalid` (a longer wait). */
witbot_result witbot_deployment_next(const witbot_deployment *deployment, uint64_t after, uint64_t timeout_ms,
                                     witbot_deployment_status *status);

/** @} */
/** @name CI
 * Grant: `ci = [{ provider = "circleci", project = "gh/acme/api", actions = ["trigger", "read", "cancel", "rerun",
 * "approve"] }]`.
 * @{ */

/** A project that was granted. */
typedef struct witbot_project {
    int32_t handle;
} witbot_project;

/** What kind of value a ::witbot_parameter has. */
typedef enum witbot_parameter_kind {
    WITBOT_PARAMETER_TEXT,
    WITBOT_PARAMETER_INTEGER,
    WITBOT_PARAMETER_BOOLEAN,
} witbot_parameter_kind;

/** A parameter of a run: `{.name = "env", .text = "staging"}`, or with a kind `{.name = "verbose", .kind =
 * WITBOT_PARAMETER_BOOLEAN, .boolean = true}`. */
typedef struct witbot_parameter {
    const char *name;
    witbot_parameter_kind kind;
    const char *text;
    int64_t integer;
    bool boolean;
} witbot_parameter;

/** A run to be started. With neither branch nor tag, of the default branch. */
typedef struct witbot_run_request {
    const char *branch;
    const char *tag;
    /** CircleCI: the UUID of the pipeline definition, needed by projects that are connected through the GitHub App. GitHub
     * Actions: the file of the workflow, such as `deploy.yml`, always needed. */
    const char *definition;
    /** Declared in the pipeline's configuration; inputs of the workflow at GitHub Actions. At most 100 (GitHub Actions: 25);
     * name 128 and text 512 characters at most. */
    const witbot_parameter *parameters;
    size_t count;
    /** The name of a declared text parameter in which the bot puts the id of this call, to find the run again after a crash.
     * Recommended. */
    const char *correlate_by;
} witbot_run_request;

/** A run: a pipeline with all of its workflows. */
typedef struct witbot_run {
    /** The provider's. */
    const char *id;
    /** That people see; 0 when the provider has told none. */
    uint64_t number;
    const char *url;
    int32_t handle;
} witbot_run;

/** A run in a list, as it stood when the list was made. */
typedef struct witbot_recent_run {
    /** What witbot_ci_run() takes. */
    const char *id;
    /** That people see; 0 when the provider has told none. */
    uint64_t number;
    const char *url;
    /** How people call it: the workflow, or the first line of the commit's message. Can be empty. */
    const char *title;
    /** The branch or tag that it works on, or `NULL`. */
    const char *reference;
    /** The commit, as its full SHA, or `NULL`. */
    const char *commit;
    /** The account at the provider that started it, or `NULL`. */
    const char *actor;
    /** As of ::witbot_run_status. */
    const char *phase;
    /** In milliseconds since 1970, UTC. */
    uint64_t created_at;
} witbot_recent_run;

/** A job that failed. */
typedef struct witbot_job_failure {
    const char *job;
    /** The step in which it failed, or `NULL`. */
    const char *step;
    /** The page with its log. */
    const char *url;
} witbot_job_failure;

/** An approval that a run waits for. */
typedef struct witbot_approval {
    /** What witbot_run_approve() takes. */
    const char *id;
    /** How people call it. */
    const char *name;
} witbot_approval;

/** How a run stands. */
typedef struct witbot_run_status {
    /** `queued`, `running`, `blocked` (waits for an approval), `succeeded`, `failed`, `canceled`, `errored` (the service
     * could not run it), `not-run` (nothing to do), or `unknown`. */
    const char *phase;
    bool finished;
    witbot_texts failed_jobs;
    /** What is known of the jobs that failed. At most 20. */
    const witbot_job_failure *failures;
    size_t failures_count;
    /** At most 20. */
    const witbot_approval *approvals;
    size_t approvals_count;
    /** The commit that it works on, as its full SHA, or `NULL`. */
    const char *commit;
    /** What the service says of it, for people. Can be empty. */
    const char *detail;
    /** The page that shows the most: the failed job, or else the run. */
    const char *url;
} witbot_run_status;

/** Opens a project at a provider, `circleci` (`gh/acme/api`) or `github-actions` (`acme/api`). Asks the provider nothing.
 * Errors: `invalid` (unknown provider). */
witbot_result witbot_ci_open(const char *provider, const char *name, witbot_project *project);
/** Whether the provider can do something: `approve`, `rerun`, `rerun-failed`, `steps`. Asks the provider nothing. */
bool witbot_ci_can(witbot_project project, const char *ability);
/** Starts a run. Action: `trigger`. Errors: `invalid` (unknown branch, undeclared parameter), `conflict` (accepted, but the
 * service started nothing), `in-doubt`. */
witbot_result witbot_ci_trigger(witbot_project project, const witbot_run_request *request, witbot_run *run);
/** A run that was started before, by its id. Needs no action, and asks the provider nothing. */
witbot_result witbot_ci_run(witbot_project project, const char *id, witbot_run *run);
/** The newest runs, newest first, at most `limit`: 1 to 30, and any other number is taken as the nearest of these. Action:
 * `read`. */
witbot_result witbot_ci_recent(witbot_project project, uint32_t limit, const witbot_recent_run **runs, size_t *count);
/** How it stands now. Action: `read`. */
witbot_result witbot_run_now(const witbot_run *run, witbot_run_status *status);
/** Waits until the phase is not `phase` any more, 30 days at most. Action: `read`. Errors: `timeout`, `invalid`. */
witbot_result witbot_run_past(const witbot_run *run, const char *phase, uint64_t timeout_ms, witbot_run_status *status);
/** Waits until it is over. Action: `read`. Errors: `timeout`. */
witbot_result witbot_run_finished(const witbot_run *run, uint64_t timeout_ms, witbot_run_status *status);
/** Asks the provider to stop it. It ends some time later. Action: `cancel`. Errors: `conflict` (it is over). */
witbot_result witbot_run_cancel(const witbot_run *run);
/** Has the provider run it once more, or only what failed, under the same id. Action: `rerun`. Errors: `conflict` (it is not
 * over), `invalid` (the provider cannot). */
witbot_result witbot_run_again(const witbot_run *run, bool only_failed);
/** Gives an approval that the run waits for. Twice is as once. Action: `approve`. Errors: `conflict` (it does not wait for
 * this one any more), `invalid` (the provider cannot). */
witbot_result witbot_run_approve(const witbot_run *run, const char *approval);

/** @} */

#endif
