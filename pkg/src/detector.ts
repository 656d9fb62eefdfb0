//! The package's main class: load once, then frame in, score out, or video in, verdict out. The work happens in a worker.

/// <reference lib="esnext.disposable" preserve="true" />

import { Backends } from './backends.js';
import { check, validate } from './check.js';
import { LivenessError } from './errors.js';
import type { Backend, OperatingPoint, ScoreResult } from './generated.js';
import { loadWorker, type Files } from './loaded-worker.js';
import { checked } from './options.js';
import { own } from './source.js';
import type { CheckOptions, CheckResult, DepthResult, FrameSource, LoadOptions, Settled } from './types.js';

/** A loaded face detector and liveness network. */
export class LivenessDetector {
  readonly #backends: Backends;
  #checking = false;

  private constructor(backends: Backends) {
    this.#backends = backends;
    // Vue, and what builds on its reactivity, would wrap a detector that a component keeps, and private fields know no wrapper.
    Object.defineProperty(this, '__v_skip', { value: true });
  }

  /**
   * Starts a worker, downloads the engine and the weights, and gets them ready. On WebGPU the networks have run once: its
   * programs are compiled. On the CPU the first score takes some fifty milliseconds more than others.
   *
   * With `backend: 'auto'` that is the CPU's engine. Where a real GPU answers, WebGPU's is then loaded beside it, both are
   * measured, and the faster one serves from then on: `settled` tells. A GPU that fails, is lost later, or sees in a picture other
   * than the CPU sees, leaves the CPU; the last is looked at again before each check.
   * Asked for by name, WebGPU fails.
   *
   * @throws LivenessError `NOT_SUPPORTED`, `ENGINE_FETCH`, `WASM_BLOCKED_BY_CSP`, `MODEL_FETCH`, `MODEL_INTEGRITY`,
   * `WEBGPU_UNAVAILABLE`, `GPU_DEVICE_LOST`, `INVALID_INPUT` for an unknown backend, `CANCELLED`.
   */
  static async load(options: LoadOptions = {}): Promise<LivenessDetector> {
    const { backend = 'auto' } = checked(options, { backend: 'string', assetBase: 'folder', wasmBase: 'folder', signal: 'signal', onProgress: 'function', remember: 'boolean' });
    if (!['auto', 'webgpu', 'cpu'].includes(backend)) {
      throw new LivenessError('INVALID_INPUT', `The backend must be 'auto', 'webgpu' or 'cpu', not ${JSON.stringify(backend)}.`);
    }
    if (typeof Worker === 'undefined' || typeof WebAssembly === 'undefined' || typeof createImageBitmap === 'undefined') {
      throw new LivenessError('NOT_SUPPORTED', 'Scoring needs a browser with web workers and WebAssembly.');
    }
    if (options.worker !== undefined && typeof options.worker !== 'function') {
      throw new LivenessError('INVALID_INPUT', 'The worker option is a function that returns a Worker.');
    }
    if (backend === 'webgpu' && !('gpu' in navigator)) {
      throw new LivenessError('WEBGPU_UNAVAILABLE', "This browser has no WebGPU on this page: use backend 'cpu' or 'auto'.");
    }
    const { signal, onProgress, worker } = options;
    const files: Files = {
      ...(worker !== undefined && { worker }),
      ...(options.assetBase !== undefined && { assetBase: folder(options.assetBase) }),
      ...(options.wasmBase !== undefined && { wasmBase: folder(options.wasmBase) }),
    };
    const first = await loadWorker(backend === 'auto' ? 'cpu' : backend, { ...files, ...(signal && { signal }), ...(onProgress && { onProgress }) });
    return new LivenessDetector(new Backends(first, backend === 'auto' ? files : undefined, options.remember));
  }

  /** What computes now: `webgpu` or `cpu`, never `auto`, which may change it. */
  get backend(): Backend {
    return this.#backends.current.backend;
  }

  /** What `auto` chose, once it has; at once for a backend that was asked for by name. Never rejects. */
  get settled(): Promise<Settled> {
    return this.#backends.settled;
  }

  /** The GPU's name as the browser tells it, on WebGPU. */
  get adapter(): string | undefined {
    return this.#backends.current.loaded.adapter;
  }

  /** Named thresholds of the loaded weights with their measured error rates, from the manifest. */
  get operatingPoints(): Readonly<Record<string, OperatingPoint>> {
    return this.#backends.current.loaded.operatingPoints;
  }

  /**
   * Finds the most confident face in one frame and scores it. Calls are answered in order.
   *
   * @throws LivenessError `INVALID_INPUT` for a source without pixels; `CANCELLED` after `dispose`.
   */
  async score(source: FrameSource): Promise<ScoreResult> {
    return this.#backends.on(async ({ client }) => {
      const { frame, transfer } = await own(source);
      return client.ask({ kind: 'score', frame }, transfer);
    });
  }

  /**
   * Like `score`, from raw pixels: RGBA, 8 bits each, row by row from the top, without padding.
   *
   * @throws LivenessError `INVALID_INPUT` unless there are `width * height * 4` bytes, and more than none.
   */
  async scorePixels(rgba: Uint8Array | Uint8ClampedArray, width: number, height: number): Promise<ScoreResult> {
    if (!ArrayBuffer.isView(rgba) || !isSize(width) || !isSize(height)) {
      throw new LivenessError('INVALID_INPUT', 'Pixels are a Uint8Array or Uint8ClampedArray with a whole width and height.');
    }
    const bytes = new Uint8Array(rgba.buffer, rgba.byteOffset, rgba.byteLength);
    return this.#backends.on(({ client }) => client.ask({ kind: 'scorePixels', rgba: bytes, width, height }));
  }

  /**
   * Scores a picture that is the face crop already; skips the face detector. For evaluation, and for callers with
   * their own.
   *
   * @returns P(bona fide), 0 to 1.
   * @throws LivenessError `INVALID_INPUT`, as `score` does.
   */
  async scoreCrop(source: FrameSource): Promise<number> {
    return this.#backends.on(async ({ client }) => {
      const { frame, transfer } = await own(source);
      return client.ask({ kind: 'scoreCrop', frame }, transfer);
    });
  }

  /**
   * Like `score`, and draws the depth that the classifier sees in the face, from the features that its vote comes from. It
   * shows what the classifier goes by; it is no input to any verdict, and may look like a face where the score says attack.
   *
   * The first call fetches the view's weights, which `load` leaves out; if that fails, the next call tries again.
   *
   * @throws LivenessError `MODEL_FETCH` if those weights do not arrive, `MODEL_INTEGRITY` if they are damaged or the
   * manifest names none; otherwise as `score` does.
   */
  async depth(source: FrameSource): Promise<DepthResult> {
    return this.#backends.on(({ depth }) => depth.draw(source));
  }

  /**
   * Watches the person in a playing video until there is a verdict: some seconds, 20 at most, and 10 more for each step
   * of a challenge and those that `passiveSeconds` asks for. Frames that are too poor to judge do not count; `onHint` says
   * what to change meanwhile.
   *
   * A device that is too slow, or a camera in the dark, ends in an `inconclusive` verdict whose reasons say so: errors
   * are for what kept the check from being made. A camera that itself gives too few frames, and nothing else in the way, is
   * one: `FRAMERATE_TOO_LOW`.
   *
   * @throws LivenessError `INVALID_INPUT` for a video that does not play, an unknown operating point, a bad challenge, or
   * while another check runs on this detector; `CANCELLED` by the signal or `dispose`; `CAMERA_LOST`; `APP_INACTIVE` if
   * the page is hidden; `TIMEOUT` if no frame comes; `FRAMERATE_TOO_LOW`; `STEP_UNAVAILABLE` if a server that
   * reveals the steps does not; `GPU_DEVICE_LOST`. Afterwards the detector can check again.
   */
  async check(video: HTMLVideoElement, options: CheckOptions = {}): Promise<CheckResult> {
    return this.#alone(() => this.#backends.use(this.#backends.prove().then(() => check(this.#backends, video, options))));
  }

  /**
   * Judges the options of a check before the camera opens for it: resolves where `check` would begin with them.
   *
   * @throws LivenessError `INVALID_INPUT` as `check` does, for options and while a check runs; `CANCELLED` after `dispose`.
   */
  async validate(options: CheckOptions): Promise<void> {
    return this.#alone(() => validate(this.#backends, options));
  }

  /** Whether `dispose` was called: it is of no use any more. */
  get disposed(): boolean {
    return this.#backends.stopped.aborted;
  }

  /** Stops the worker and frees its memory. Calls not yet answered reject with `CANCELLED`. */
  dispose(): void {
    this.#backends.end(new LivenessError('CANCELLED', 'The detector was disposed.'));
  }

  /** `using detector = await LivenessDetector.load()`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** A worker has one session. */
  async #alone<T>(work: () => Promise<T>): Promise<T> {
    if (this.#checking) {
      const message = 'This detector is checking already: await that check, or cancel it by its signal.';
      throw new LivenessError('INVALID_INPUT', message, { retryable: true });
    }
    this.#checking = true;
    try {
      return await work();
    } finally {
      this.#checking = false;
    }
  }
}

function isSize(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff;
}

/** An absolute folder URL with its slash, without which the last part would be taken for a file. */
function folder(base: string | URL): string {
  let url: URL;
  try {
    url = new URL(base, typeof document === 'undefined' ? self.location.href : document.baseURI);
  } catch (cause) {
    throw new LivenessError('INVALID_INPUT', `${base} is no URL of a folder.`, { cause });
  }
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url.href;
}
