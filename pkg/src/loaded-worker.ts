//! One loaded worker: one backend, with its engine and weights in it, and what that tells of itself.

import { Client } from './client.js';
import { DepthView } from './depth.js';
import { LivenessError } from './errors.js';
import type { Backend } from './generated.js';
import type { Loaded, LoadRequest } from './protocol.js';
import type { LoadOptions } from './types.js';

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
    const loaded = await client.ask({ kind: 'load', backend, ...folders }, [], onProgress);
    return { client, backend, loaded, depth: new DepthView(client) };
  } catch (error) {
    client.end(LivenessError.from(error));
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}
