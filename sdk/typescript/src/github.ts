/**
 * GitHub, with the operator's credentials, which a plugin never sees.
 *
 * Grant: `github = [{ repository = "acme/api", permissions = ["deployments:write"], environments = ["staging"] }]`.
 * Everything can throw `denied`, `not-found`, `rate-limited` and `unavailable`; what else is named with the call.
 *
 * @module
 */
import * as raw from "witbot:github/github@0.1.0";
import { type Duration, milliseconds } from "./duration.js";
import { call } from "./error.js";

/** How a deployment stands. Later GitHub may have more. */
export type DeploymentState =
  | "queued" | "pending" | "in_progress" | "success" | "failure" | "error" | "inactive" | (string & {});

/** A commit. */
export interface Commit {
  /** The full SHA. */
  readonly sha: string;
  /** The first line of its message. */
  readonly title: string;
  /** The login of its author at GitHub, or else the name that the commit gives. */
  readonly author: string;
  readonly url: string;
  readonly committedAt: Date;
}

/** One check: a status context, or a check run. `neutral`: it was skipped or says nothing. */
export interface Check {
  readonly name: string;
  readonly state: "success" | "pending" | "failure" | "neutral" | (string & {});
  readonly url: string | undefined;
}

/** The checks of a commit, each name once, as it stands last. */
export interface Checks {
  /** `none` when there are no checks. */
  readonly state: "success" | "pending" | "failure" | "none" | (string & {});
  /** The names of those that failed. */
  readonly failed: readonly string[];
  /** The names of those that are not over. */
  readonly pending: readonly string[];
  readonly all: readonly Check[];
}

/** How one reference stands to another. */
export interface Comparison {
  /** How many commits `head` has that `base` lacks. */
  readonly aheadBy: number;
  /** How many commits `base` has that `head` lacks. */
  readonly behindBy: number;
  /** The commits that `head` has and `base` lacks, newest first, at most 50. */
  readonly commits: readonly Commit[];
  readonly url: string;
}

/** A deployment to be created. GitHub's own gates are off unless asked for. */
export interface DeploymentRequest {
  /** Where to. */
  readonly environment: string;
  /** A branch, a tag or a commit. */
  readonly reference: string;
  /** `deploy` unless set. */
  readonly task?: string;
  /** At most 140 characters: longer ones are cut. */
  readonly description?: string;
  /** What whoever runs the deployment reads, at most 16 KiB as JSON. */
  readonly payload?: object;
  /** The environment is one that users see. GitHub's own default is true for `production` alone. */
  readonly production?: boolean;
  /** The environment will go away. */
  readonly transient?: boolean;
  /** Has GitHub merge the default branch in first, if the reference is behind it. Also needs `contents:write`. */
  readonly autoMerge?: boolean;
  /** Has GitHub refuse unless these status contexts are green. */
  readonly requireContexts?: readonly string[];
}

/** A status of a deployment. */
export interface DeploymentStatus {
  /** Grows with time. */
  readonly id: number;
  readonly state: DeploymentState;
  /** Empty when nothing was said. */
  readonly description: string;
  readonly logUrl: string | undefined;
  readonly environmentUrl: string | undefined;
  readonly createdAt: Date;
}

/** A status to be added to a deployment. */
export interface StatusRequest {
  readonly state: DeploymentState;
  /** At most 140 characters: longer ones are cut. */
  readonly description?: string;
  readonly logUrl?: string;
  readonly environmentUrl?: string;
}

/** Opens a repository, named `owner/name`. Asks GitHub nothing. @throws `denied`, `invalid` (not of that form). */
export function open(repository: string): Repository {
  return new Repository(call(() => raw.open(repository)));
}

/** A repository that was granted. */
export class Repository {
  readonly #raw: raw.Repository;

  /** @internal */
  constructor(repository: raw.Repository) {
    this.#raw = repository;
  }

  /** `owner/name`. */
  get name(): string {
    return this.#raw.name();
  }

  /** The full SHA that a branch, tag or abbreviated SHA stands for. Permission: `contents:read`. */
  resolve(reference: string): string {
    return call(() => this.#raw.resolve(reference));
  }

  /** The commit that a branch, tag or abbreviated SHA stands for. Permission: `contents:read`. */
  commit(reference: string): Commit {
    return commit(call(() => this.#raw.commit(reference)));
  }

  /** The name of the default branch. Permission: `contents:read`. */
  defaultBranch(): string {
    return call(() => this.#raw.defaultBranch());
  }

  /** The names of the branches, in GitHub's order, at most `limit` (1 to 1,000). Permission: `contents:read`. */
  branches(limit = 100): string[] {
    return call(() => this.#raw.branches(Math.min(limit, 1_000)));
  }

  /**
   * Merges `head`, a branch or commit, into the branch `base`, and gives the SHA of the commit that this made; `undefined`
   * when there was nothing to merge. Permission: `contents:write`.
   *
   * @throws `conflict` (they do not fit together), `not-found` (no such branch or commit).
   */
  merge(base: string, head: string, message: string): string | undefined {
    return call(() => this.#raw.merge(base, head, message)) ?? undefined;
  }

  /** The checks of a commit. Permission: `contents:read`. */
  checks(reference: string): Checks {
    const checks = call(() => this.#raw.checks(reference));
    const all = checks.all().map((check) => ({ name: check.name(), state: check.state(), url: check.url() ?? undefined }));
    return { state: checks.state(), failed: checks.failed(), pending: checks.pending(), all };
  }

  /** How `head` stands to `base`. Permission: `contents:read`. */
  compare(base: string, head: string): Comparison {
    const found = call(() => this.#raw.compare(base, head));
    const commits = found.commits().map(commit);
    return { aheadBy: found.aheadBy(), behindBy: found.behindBy(), commits, url: found.url() };
  }

  /**
   * Creates a deployment. After a crash in the middle it is found again and not created twice. Permission:
   * `deployments:write`, for the environment.
   *
   * @throws `conflict` (merge conflict, failed contexts, or GitHub merged the base branch in and wants the request again
   *   later), `invalid` (such as an unknown reference).
   */
  deploy(request: DeploymentRequest): Deployment {
    const wanted = new raw.DeploymentRequest(request.reference, request.environment);
    if (request.task !== undefined) wanted.task(request.task);
    if (request.description !== undefined) wanted.description(request.description);
    if (request.payload !== undefined) wanted.payload(JSON.stringify(request.payload));
    if (request.production !== undefined) wanted.production(request.production);
    if (request.transient !== undefined) wanted.transient(request.transient);
    if (request.autoMerge !== undefined) wanted.autoMerge(request.autoMerge);
    for (const context of request.requireContexts ?? []) wanted.requireContext(context);
    return new Deployment(call(() => this.#raw.createDeployment(wanted)));
  }

  /** One deployment. Permission: `deployments:read`. */
  deployment(id: number): Deployment {
    return new Deployment(call(() => this.#raw.deployment(id)));
  }

  /** The newest deployments, newest first, at most `limit` (1 to 100). Permission: `deployments:read`. */
  deployments({ environment, limit = 30 }: { environment?: string; limit?: number } = {}): Deployment[] {
    const found = call(() => this.#raw.deployments(environment ?? null, Math.min(limit, 100)));
    return found.map((deployment) => new Deployment(deployment));
  }
}

/** A deployment. */
export class Deployment {
  readonly #raw: raw.Deployment;

  /** @internal */
  constructor(deployment: raw.Deployment) {
    this.#raw = deployment;
  }

  /** GitHub's number of it. */
  get id(): number {
    return this.#raw.id();
  }

  /** The branch, tag or SHA that was asked for. */
  get reference(): string {
    return this.#raw.reference();
  }

  /** The commit. */
  get sha(): string {
    return this.#raw.sha();
  }

  /** What is to be done; mostly `deploy`. */
  get task(): string {
    return this.#raw.task();
  }

  /** Where to. */
  get environment(): string {
    return this.#raw.environment();
  }

  /** For people; empty when nothing was said. */
  get description(): string {
    return this.#raw.description();
  }

  /** The login of who created it, at GitHub. */
  get creator(): string {
    return this.#raw.creator();
  }

  /** The payload, parsed. */
  get payload(): unknown {
    return JSON.parse(this.#raw.payload());
  }

  get createdAt(): Date {
    return new Date(this.#raw.createdAt());
  }

  /** The latest status, as it is at GitHub now. Permission: `deployments:read`. */
  status(): DeploymentStatus | undefined {
    const found = call(() => this.#raw.status());
    return found === null ? undefined : status(found);
  }

  /** Adds a status. Permission: `deployments:write`, for the environment. @throws `invalid` (GitHub does not know the state). */
  addStatus(request: StatusRequest): DeploymentStatus {
    const wanted = new raw.StatusRequest(request.state);
    if (request.description !== undefined) wanted.description(request.description);
    if (request.logUrl !== undefined) wanted.logUrl(request.logUrl);
    if (request.environmentUrl !== undefined) wanted.environmentUrl(request.environmentUrl);
    return status(call(() => this.#raw.addStatus(wanted)));
  }

  /**
   * Waits, 30 days at most, for the next status after the one with the id `after`, or for the first. One that is there
   * already is given at once. Permission: `deployments:read`.
   *
   * @throws `timeout`, `invalid` (a longer wait).
   */
  nextStatus({ after, timeout }: { after?: number; timeout: Duration }): DeploymentStatus {
    return status(call(() => this.#raw.nextStatus(after ?? null, milliseconds(timeout))));
  }
}

function commit(found: raw.Commit): Commit {
  return {
    sha: found.sha(),
    title: found.title(),
    author: found.author(),
    url: found.url(),
    committedAt: new Date(found.committedAt()),
  };
}

function status(found: raw.DeploymentStatus): DeploymentStatus {
  return {
    id: found.id(),
    state: found.state(),
    description: found.description(),
    logUrl: found.logUrl() ?? undefined,
    environmentUrl: found.environmentUrl() ?? undefined,
    createdAt: new Date(found.createdAt()),
  };
}
