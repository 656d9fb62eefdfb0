//! The worker's side: requests from the page -> the Rust engine -> replies. Knows no backend: the entry files worker-cpu.ts,
//! worker-webgpu.ts and worker.ts bring the modules, so that a page downloads only what it uses.

import { compileEngine, fetchDecoder, fetchWeights } from './assets.js';
import type { Engine, EngineFiles, Session } from './engine.js';
import { LivenessError } from './errors.js';
import type { Backend, OperatingPoint } from './generated.js';
import { Pixels } from './pixels.js';
import { Progress } from './progress.js';
import type { Answers, Envelope, Loaded, LoadRequest, PlainError, Reply, Request } from './protocol.js';
import { VERSION } from './version.js';
import { heedPolicy } from './violations.js';

/** A page gives a worker up that is silent for longer, and cannot see its downloads. */
const BEAT_MS = 5_000;

/** The part of a worker's global scope that is used here (the page's types have another one). */
interface WorkerScope {
  onmessage: ((event: MessageEvent<Envelope>) => void) | null;
  postMessage(reply: Reply): void;
}

/** Answers the page's requests with one of these engines, one at a time, in order. */
export function serve(engines: Readonly<Partial<Record<Backend, EngineFiles>>>): void {
  // Imported in Node, which has no workers of this kind: nothing to serve.
  if (typeof self === 'undefined') return;
  heedPolicy();
  const scope = self as unknown as WorkerScope;
  let engine: Engine | undefined;
  let session: Session | undefined;
  let decoder: ((cache?: RequestCache) => Promise<Record<string, Uint8Array>>) | undefined;
  const pixels = new Pixels();
  let queue: Promise<void> = Promise.resolve();

  async function load(id: number, { backend, assetBase, wasmBase }: LoadRequest): Promise<Loaded> {
    const files = engines[backend];
    if (!files) throw new LivenessError('INVALID_INPUT', `This worker has no engine for the backend '${backend}': start 'bonafide-liveness/worker'.`);
    const { module, url, name, bytes } = files;
    const { progress, weights, loaded } = await anew(async (cache) => {
      const progress = new Progress(bytes, (progress) => scope.postMessage({ id, progress }));
      const [compiled, weights] = await beating(id, Promise.all([
        compileEngine(wasmBase === undefined ? url : new URL(name, wasmBase), progress, cache),
        fetchWeights(assetBase, progress, cache),
      ]));
      progress.step();
      await fitting(() => module.default({ module_or_path: compiled }));
      const loaded = await fitting(() => module.Engine.load(weights.manifestJson, weights.files, backend));
      return { progress, weights, loaded };
    });
    progress.step();
    // Both networks once on a GPU, which compiles its programs now, not while a person waits; one that cannot fails here. A CPU
    // compiles what it runs when it runs it: that may as well be the first score.
    const gpu = backend === 'webgpu';
    const blank = new ImageData(32, 32);
    if (gpu) await loaded.score(blank);
    progress.step();
    if (gpu) await loaded.scoreCrop(blank);
    progress.step();
    engine = loaded;
    decoder = (cache) => fetchDecoder(weights.manifestJson, assetBase, cache);
    const { operatingPoints } = JSON.parse(weights.manifestJson) as { operatingPoints: Record<string, OperatingPoint> };
    return { version: VERSION, backend: loaded.backend, adapter: loaded.adapter, operatingPoints };
  }

  /** Waits for downloads, and tells the page meanwhile that the worker lives. */
  async function beating<T>(id: number, downloads: Promise<T>): Promise<T> {
    const beat = setInterval(() => scope.postMessage({ id, alive: true }), BEAT_MS);
    try {
      return await downloads;
    } finally {
      clearInterval(beat);
    }
  }

  function endSession(): void {
    session?.free();
    session = undefined;
  }

  async function observe({ frame, timeMs, record }: Extract<Request, { kind: 'observe' }>): Promise<Answers['observe']> {
    const session = begun();
    const update = await session.observe(await pixels.readable(frame), timeMs);
    if (!update.verdict) return update;
    return { ...update, ...(record && { recording: session.recording() }) };
  }

  function begun(): Session {
    if (!session) throw new LivenessError('INTERNAL', 'The worker was asked about a session that was not started.');
    return session;
  }

  async function answer(id: number, request: Request): Promise<Answers[keyof Answers]> {
    if (request?.kind === 'load') return load(id, request);
    if (!engine || !decoder) throw new LivenessError('INTERNAL', 'The worker was asked to score before it had loaded.');
    const [loaded, view] = [engine, decoder];
    switch (request?.kind) {
      case 'scorePixels':
        return engine.scorePixels(request.rgba, request.width, request.height);
      case 'loadDecoder':
        return anew(async (cache) => loaded.loadDecoder(await beating(id, view(cache))));
      case 'startSession':
        endSession();
        session = engine.startSession(request.operatingPoint, request.asked, request.nonce);
        return;
      case 'resumeSession':
        endSession();
        session = engine.resumeSession(request.recording, request.nonce);
        return;
      case 'recording':
        return begun().recording();
      case 'reveal':
        return begun().reveal(request.step);
      case 'transcript':
        return begun().transcript(request.attached);
      case 'endSession':
        return endSession();
    }
    try {
      if (request.kind === 'observe') return await observe(request);
      const frame = await pixels.readable(request.frame);
      if (request.kind === 'depth') return await engine.depth(frame);
      return await (request.kind === 'score' ? engine.score(frame) : engine.scoreCrop(frame));
    } finally {
      // Bitmaps and video frames hold GPU memory or a decoder's buffer until they are closed.
      (request.frame as Partial<ImageBitmap> | undefined)?.close?.();
    }
  }

  scope.onmessage = ({ data }) => {
    // Whatever is no request of ours has nobody who waits for its answer.
    if (typeof data?.id !== 'number') return;
    const { id, request } = data;
    const respond = async () => {
      try {
        scope.postMessage({ id, ok: true, value: await answer(id, request) });
      } catch (cause) {
        scope.postMessage({ id, ok: false, error: plain(LivenessError.from(cause)) });
      }
    };
    // A download needs no turn, and what is asked meanwhile is not to wait for it.
    if (request?.kind === 'loadDecoder') void respond();
    else queue = queue.then(respond);
  };
}

/** What the engine does with files, or the error of an engine that compiles, but imports or exports other things than ours. */
async function fitting<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof WebAssembly.LinkError || cause instanceof TypeError)) throw cause;
    throw new LivenessError('ENGINE_FETCH', `The .wasm file does not fit this version of the package: ${cause.message}`, { cause, retryable: false, reason: 'not-deployed' });
  }
}

/** What comes of files, once more past the browser's cache if they are not of one version: no reload of a page empties that. */
async function anew<T>(work: (cache?: RequestCache) => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isMisfit(error)) throw error;
    return work('reload');
  }
}

/** Whether files came, and are not those of one version. */
function isMisfit(error: unknown): boolean {
  const { code, reason } = LivenessError.from(error);
  return code === 'MODEL_INTEGRITY' || reason === 'not-deployed';
}

/** Causes lose their class, and some could not be cloned at all. */
function plain({ code, message, retryable, reason, cause }: LivenessError): PlainError {
  if (!(cause instanceof Error)) return { code, message, retryable, reason };
  return { code, message, retryable, reason, cause: { name: cause.name, message: cause.message } };
}
