//! The worker's side: requests from the page -> the Rust engine -> replies. Knows no backend: the two entry files
//! worker-cpu.ts and worker-webgpu.ts bring the module, so that a page downloads only the one that it uses.

import { compileEngine, fetchWeights } from './assets.js';
import type { Engine, EngineModule, Session } from './engine.js';
import { LivenessError } from './errors.js';
import type { Answers, Envelope, Loaded, LoadRequest, Reply, Request } from './protocol.js';
import type { Backend, OperatingPoint } from './types.js';

/** The part of a worker's global scope that is used here (the page's types have another one). */
interface WorkerScope {
  onmessage: ((event: MessageEvent<Envelope>) => void) | null;
  postMessage(reply: Reply): void;
}

/** Answers the page's requests with the engine of `module`, one at a time, in order. */
export function serve(backend: Backend, module: EngineModule, wasmUrl: URL, wasmName: string): void {
  const scope = self as unknown as WorkerScope;
  let engine: Engine | undefined;
  let session: Session | undefined;
  let queue: Promise<void> = Promise.resolve();

  async function load(request: LoadRequest): Promise<Loaded> {
    const url = request.wasmBase === undefined ? wasmUrl : new URL(wasmName, request.wasmBase);
    const [compiled, weights] = await Promise.all([compileEngine(url), fetchWeights(request.assetBase)]);
    await module.default({ module_or_path: compiled });
    engine = await module.Engine.load(weights.manifestJson, weights.files, backend);
    const { operatingPoints } = JSON.parse(weights.manifestJson) as { operatingPoints: Record<string, OperatingPoint> };
    return { backend: engine.backend, adapter: engine.adapter, operatingPoints };
  }

  function endSession(): void {
    session?.free();
    session = undefined;
  }

  async function observe({ frame, timeMs, record }: Extract<Request, { kind: 'observe' }>): Promise<Answers['observe']> {
    if (!session) throw new LivenessError('INTERNAL', 'The worker was asked to observe a frame without a session.');
    const update = await session.observe(frame, timeMs);
    if (!update.verdict) return update;
    const transcript = session.transcript();
    return { ...update, ...(record && { recording: session.recording() }), ...(transcript && { transcript }) };
  }

  async function answer(request: Request): Promise<Answers[keyof Answers]> {
    if (request.kind === 'load') return load(request);
    if (!engine) throw new LivenessError('INTERNAL', 'The worker was asked to score before it had loaded.');
    switch (request.kind) {
      case 'scorePixels':
        return engine.scorePixels(request.rgba, request.width, request.height);
      case 'startSession':
        endSession();
        session = engine.startSession(request.operatingPoint, request.challenge, request.nonce);
        return;
      case 'endSession':
        return endSession();
    }
    try {
      if (request.kind === 'observe') return await observe(request);
      return await (request.kind === 'score' ? engine.score(request.frame) : engine.scoreCrop(request.frame));
    } finally {
      // Bitmaps and video frames hold GPU memory or a decoder's buffer until they are closed.
      if ('close' in request.frame) request.frame.close();
    }
  }

  scope.onmessage = ({ data: { id, request } }) => {
    queue = queue.then(async () => {
      try {
        scope.postMessage({ id, ok: true, value: await answer(request) });
      } catch (cause) {
        const { code, message, retryable } = LivenessError.from(cause);
        scope.postMessage({ id, ok: false, error: { code, message, retryable } });
      }
    });
  };
}
