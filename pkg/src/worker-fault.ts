//! A worker that never ran -> why. Browsers tell a page nothing of it, so its script is fetched once more and looked at.

import { instead, refused, unreachable } from './delivery.js';
import { LivenessError, type ErrorReason } from './errors.js';
import { violated } from './violations.js';

/** The worker has failed already; who waits has waited. */
const LOOK_MS = 5_000;

/** Where vite's development server, and those of Angular and Nuxt, which are vite, keep what they bundle in advance, without the files beside it. */
const PREBUNDLED = /\/\.?vite\/([^/]+\/)?deps[^/]*\//;

/** The error of a worker whose script never ran. `url` is the script's, where it is known; `event` what the browser said. */
export async function whyNotStarted(url: URL | undefined, event: ErrorEvent): Promise<LivenessError> {
  const said = event.message ? `: ${event.message}` : '';
  const fault = (message: string, reason?: ErrorReason) =>
    new LivenessError('ENGINE_FETCH', message + said, { cause: event, ...(reason && { reason, retryable: false }) });
  if (!url) return fault("The worker of the worker option did not start: start it with { type: 'module' }, and check that its script is deployed, that the policy allows it, and that it has the page's Cross-Origin-Embedder-Policy");
  const directive = await violated(url);
  if (directive) return fault(`The content security policy forbids the worker ${url.href}: its ${directive} must allow it`, 'forbidden');
  let response: Response;
  try {
    response = await fetch(url, { credentials: 'same-origin', cache: 'no-store', signal: AbortSignal.timeout(LOOK_MS) });
  } catch (cause) {
    return unreachable('ENGINE_FETCH', url, cause);
  }
  const { headers } = response;
  const missing = refused('ENGINE_FETCH', url, response) ?? instead('ENGINE_FETCH', response, await beginning(response));
  if (missing && missing.reason === 'not-deployed' && PREBUNDLED.test(url.pathname)) {
    const exclude = "optimizeDeps: { exclude: ['bonafide-liveness'] }";
    const remedy = /\/\.angular\//.test(url.pathname)
      ? '"prebundle": { "exclude": ["bonafide-liveness"] } for "serve" in angular.json'
      : /\/_nuxt\//.test(url.pathname)
        ? `vite: { ${exclude} } in nuxt.config`
        : `${exclude} in vite's configuration, or use vite 8`;
    const message = `The development server bundled this package in advance, without its worker: set ${remedy}`;
    return fault(message, 'not-deployed');
  }
  if (missing) return missing;
  const type = headers.get('content-type') ?? '';
  if (!/^\s*(text|application)\/(x-)?(java|ecma)script\b/i.test(type)) {
    return fault(`The worker ${url.href} is served as ${type || 'no type'}: browsers run scripts of type text/javascript only`, 'forbidden');
  }
  if (globalThis.crossOriginIsolated && !/require-corp|credentialless/.test(headers.get('cross-origin-embedder-policy') ?? '')) {
    const message = `The page sends Cross-Origin-Embedder-Policy, and its worker's script ${url.href} does not: send Cross-Origin-Embedder-Policy: require-corp with it`;
    return fault(message, 'forbidden');
  }
  // What is wrong within it browsers do not tell, nor whether it has come only by now.
  return fault(`The worker ${url.href} did not start, and its script is there: where another try fails too, it is damaged, or lacks a file that it imports. Deploy this package's files again`);
}

/** How a script begins; nothing if that does not come. */
async function beginning(response: Response): Promise<Uint8Array> {
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch {
    return new Uint8Array();
  }
}

/** The error of a worker that says nothing, where its script shows why: it is empty. Others may still be on their way. */
export async function whySilent(url: URL | undefined): Promise<LivenessError | undefined> {
  if (!url) return undefined;
  try {
    const response = await fetch(url, { credentials: 'same-origin', cache: 'force-cache', signal: AbortSignal.timeout(LOOK_MS) });
    if (!response.ok || (await response.text()).trim() !== '') return undefined;
  } catch {
    // On its way, or the wait ends by its own limit.
    return undefined;
  }
  const message = `The worker ${url.href} is an empty file: deploy this package's files again`;
  return new LivenessError('ENGINE_FETCH', message, { reason: 'not-deployed', retryable: false });
}
