//! The page's side of one worker: requests -> promises. Knows nothing of what is asked.

import { ERROR_CODES, LivenessError } from './errors.js';
import type { Backend } from './generated.js';
import type { Answers, PlainError, Reply, Request } from './protocol.js';
import { startWorker } from './start-worker.js';
import type { LoadProgress } from './types.js';
import { whyNotStarted, whySilent } from './worker-fault.js';

/** Ticks of a second. A tick more says less after a suspended device wakes than a time does. */
const TICK_MS = 1_000;
/** Ticks without a word after which a worker that owes an answer counts as hung, or killed: browsers tell of neither. */
const SILENT_TICKS = 60;
/** Ticks without any word after which its script is looked at: one that is empty runs, says nothing, and is no error to a browser. */
const LOOK_TICKS = 5;

interface Pending {
  resolve(value: never): void;
  reject(error: unknown): void;
  readonly hear: ((progress: LoadProgress) => void) | undefined;
}

/** A worker and the answers it still owes. */
export class Client {
  readonly #worker: Worker;
  readonly #url: URL | undefined;
  readonly #pending = new Map<number, Pending>();
  readonly #stop = new AbortController();
  #nextId = 0;
  #ticking: ReturnType<typeof setInterval> | undefined;
  #silent = 0;
  #answered = false;

  /** @throws LivenessError `ENGINE_FETCH` if the browser refuses to start it, `INVALID_INPUT` if `start` gives no Worker. */
  constructor(backend: Backend, start?: (backend: Backend) => Worker) {
    const { worker, url } = startWorker(backend, start);
    this.#worker = worker;
    this.#url = url;
    this.#worker.onmessage = ({ data }: MessageEvent<Reply>) => {
      this.#answered = true;
      this.#silent = 0;
      // What a page's own worker says beside its answers is nobody's here.
      if (typeof data?.id === 'number') this.#settle(data);
      this.#watch();
    };
    this.#worker.onerror = (event) => {
      // A worker that never ran: its script is missing, blocked by policy, or the browser has no module workers.
      if (!this.#answered) return void whyNotStarted(url, event).then((error) => this.end(error));
      // The engine trapped: out of memory, or a panic, which the console shows.
      this.end(new LivenessError('INTERNAL', `The engine broke down${event.message ? `: ${event.message}` : ''}.`, { cause: event }));
    };
  }

  /** Aborts, with the LivenessError as its reason, when the worker stops: for those who wait for something else. */
  get stopped(): AbortSignal {
    return this.#stop.signal;
  }

  /** Asks the worker; what is in `transfer` is gone for the caller. What `hear` throws is what the promise rejects with. */
  ask<R extends Request>(request: R, transfer: Transferable[] = [], hear?: (progress: LoadProgress) => void): Promise<Answers[R['kind']]> {
    if (this.stopped.aborted) return Promise.reject(this.stopped.reason);
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      this.#pending.set(id, { resolve: resolve as (value: never) => void, reject, hear });
      try {
        this.#worker.postMessage({ id, request }, transfer);
        this.#watch();
      } catch (cause) {
        this.#pending.delete(id);
        reject(new LivenessError('INVALID_INPUT', 'What was given cannot be handed to the worker.', { cause }));
      }
    });
  }

  /** Stops the worker; everything asked, now or later, rejects with `error`. */
  end(error: LivenessError): void {
    if (this.stopped.aborted) return;
    this.#stop.abort(error);
    this.#worker.terminate();
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
    this.#watch();
  }

  /** Counts while answers are owed, and only then. */
  #watch(): void {
    if (this.#pending.size === 0) {
      clearInterval(this.#ticking);
      this.#ticking = undefined;
    } else if (this.#ticking === undefined) {
      this.#silent = 0;
      this.#ticking = setInterval(() => {
        this.#silent++;
        if (this.#silent === LOOK_TICKS && !this.#answered) void whySilent(this.#url).then((error) => error && this.end(error));
        if (this.#silent < SILENT_TICKS) return;
        const silent = `for ${(SILENT_TICKS * TICK_MS) / 1000} seconds, and was stopped`;
        // One that never spoke has not come, or is not this package's.
        if (!this.#answered) return this.end(new LivenessError('ENGINE_FETCH', `The worker said nothing ${silent}: did its script come, and is it this package's?`));
        this.end(new LivenessError('TIMEOUT', `The worker did not answer ${silent}: load a new detector.`));
      }, TICK_MS);
    }
  }

  #settle(reply: Reply): void {
    const pending = this.#pending.get(reply.id);
    if ('alive' in reply) return;
    if ('progress' in reply) {
      try {
        pending?.hear?.(reply.progress);
      } catch (error) {
        this.#pending.delete(reply.id);
        pending?.reject(error);
      }
      return;
    }
    this.#pending.delete(reply.id);
    if (reply.ok) pending?.resolve(reply.value as never);
    else pending?.reject(revive(reply.error));
  }
}

function revive(plain: PlainError | undefined): LivenessError {
  // By another version's worker, or none of ours.
  if (!plain || !ERROR_CODES.includes(plain.code)) return new LivenessError('INTERNAL', 'The worker answered what no worker of this version answers.');
  const { code, message, retryable, reason, cause } = plain;
  if (!cause) return new LivenessError(code, message, { retryable, reason });
  const error = Object.assign(new Error(cause.message), { name: cause.name });
  return new LivenessError(code, message, { retryable, reason, cause: error });
}
