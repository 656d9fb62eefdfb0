//! One loaded worker: one backend, with its engine and weights in it, and what that tells of itself.

import { Client } from './client.js';
import { DepthView } from './depth.js';
import { LivenessError } from './errors.js';
import type { Backend } from './generated.js';
import type { Loaded, LoadRequest } from './protocol.js';
import type { LoadOptions } from './types.js';
import { VERSION } from './version.js';

/** A worker with its engine loaded. */
export interface LoadedWorker {
  readonly client: Client;
  readonly backend: Backend;
  readonly loaded: Loaded;
  readonly depth: DepthView;
}

/** What the worker runs and where its files are. */
export type Files = Pick<LoadOptions, 'worker'> & Pick<LoadRequest, 'assetBase' | 'wasmBase'>;

/**
 * Starts a worker and loads it.
 *
 * @throws LivenessError as `LivenessDetector.load` says.
 */
export async function loadWorker(backend: Backend, files: Files & Pick<LoadOptions, 'signal' | 'onProgress'>): Promise<LoadedWorker> {
  const { signal, onProgress, worker, assetBase, wasmBase } = files;
  const cancelled = () => new LivenessError('CANCELLED', 'Loading was cancelled.', { cause: signal?.reason });
  if (signal?.aborted) throw cancelled();
  const client = new Client(backend, worker);
  const stop = () => client.end(cancelled());
  signal?.addEventListener('abort', stop, { once: true });
  try {
    const folders = { ...(assetBase !== undefined && { assetBase }), ...(wasmBase !== undefined && { wasmBase }) };
    const loaded: Partial<Loaded> | undefined = await client.ask({ kind: 'load', backend, ...folders }, [], onProgress);
    if (!isOurs(loaded)) throw otherVersion(loaded?.version);
    return { client, backend, loaded, depth: new DepthView(client) };
  } catch (error) {
    client.end(LivenessError.from(error));
    throw intercepted(error);
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

function isOurs(loaded: Partial<Loaded> | undefined): loaded is Loaded {
  return loaded?.version === VERSION;
}

function otherVersion(version: unknown): LivenessError {
  const message = `The page runs version ${VERSION} of this package, and its worker ${version ?? 'another'}: deploy all files of one version together, and reload pages from before.`;
  return new LivenessError('ENGINE_FETCH', message, { retryable: false, reason: 'not-deployed' });
}

/** A service worker that fails looks like a missing network to whoever asks it. */
function intercepted(error: unknown): unknown {
  if (!(error instanceof LivenessError) || !/_FETCH$/.test(error.code) || error.reason === 'offline' || !globalThis.navigator?.serviceWorker?.controller) return error;
  const { code, message, retryable, reason } = error;
  return new LivenessError(code, `${message} This page's service worker answers for it: does it hand these files on?`, { cause: error.cause, retryable, reason });
}
