//! The page's side of one worker: requests -> promises. Knows nothing of what is asked.

import { LivenessError } from './errors.js';
import type { Answers, Reply, Request } from './protocol.js';
import type { Backend } from './types.js';

interface Pending {
  resolve(value: never): void;
  reject(error: LivenessError): void;
}

/** A worker and the answers it still owes. */
export class Client {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  readonly #stop = new AbortController();
  #nextId = 0;

  constructor(backend: Backend) {
    this.#worker = start(backend);
    this.#worker.onmessage = ({ data }: MessageEvent<Reply>) => this.#settle(data);
    // A worker that never ran: its script is missing, blocked by policy, or the browser has no module workers.
    this.#worker.onerror = (event) => {
      const detail = event.message ? `: ${event.message}` : ': check that its script is deployed and the policy allows it';
      this.end(new LivenessError('ENGINE_FETCH', `The worker failed${detail}.`, { cause: event }));
    };
  }

  /** Aborts, with the LivenessError as its reason, when the worker stops: for those who wait for something else. */
  get stopped(): AbortSignal {
    return this.#stop.signal;
  }

  /** Asks the worker; what is in `transfer` is gone for the caller. */
  ask<R extends Request>(request: R, transfer: Transferable[] = []): Promise<Answers[R['kind']]> {
    if (this.stopped.aborted) return Promise.reject(this.stopped.reason);
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      this.#pending.set(id, { resolve: resolve as (value: never) => void, reject });
      try {
        this.#worker.postMessage({ id, request }, transfer);
      } catch (cause) {
        this.#pending.delete(id);
        reject(new LivenessError('INVALID_INPUT', 'The source cannot be handed to the worker.', { cause }));
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
  }

  #settle(reply: Reply): void {
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if (reply.ok) pending?.resolve(reply.value as never);
    else pending?.reject(new LivenessError(reply.error.code, reply.error.message, { retryable: reply.error.retryable }));
  }
}

/** Two literal URLs, each beside its `new Worker`, or bundlers would not find the files. */
function start(backend: Backend): Worker {
  if (backend === 'webgpu') return new Worker(new URL('./worker-webgpu.js', import.meta.url), { type: 'module' });
  return new Worker(new URL('./worker-cpu.js', import.meta.url), { type: 'module' });
}
