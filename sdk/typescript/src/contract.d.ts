/**
 * The contract between a plugin and the bot, as the componentizer gives it to JavaScript. The test `contract` holds it
 * against the WIT files. What the functions do is written there, and beside what wraps them here.
 */

declare module "witbot:types/types@0.1.0" {
  export interface Error {
    code: string;
    message: string;
    retryAfterMs: number | null;
  }
}

declare module "witbot:chat/content@0.1.0" {
  export class Text {
    constructor(words: string);
    plain(words: string): void;
    code(words: string): void;
    link(label: string, url: string): void;
    user(id: string): void;
    channel(id: string): void;
    group(id: string): void;
    everyone(audience: string): void;
  }
  export class Card {
    constructor(title: string);
    state(state: string): void;
    text(text: Text): void;
    field(name: string, value: Text): void;
    link(label: string, url: string): void;
    button(label: string, command: string, style: string): void;
    menu(label: string, commands: [string, string][]): void;
    footer(text: Text): void;
  }
  export class Content {
    constructor(text: string);
    static rich(text: Text): Content;
    static card(card: Card): Content;
  }
}

declare module "witbot:chat/messages@0.1.0" {
  import type { Content } from "witbot:chat/content@0.1.0";
  export class Message {
    private constructor();
    static find(id: string): Message;
    id(): string;
    edit(text: string): void;
    editWith(content: Content): void;
    reply(text: string): Message;
    replyWith(content: Content): Message;
    delete(): void;
    react(emoji: string): void;
  }
}

declare module "witbot:chat/chat@0.1.0" {
  import type { Content } from "witbot:chat/content@0.1.0";
  import type { Message } from "witbot:chat/messages@0.1.0";
  export function post(channel: string, text: string): Message;
  export function postWith(channel: string, content: Content): Message;
  export function direct(user: string, content: Content): Message;
}

declare module "witbot:flow/flow@0.1.0" {
  import type { Text } from "witbot:chat/content@0.1.0";
  export function now(): number;
  export function random(): number;
  export function sleep(milliseconds: number): void;
  export function ask(question: string, choices: string[], timeoutMs: number): Answer;
  export function awaitEvent(kind: string, subject: string, timeoutMs: number): Occurrence;
  export function lineUp(line: string): Turn;
  export function cancel(run: string): boolean;
  export class Turn {
    private constructor();
    ahead(): number;
    closer(timeoutMs: number): number;
    leave(): void;
  }
  export class Question {
    constructor(text: Text);
    choice(text: string): void;
    answeredBy(user: string): void;
    anyone(): void;
    ask(timeoutMs: number): Answer;
  }
  export class Answer {
    private constructor();
    choice(): string;
    user(): string;
  }
  export class Occurrence {
    private constructor();
    kind(): string;
    subject(): string;
    field(pointer: string): string | null;
  }
}

declare module "witbot:flow/permission@0.1.0" {
  export function demand(subject: [string, string][]): boolean;
  export function may(command: string, args: [string, string][]): boolean;
}

declare module "witbot:config/config@0.1.0" {
  export function get(pointer: string): string | null;
  export function document(): string;
  export function reject(pointer: string, reason: string): void;
}

declare module "witbot:log/log@0.1.0" {
  export type Level = "trace" | "debug" | "info" | "warn" | "error";
  export function write(level: Level, message: string): void;
}

declare module "witbot:kv/kv@0.1.0" {
  export function get(key: string): Uint8Array | null;
  export function set(key: string, value: Uint8Array): void;
  export function replace(key: string, expected: Uint8Array | null, value: Uint8Array): boolean;
  export function delete_(key: string): void;
  export function keys(prefix: string, after: string | null, limit: number): string[];
  export { delete_ as delete };
  export class Namespace {
    private constructor();
    static open(name: string): Namespace;
    get(key: string): Uint8Array | null;
    set(key: string, value: Uint8Array): void;
    replace(key: string, expected: Uint8Array | null, value: Uint8Array): boolean;
    delete(key: string): void;
    keys(prefix: string, after: string | null, limit: number): string[];
  }
}

declare module "witbot:http/http@0.1.0" {
  export function send(request: Request): Response;
  export class Request {
    constructor(method: string, url: string);
    header(name: string, value: string): void;
    body(bytes: Uint8Array): void;
    timeout(milliseconds: number): void;
  }
  export class Response {
    private constructor();
    status(): number;
    header(name: string): string | null;
    body(): Uint8Array;
    elapsed(): number;
    certificateExpires(): number | null;
  }
}

declare module "witbot:topics/topics@0.1.0" {
  export function publish(name: string, subject: string, body: string): void;
}

declare module "witbot:github/github@0.1.0" {
  export function open(repository: string): Repository;
  export class Repository {
    private constructor();
    name(): string;
    resolve(reference: string): string;
    commit(reference: string): Commit;
    defaultBranch(): string;
    branches(limit: number): string[];
    merge(base: string, head: string, message: string): string | null;
    checks(reference: string): Checks;
    compare(base: string, head: string): Comparison;
    createDeployment(request: DeploymentRequest): Deployment;
    deployment(id: number): Deployment;
    deployments(environment: string | null, limit: number): Deployment[];
  }
  export class DeploymentRequest {
    constructor(reference: string, environment: string);
    task(task: string): void;
    description(text: string): void;
    payload(json: string): void;
    production(yes: boolean): void;
    transient(yes: boolean): void;
    autoMerge(yes: boolean): void;
    requireContext(name: string): void;
  }
  export class Deployment {
    private constructor();
    id(): number;
    reference(): string;
    sha(): string;
    task(): string;
    environment(): string;
    description(): string;
    creator(): string;
    payload(): string;
    createdAt(): number;
    status(): DeploymentStatus | null;
    addStatus(request: StatusRequest): DeploymentStatus;
    nextStatus(after: number | null, timeoutMs: number): DeploymentStatus;
  }
  export class StatusRequest {
    constructor(state: string);
    description(text: string): void;
    logUrl(url: string): void;
    environmentUrl(url: string): void;
  }
  export class DeploymentStatus {
    private constructor();
    id(): number;
    state(): string;
    description(): string;
    logUrl(): string | null;
    environmentUrl(): string | null;
    createdAt(): number;
  }
  export class Commit {
    private constructor();
    sha(): string;
    title(): string;
    author(): string;
    url(): string;
    committedAt(): number;
  }
  export class Checks {
    private constructor();
    state(): string;
    failed(): string[];
    pending(): string[];
    all(): Check[];
  }
  export class Check {
    private constructor();
    name(): string;
    state(): string;
    url(): string | null;
  }
  export class Comparison {
    private constructor();
    aheadBy(): number;
    behindBy(): number;
    commits(): Commit[];
    url(): string;
  }
}

declare module "witbot:ci/ci@0.1.0" {
  export type Parameter =
    | { tag: "text"; val: string }
    | { tag: "integer"; val: number }
    | { tag: "boolean"; val: boolean };
  export function open(provider: string, project: string): Project;
  export class Project {
    private constructor();
    trigger(request: RunRequest): Run;
    run(id: string): Run;
    recent(limit: number): RecentRun[];
    can(ability: string): boolean;
  }
  export class RunRequest {
    constructor();
    branch(name: string): void;
    tag(name: string): void;
    definition(id: string): void;
    parameter(name: string, value: Parameter): void;
    correlateBy(name: string): void;
  }
  export class Run {
    private constructor();
    id(): string;
    number(): number | null;
    url(): string;
    status(): RunStatus;
    past(phase: string, timeoutMs: number): RunStatus;
    cancel(): void;
    rerun(onlyFailed: boolean): void;
    approve(approval: string): void;
  }
  export class RecentRun {
    private constructor();
    id(): string;
    number(): number | null;
    url(): string;
    title(): string;
    reference(): string | null;
    commit(): string | null;
    actor(): string | null;
    phase(): string;
    createdAt(): number;
  }
  export class RunStatus {
    private constructor();
    phase(): string;
    finished(): boolean;
    failedJobs(): string[];
    failures(): Failure[];
    approvals(): Approval[];
    commit(): string | null;
    detail(): string;
    url(): string;
  }
  export class Failure {
    private constructor();
    job(): string;
    step(): string | null;
    url(): string;
  }
  export class Approval {
    private constructor();
    id(): string;
    name(): string;
  }
}

declare module "witbot:plugin/declare@0.1.0" {
  export class Declaration {
    private constructor();
    summary(text: string): void;
    version(text: string): void;
    command(id: string, usage: string, summary: string): Command;
    listener(id: string, pattern: string, summary: string): void;
    hubotHear(id: string, pattern: string, flags: string, summary: string): void;
    hubotRespond(id: string, pattern: string, flags: string, summary: string): void;
    subscribe(id: string, kind: string): void;
    setting(name: string, summary: string, required: boolean): void;
    checksSettings(id: string): void;
    migrates(id: string): void;
    wants(capability: string, reason: string): void;
    canUse(capability: string, reason: string): void;
    schedule(id: string, when: string, summary: string): void;
    webhook(id: string, name: string, summary: string): void;
  }
  export class Command {
    private constructor();
    example(text: string): void;
    details(text: string): void;
    dangerous(): void;
    asksPermission(): void;
  }
}

declare module "witbot:plugin/events@0.1.0" {
  import type { Content } from "witbot:chat/content@0.1.0";
  import type { Message } from "witbot:chat/messages@0.1.0";
  export class Event {
    private constructor();
    id(): string;
    kind(): string;
    handler(): string;
    text(): string;
    argument(name: string): string | null;
    user(): string | null;
    userName(): string | null;
    userStanding(): string | null;
    userGithubLogin(): string | null;
    channel(): string | null;
    direct(): boolean;
    subject(): string;
    field(pointer: string): string | null;
    reply(text: string): Message;
    replyWith(content: Content): Message;
    replyInThread(content: Content): Message;
    whisper(content: Content): void;
    react(emoji: string): void;
  }
}
