/** A client of Millrace's HTTP APIs (docs/clients.md). */

import { randomUUID } from "node:crypto";
import type { components } from "./api.js";

type Schemas = components["schemas"];
export type Question = Schemas["Question"];
export type Answer = Schemas["Answer"];
export type Item = Schemas["Item"];
export type Problem = Schemas["Problem"] | Schemas["UnusableEvents"];
type Kind = keyof Schemas["Events"];
type Sent<K extends Kind> = Omit<NonNullable<Schemas["Events"][K]>[number], "$defs">; // $defs: of the schema, not of the event
export type Events = { [K in Kind]?: (K extends "removed_items" ? string : Sent<K>)[] };
export type EventCounts = Schemas["EventCounts"];
export type UnusableEvent = Schemas["UnusableEvent"];
export type Promotion = Schemas["Promotion"];
export type Experiment = Schemas["Experiment"];
export type ExperimentPlan = Schemas["ExperimentPlan"];

export interface Options {
  /** Address of `millrace serve`. */
  recall?: string;
  /** Address of `millrace ingest`. */
  ingest?: string;
  token?: string;
  /** How often a request is sent at most; orders are sent once. */
  attempts?: number;
  timeoutMillis?: number;
  fetch?: typeof fetch;
  /** Waits between attempts. */
  pause?: (millis: number) => Promise<void>;
}

/** A refusal, with the problem that the server told. */
export class RefusedError extends Error {
  constructor(
    readonly status: number,
    readonly problem: Partial<Problem>,
  ) {
    super(`${status}: ${problem.detail ?? "the answer is no problem of Millrace"}`);
  }
}

/** Of statuses that a later attempt may not have. */
const PASSING = new Set([408, 429, 502, 503, 504]);
const FIRST_PAUSE_MILLIS = 100;
const LONGEST_PAUSE_MILLIS = 10_000;
const QUESTIONS_AT_ONCE = 100; // serve.max-batch

export class Millrace {
  readonly #options: Required<Omit<Options, "token">>;
  readonly #headers: Record<string, string> = { "Content-Type": "application/json" };

  constructor(options: Options = {}) {
    this.#options = {
      recall: "http://127.0.0.1:8080",
      ingest: "http://127.0.0.1:8082",
      attempts: 6,
      timeoutMillis: 15_000,
      fetch: globalThis.fetch,
      pause: (millis) => new Promise((resolve) => setTimeout(resolve, millis)),
      ...options,
    };
    if (options.token !== undefined) {
      this.#headers["Authorization"] = `Bearer ${options.token}`;
    }
  }

  /** The best items for a user. */
  recall(question: Question): Promise<Answer> {
    return this.#ask("POST", this.#options.recall, "/v1/recall", JSON.stringify(question));
  }

  /** Answers in the order of the questions, however many; a question that is refused has a problem. */
  async recallAll(questions: Question[]): Promise<(Answer | Problem)[]> {
    const all: (Answer | Problem)[] = [];
    for (let at = 0; at < questions.length; at += QUESTIONS_AT_ONCE) {
      const requests = questions.slice(at, at + QUESTIONS_AT_ONCE);
      const body = JSON.stringify({ requests });
      all.push(...(await this.#ask<Schemas["Answers"]>("POST", this.#options.recall, "/v1/recall", body)).answers);
    }
    return all;
  }

  /** The items nearest to an item or, by neighbours, those that are clicked beside it. */
  similar(item: string, k = 10, by: "vector" | "neighbours" = "vector"): Promise<Answer> {
    return this.#ask("GET", this.#options.recall, `/v1/similar?item=${encodeURIComponent(item)}&k=${k}&by=${by}`);
  }

  /** What the index holds about an item. */
  item(id: string): Promise<Item> {
    return this.#ask("GET", this.#options.recall, `/v1/items/${encodeURIComponent(id)}`);
  }

  /** Sends events until the brokers have them: once as far as their ids are the same. */
  send(events: Events): Promise<EventCounts> {
    return this.sendText(JSON.stringify(events));
  }

  /** The same of events that are JSON already. */
  sendText(events: string): Promise<EventCounts> {
    return this.#ask("POST", this.#options.ingest, "/v1/events", events);
  }

  promote(generation: string): Promise<Promotion> {
    return this.#order("POST", `/v1/generations/${encodeURIComponent(generation)}/promote`);
  }

  rollback(): Promise<Promotion> {
    return this.#order("POST", "/v1/generations/rollback");
  }

  startExperiment(name: string, plan: ExperimentPlan): Promise<Experiment> {
    return this.#order("POST", `/v1/experiments/${encodeURIComponent(name)}`, JSON.stringify(plan));
  }

  stopExperiment(name: string): Promise<Experiment> {
    return this.#order("POST", `/v1/experiments/${encodeURIComponent(name)}/stop`);
  }

  erase(user: string): Promise<Schemas["Erasure"]> {
    return this.#order("DELETE", `/v1/users/${encodeURIComponent(user)}`);
  }

  #order<T>(method: string, path: string, body?: string): Promise<T> {
    return this.#ask(method, this.#options.recall, path, body, 1);
  }

  async #ask<T>(method: string, base: string, path: string, body?: string, attempts?: number): Promise<T> {
    const { pause, attempts: most } = this.#options;
    for (let attempt = 1; ; attempt++) {
      const [failure, retryAfter, answer] = await this.#try(method, base + path, body);
      if (failure === undefined) {
        return answer as T;
      }
      const isLasting = failure instanceof RefusedError && !PASSING.has(failure.status);
      if (isLasting || attempt >= (attempts ?? most)) {
        throw failure;
      }
      // full jitter: clients that failed together do not come back together (Brooker 2015)
      const longest = Math.min(LONGEST_PAUSE_MILLIS, FIRST_PAUSE_MILLIS * 2 ** (attempt - 1));
      await pause(retryAfter * 1_000 + Math.random() * longest);
    }
  }

  async #try(method: string, url: string, body?: string): Promise<[Error | undefined, number, unknown?]> {
    try {
      const response = await this.#options.fetch(url, {
        method,
        headers: this.#headers,
        signal: AbortSignal.timeout(this.#options.timeoutMillis),
        ...(body === undefined ? {} : { body }),
      });
      const text = await response.text();
      if (response.ok) {
        return [undefined, 0, JSON.parse(text)];
      }
      const isProblem = response.headers.get("Content-Type")?.startsWith("application/problem+json") ?? false;
      const refused = new RefusedError(response.status, isProblem ? JSON.parse(text) : {});
      return [refused, Number(response.headers.get("Retry-After")) || 0];
    } catch (noAnswer) {
      return [new Error(`no answer from ${url}`, { cause: noAnswer }), 0];
    }
  }
}

type Made<E, Id extends string> = Omit<E, Id | "time"> & { [name in Id]?: string } & { time?: number | string };

interface Waiting {
  number: number;
  kind: Kind;
  json: string;
}

export interface BatchOptions {
  maxEvents?: number;
  /** Of a body; `ingest.max-body-bytes` at most. */
  maxBytes?: number;
  /** How long an event waits for others. */
  maxWaitMillis?: number;
  /** Events that may wait; beyond them, adding throws. */
  maxWaiting?: number;
  /** Told of events that cannot be used, which are left out. */
  onUnusable?: (unusable: UnusableEvent, event: unknown) => void;
  /** Told of a batch that was not accepted, whose events still wait. */
  onFailure?: (failure: unknown) => void;
}

/**
 * Collects events and sends them in batches, in the order in which they were added, one batch after the other.
 *
 * An event is written once, with its id and time: however often it is sent, it counts once.
 */
export class EventBatch {
  readonly #client: Millrace;
  readonly #options: Required<BatchOptions>;
  #waiting: Waiting[] = [];
  #added = 0;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;

  constructor(client: Millrace, options: BatchOptions = {}) {
    this.#client = client;
    this.#options = {
      maxEvents: 500,
      maxBytes: 1 << 19,
      maxWaitMillis: 200,
      maxWaiting: 10_000,
      onUnusable: (unusable) => process.emitWarning(`left out ${unusable.event}: ${unusable.detail}`),
      onFailure: (failure) => process.emitWarning(String(failure)),
      ...options,
    };
  }

  /** Returns the exposure's id, for its clicks. */
  exposure(event: Made<Sent<"exposures">, "exposure_id">): string {
    const id = event.exposure_id ?? randomUUID();
    this.#add("exposures", { time: Date.now(), ...event, exposure_id: id });
    return id;
  }

  /** Returns the click's id. */
  click(event: Made<Sent<"clicks">, "click_id">): string {
    const id = event.click_id ?? randomUUID();
    this.#add("clicks", { time: Date.now(), ...event, click_id: id });
    return id;
  }

  user(event: Made<Sent<"users">, never>): void {
    this.#add("users", { time: Date.now(), ...event });
  }

  item(event: Made<Sent<"items">, never>): void {
    this.#add("items", { time: Date.now(), ...event });
  }

  removeItem(id: string): void {
    this.#add("removed_items", id);
  }

  /** Returns when all that was added before is accepted; throws if a batch is not, whose events still wait. */
  async flush(): Promise<void> {
    const last = this.#added;
    while ((this.#waiting[0]?.number ?? Infinity) <= last) {
      this.#sending ??= this.#sendNext().finally(() => (this.#sending = undefined));
      await this.#sending;
    }
  }

  #add(kind: Kind, event: unknown): void {
    if (this.#waiting.length >= this.#options.maxWaiting) {
      throw new Error(`${this.#waiting.length} events wait: must be fewer than ${this.#options.maxWaiting}`);
    }
    this.#waiting.push({ number: ++this.#added, kind, json: JSON.stringify(event) });
    this.#flushLater(this.#waiting.length === this.#options.maxEvents ? 0 : this.#options.maxWaitMillis);
  }

  #flushLater(millis: number): void {
    if (millis === 0) {
      this.#stopTimer();
    }
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.flush().catch((failure: unknown) => {
        this.#options.onFailure(failure);
        this.#flushLater(this.#options.maxWaitMillis);
      });
    }, millis);
  }

  async #sendNext(): Promise<void> {
    const batch = this.#firstWaiting();
    const byKind = new Map<Kind, string[]>();
    for (const { kind, json } of batch) {
      byKind.set(kind, byKind.get(kind) ?? []);
      byKind.get(kind)!.push(json);
    }
    const members = [...byKind].map(([kind, events]) => `"${kind}":[${events.join(",")}]`);
    try {
      await this.#client.sendText(`{${members.join(",")}}`);
      this.#remove(batch);
    } catch (failure) {
      if (!(failure instanceof RefusedError) || failure.status !== 422) {
        throw failure;
      }
      for (const unusable of (failure.problem as Schemas["UnusableEvents"]).events) {
        const [, kind, at] = /^(\w+)\[(\d+)\]$/.exec(unusable.event) ?? [];
        const event = batch.filter((one) => one.kind === kind)[Number(at)];
        if (event === undefined) {
          throw failure;
        }
        this.#remove([event]);
        this.#options.onUnusable(unusable, JSON.parse(event.json));
      }
    }
  }

  #firstWaiting(): Waiting[] {
    let bytes = 0;
    const end = this.#waiting.findIndex(({ json }, at) => {
      bytes += Buffer.byteLength(json) + 1;
      return at === this.#options.maxEvents || (at > 0 && bytes > this.#options.maxBytes);
    });
    return this.#waiting.slice(0, end < 0 ? undefined : end);
  }

  #remove(events: Waiting[]): void {
    this.#waiting = this.#waiting.filter((one) => !events.includes(one));
    if (this.#waiting.length === 0) {
      this.#stopTimer();
    }
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
