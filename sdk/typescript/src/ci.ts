/**
 * Pipelines of a CI service, with the operator's credentials, which a plugin never sees.
 *
 * Grant: `ci = [{ provider = "circleci", project = "gh/acme/api", actions = ["trigger", "read", "cancel", "rerun", "approve"] }]`.
 * Everything can throw `denied`, `not-found`, `rate-limited` and `unavailable`; what else is named with the call.
 *
 * @module
 */
import * as raw from "witbot:ci/ci@0.1.0";
import { type Duration, milliseconds } from "./duration.js";
import { call, WitbotError } from "./error.js";
import { now } from "./flow.js";

/** Which phase a run is in. `blocked` waits for an approval; `errored`: the service could not run it. */
export type Phase =
  | "queued" | "running" | "blocked" | "succeeded" | "failed" | "canceled" | "errored" | "not-run" | "unknown"
  | (string & {});

/** What a provider can do, and another one perhaps cannot. */
export type Ability = "approve" | "rerun" | "rerun-failed" | "steps";

/** A run to be started. With neither branch nor tag, the service takes the project's default branch. */
export interface RunRequest {
  readonly branch?: string;
  readonly tag?: string;
  /** The pipeline definition. CircleCI: its UUID. GitHub Actions: the file of the workflow, such as `deploy.yml`; always needed. */
  readonly definition?: string;
  /** As declared in the pipeline's configuration, at most 100 (GitHub Actions: 25). Numbers are whole ones. */
  readonly parameters?: Readonly<Record<string, string | number | boolean>>;
  /** A declared text parameter in which the bot puts the id of this call, to find the run again after a crash. Recommended. */
  readonly correlateBy?: string;
}

/** A run in a list, as it stood when the list was made. */
export interface RecentRun {
  /** The provider's id: what {@link Project.run} takes. */
  readonly id: string;
  /** The number that people see, when the provider has told one. */
  readonly number: number | undefined;
  /** The page of the run. */
  readonly url: string;
  /** How people call it: the workflow, or the first line of the commit's message. Can be empty. */
  readonly title: string;
  /** The branch or tag that it works on, when the provider says so. */
  readonly reference: string | undefined;
  /** The commit, as its full SHA, when the provider says so. */
  readonly commit: string | undefined;
  /** The account at the provider that started it, when the provider says so. */
  readonly actor: string | undefined;
  /** Which phase it was in. */
  readonly phase: Phase;
  readonly createdAt: Date;
}

/** How a run stands. */
export interface RunStatus {
  readonly phase: Phase;
  /** Whether it is over. */
  readonly finished: boolean;
  /** The names of the jobs that failed. */
  readonly failedJobs: readonly string[];
  /** The jobs that failed, with what is known of each. At most 20. */
  readonly failures: readonly { readonly job: string; readonly step: string | undefined; readonly url: string }[];
  /** The approvals that it waits for. At most 20. */
  readonly approvals: readonly { readonly id: string; readonly name: string }[];
  /** The commit that it works on, as its full SHA, when the provider says so. */
  readonly commit: string | undefined;
  /** What the service says of it, for people. Can be empty. */
  readonly detail: string;
  /** The page that shows the most: the failed job, or else the run. */
  readonly url: string;
}

/**
 * Opens a project at `circleci` or `github-actions`, named as that service names it: `gh/acme/api`, `acme/api`. Asks nothing.
 *
 * @throws `denied`, `invalid` (unknown provider).
 */
export function open(provider: string, project: string): Project {
  return new Project(call(() => raw.open(provider, project)));
}

/** A project that was granted. */
export class Project {
  readonly #raw: raw.Project;

  /** @internal */
  constructor(project: raw.Project) {
    this.#raw = project;
  }

  /**
   * Starts a run. Action: `trigger`.
   *
   * @throws `invalid` (unknown branch, undeclared parameter), `conflict` (accepted, but the service started nothing),
   *   `in-doubt` (the bot was stopped in the middle of it, and cannot find out).
   */
  trigger(request: RunRequest = {}): Run {
    const wanted = new raw.RunRequest();
    if (request.branch !== undefined) wanted.branch(request.branch);
    if (request.tag !== undefined) wanted.tag(request.tag);
    if (request.definition !== undefined) wanted.definition(request.definition);
    for (const [name, value] of Object.entries(request.parameters ?? {})) wanted.parameter(name, parameter(name, value));
    if (request.correlateBy !== undefined) wanted.correlateBy(request.correlateBy);
    return new Run(call(() => this.#raw.trigger(wanted)));
  }

  /** A run that was started before, by its id. Asks the provider nothing. */
  run(id: string): Run {
    return new Run(call(() => this.#raw.run(id)));
  }

  /** The newest runs, newest first, at most `limit` (1 to 30). Action: `read`. */
  recent(limit = 30): RecentRun[] {
    return call(() => this.#raw.recent(Math.min(limit, 30))).map(recentRun);
  }

  /** Whether the provider can do something. Asks the provider nothing. */
  can(ability: Ability): boolean {
    return this.#raw.can(ability);
  }
}

/** A run: a pipeline with all of its workflows. */
export class Run {
  readonly #raw: raw.Run;

  /** @internal */
  constructor(run: raw.Run) {
    this.#raw = run;
  }

  /** The provider's id. */
  get id(): string {
    return this.#raw.id();
  }

  /** The number that people see, when the provider has told one. */
  get number(): number | undefined {
    return this.#raw.number() ?? undefined;
  }

  /** The page of the run. */
  get url(): string {
    return this.#raw.url();
  }

  /** How it stands now. Action: `read`. */
  status(): RunStatus {
    return status(call(() => this.#raw.status()));
  }

  /** Waits until the phase is not `phase` any more, and gives the status then. Action: `read`. @throws `timeout`. */
  past(phase: Phase, timeout: Duration): RunStatus {
    return status(call(() => this.#raw.past(phase, milliseconds(timeout))));
  }

  /** Waits until it is over. Action: `read`. @throws `timeout`. */
  finished(timeout: Duration): RunStatus {
    const end = now().getTime() + milliseconds(timeout);
    let phase: Phase = "queued";
    for (;;) {
      const left = end - now().getTime();
      if (left <= 0) throw new WitbotError("timeout", `the run is still ${phase}`);
      const found = this.past(phase, left);
      if (found.finished) return found;
      phase = found.phase;
    }
  }

  /** Asks the provider to stop it. It ends some time later. Action: `cancel`. @throws `conflict` (it is over). */
  cancel(): void {
    call(() => this.#raw.cancel());
  }

  /**
   * Has the provider run it once more, or only what failed, under the same id. Action: `rerun`.
   *
   * @throws `conflict` (it is not over), `invalid` (the provider cannot).
   */
  rerun({ onlyFailed = false }: { onlyFailed?: boolean } = {}): void {
    call(() => this.#raw.rerun(onlyFailed));
  }

  /**
   * Gives an approval that the run waits for, by the id that its status says. Giving it twice changes nothing. Action:
   * `approve`.
   *
   * @throws `conflict` (it does not wait for this one any more), `not-found`, `invalid` (the provider cannot).
   */
  approve(approval: string): void {
    call(() => this.#raw.approve(approval));
  }
}

function parameter(name: string, value: string | number | boolean): raw.Parameter {
  if (typeof value === "string") return { tag: "text", val: value };
  if (typeof value === "boolean") return { tag: "boolean", val: value };
  if (Number.isSafeInteger(value)) return { tag: "integer", val: value };
  throw new WitbotError("invalid", `the parameter \`${name}\` cannot be ${value}: only whole numbers can be given`);
}

function recentRun(found: raw.RecentRun): RecentRun {
  return {
    id: found.id(),
    number: found.number() ?? undefined,
    url: found.url(),
    title: found.title(),
    reference: found.reference() ?? undefined,
    commit: found.commit() ?? undefined,
    actor: found.actor() ?? undefined,
    phase: found.phase(),
    createdAt: new Date(found.createdAt()),
  };
}

function status(found: raw.RunStatus): RunStatus {
  return {
    phase: found.phase(),
    finished: found.finished(),
    failedJobs: found.failedJobs(),
    failures: found.failures().map((one) => ({ job: one.job(), step: one.step() ?? undefined, url: one.url() })),
    approvals: found.approvals().map((one) => ({ id: one.id(), name: one.name() })),
    commit: found.commit() ?? undefined,
    detail: found.detail(),
    url: found.url(),
  };
}
