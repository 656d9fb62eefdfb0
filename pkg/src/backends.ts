//! The backend in use, and the one to fall back to. With `auto` the CPU serves at once, while WebGPU gets ready beside it;
//! both are measured, and the faster one serves from then on, for as long as it sees in a probe picture what the CPU sees.

import { LivenessError } from './errors.js';
import type { ScoreResult } from './generated.js';
import { realGpu } from './gpu.js';
import { loadWorker, type Files, type LoadedWorker } from './loaded-worker.js';
import { agree, probe } from './probe.js';
import { recall, remember, type Measured } from './storage.js';
import type { Settled } from './types.js';

/** Looks on each backend, in turn; the fastest counts, since a page has other work. */
const LOOKS = 5;

/** One or two loaded workers. */
export class Backends {
  readonly #cpu: LoadedWorker | undefined;
  readonly #stop = new AbortController();
  #current: LoadedWorker;
  #inUse: Promise<unknown> = Promise.resolve();
  /** What the CPU's engine sees in the probe picture. */
  #right: ScoreResult | undefined;
  /** When the choice is made. Never rejects. */
  readonly settled: Promise<Settled>;

  /** One engine for good, or the CPU's with leave to change to WebGPU, loaded as `start` says; `keep`: what was measured. */
  constructor(first: LoadedWorker, start?: Files, keep = true) {
    this.#current = first;
    this.#cpu = start && first;
    this.settled = start ? this.#contest(first, start, keep) : Promise.resolve({ backend: first.backend, remembered: false });
  }

  get current(): LoadedWorker {
    return this.#current;
  }

  /** Aborts, with a LivenessError as its reason, at `end`. */
  get stopped(): AbortSignal {
    return this.#stop.signal;
  }

  /** Nothing is measured while this work goes on. */
  use<T>(work: Promise<T>): Promise<T> {
    this.#inUse = work.catch(() => {});
    return work;
  }

  /**
   * Does something on the current engine, and once more on the CPU if that engine lost its GPU.
   *
   * @throws LivenessError whatever the work throws.
   */
  async on<T>(work: (worker: LoadedWorker) => Promise<T>): Promise<T> {
    const worker = this.#current;
    try {
      return await work(worker);
    } catch (error) {
      return work(this.after(worker, error));
    }
  }

  /**
   * The engine to go on with after `error` on `worker`: the CPU's, if it was the GPU that was lost.
   *
   * @throws the error itself if there is none.
   */
  after(worker: LoadedWorker, error: unknown): LoadedWorker {
    const lost = error instanceof LivenessError && error.code === 'GPU_DEVICE_LOST';
    if (!lost || !this.#cpu || worker === this.#cpu) throw error;
    return (this.#current = this.#cpu);
  }

  /**
   * Looks at the probe picture once more, if a GPU serves: one that has come to compute wrongly since, by a driver that was reset
   * or memory that failed, serves no longer.
   *
   * @throws LivenessError whatever the engine throws, but the loss of its GPU.
   */
  async prove(): Promise<void> {
    const worker = this.#current;
    if (!this.#cpu || !this.#right || worker === this.#cpu) return;
    try {
      if (agree(this.#right, (await look(worker)).seen)) return;
    } catch (error) {
      return void this.after(worker, error);
    }
    this.#current = this.#cpu;
    worker.client.end(wrong());
  }

  /** Stops all workers; what was asked of them rejects with `error`. */
  end(error: LivenessError): void {
    this.#stop.abort(error);
    this.#current.client.end(error);
    this.#cpu?.client.end(error);
  }

  async #contest(cpu: LoadedWorker, start: Files, keep: boolean): Promise<Settled> {
    const stays = { backend: cpu.backend, remembered: false } as const;
    const gpu = savesData() ? undefined : await realGpu();
    if (gpu === undefined || this.stopped.aborted) return stays;
    const kept = keep ? recall(gpu) : undefined;
    if (kept && kept.cpuMs <= kept.webgpuMs) return { ...stays, ...kept, remembered: true };
    let webgpu: LoadedWorker | undefined;
    try {
      webgpu = await loadWorker('webgpu', { ...start, signal: this.stopped });
      await this.#inUse;
      this.#right = (await look(cpu)).seen;
      if (!agree(this.#right, (await look(webgpu)).seen)) throw wrong();
      const measured = kept ?? (await this.#measure(cpu, webgpu));
      if (!kept && keep) remember(gpu, measured);
      if (measured.cpuMs <= measured.webgpuMs) {
        webgpu.client.end(new LivenessError('CANCELLED', 'The CPU is faster.'));
        return { ...stays, ...measured };
      }
      if (this.stopped.aborted) throw this.stopped.reason;
      this.#current = webgpu;
      return { backend: webgpu.backend, ...measured, remembered: kept !== undefined };
    } catch (cause) {
      const error = LivenessError.from(cause);
      webgpu?.client.end(error);
      return { ...stays, error };
    }
  }

  async #measure(cpu: LoadedWorker, webgpu: LoadedWorker): Promise<Measured> {
    const best = new Map([cpu, webgpu].map((worker) => [worker, Infinity]));
    for (let round = 0; round < LOOKS; round++) {
      for (const worker of [cpu, webgpu]) {
        // A check comes first: measuring would slow it, and it the measuring.
        await this.#inUse;
        best.set(worker, Math.min(best.get(worker)!, (await look(worker)).ms));
      }
    }
    return { cpuMs: best.get(cpu)!, webgpuMs: best.get(webgpu)! };
  }
}

/** All networks once, on the probe picture, with the way to the worker and back. */
async function look({ client }: LoadedWorker): Promise<{ ms: number; seen: ScoreResult }> {
  const frame = probe();
  const begun = performance.now();
  const seen = await client.ask({ kind: 'score', frame });
  return { ms: performance.now() - begun, seen };
}

function wrong(): LivenessError {
  return new LivenessError('WEBGPU_UNAVAILABLE', 'The GPU computes other numbers than the CPU does: its driver is at fault. The CPU serves.');
}

/** The person asked for few downloads; a second engine is one that nothing needs. */
function savesData(): boolean {
  return (navigator as { connection?: { saveData?: boolean } }).connection?.saveData === true;
}
