//! A backend -> its running worker, and the URL that it was started from. The URL is written where bundlers look for it, and
//! heard, not known: each bundler makes another of it.

import { LivenessError } from './errors.js';
import type { Backend } from './generated.js';
import { heedPolicy } from './violations.js';

/** A worker, and where its script is, if this package started it. */
export interface Started {
  readonly worker: Worker;
  readonly url: URL | undefined;
}

/** Trusted Types, where a browser has them. */
interface ScriptUrls {
  createScriptURL(url: string): string;
}
interface TrustedTypes {
  createPolicy(name: string, rules: ScriptUrls): ScriptUrls;
}

/** The name that a page's `trusted-types` must allow. */
const POLICY = 'bonafide';

let policy: ScriptUrls | undefined;

/**
 * Starts a worker: the page's, or the package's own.
 *
 * @throws LivenessError `ENGINE_FETCH` if the browser refuses to start it, `INVALID_INPUT` if `start` gives no Worker.
 */
export function startWorker(backend: Backend, start?: (backend: Backend) => Worker): Started {
  heedPolicy();
  let started: { worker: unknown; url: URL | undefined };
  try {
    started = start ? { worker: start(backend), url: undefined } : heard(() => startOwn(backend));
  } catch (cause) {
    throw notStarted(cause, start !== undefined);
  }
  const { worker, url } = started;
  // By tag, not `instanceof`: it may come from an iframe.
  if (Object.prototype.toString.call(worker) === '[object Worker]' && typeof (worker as Worker).terminate === 'function') return { worker: worker as Worker, url };
  throw new LivenessError('INVALID_INPUT', 'The worker option is a function that returns a Worker.');
}

/** Two literal URLs, each beside its `new Worker`, or bundlers would not find the files. */
function startOwn(backend: Backend): Worker {
  if (backend === 'webgpu') return new Worker(new URL('./worker-webgpu.js', import.meta.url), { type: 'module' });
  return new Worker(new URL('./worker-cpu.js', import.meta.url), { type: 'module' });
}

/**
 * Calls `start`, and notes which URL it gives to `new Worker`, which under Trusted Types gets it as one that this package
 * vouches for. Bundlers find a worker only where its URL stands literally within `new Worker`, so it can be had in no other way.
 */
function heard(start: () => Worker): Started {
  const Native = globalThis.Worker;
  let url: URL | undefined;
  const Heard = function (from: string | URL, options?: WorkerOptions): Worker {
    url = new URL(from, globalThis.document?.baseURI ?? self.location.href);
    return new Native(trusted(from), options);
  };
  Heard.prototype = Native.prototype;
  if (!Reflect.set(globalThis, 'Worker', Heard)) return { worker: start(), url };
  try {
    return { worker: start(), url };
  } finally {
    globalThis.Worker = Native;
  }
}

/** The URL as a TrustedScriptURL, where the browser has those and the page allows this package's policy; else as it is. */
function trusted(url: string | URL): string | URL {
  const types = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes;
  if (!types) return url;
  try {
    policy ??= types.createPolicy(POLICY, { createScriptURL: (url) => url });
    return policy.createScriptURL(String(url));
  } catch {
    // The page allows other policies only. Whether it asks for one here shows where the worker starts.
    return url;
  }
}

function notStarted(cause: unknown, byPage: boolean): LivenessError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (/TrustedScriptURL/.test(reason)) {
    const message = `The page's policy demands Trusted Types: its trusted-types must allow the name '${POLICY}' (with 'allow-duplicates', if the package is there twice).`;
    return new LivenessError('ENGINE_FETCH', message, { cause, retryable: false, reason: 'forbidden' });
  }
  if (globalThis.origin === 'null') {
    const message = 'The worker could not be started: this page is in a sandbox, whose iframe must have allow-same-origin beside allow-scripts.';
    return new LivenessError('ENGINE_FETCH', message, { cause, retryable: false, reason: 'forbidden' });
  }
  const foreign = (cause as DOMException | null)?.name === 'SecurityError';
  const who = byPage ? 'The worker of the worker option could not be started' : 'The worker could not be started';
  const remedies = {
    foreign: byPage ? 'a script from another origin can be imported by one from a blob: see "Serving it" in the README' : "a package from another origin needs load's worker option",
    bundled: 'a bundler made a classic script of this package, which then knows no URL of its own: it must make a module (format esm)',
  };
  const remedy = foreign ? ` (${remedies.foreign})` : !byPage && /\bURL\b/.test(reason) ? ` (${remedies.bundled})` : '';
  return new LivenessError('ENGINE_FETCH', `${who}: ${reason}${remedy}`, { cause, retryable: false, reason: 'forbidden' });
}
