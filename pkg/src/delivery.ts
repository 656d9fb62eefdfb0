//! A file that did not come as it should -> the LivenessError that says why, and to whom it is to say what to change: in
//! `message` to the developer, by `reason` to the person. A missing file is no missing network, and no retry brings it.

import { LivenessError, type LivenessErrorCode } from './errors.js';
import { violated } from './violations.js';

/** Endings that servers which know a list of types refuse to serve. */
const UNKNOWN_ENDINGS = /\.(safetensors|wasm)$/;
/** What ships beside the page's files. A bundler that follows the worker's URL gives it another name. */
const AS_SHIPPED = /\/worker-(cpu|webgpu)\.js$/;
/** Of those of 400 and more, the ones that may be gone a minute later. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429]);

/** What an answer's status and type tell against it; nothing if it may be the file. */
export function refused(code: LivenessErrorCode, url: URL, response: Response): LivenessError | undefined {
  const { status } = response;
  // Webviews that serve an app's own files give them no status.
  if (response.ok || (status === 0 && response.type !== 'opaque' && response.type !== 'opaqueredirect')) {
    return /^text\/html\b/i.test(response.headers.get('content-type') ?? '') ? pageInstead(code, url.href) : undefined;
  }
  if (status >= 500 || PASSING.has(status)) {
    return new LivenessError(code, `${url.href} answered ${status}: the server failed, or is overloaded. Try again later.`, { reason: 'server-fault', retryable: true });
  }
  const missing = status === 404 || status === 410 ? 'the file is not there' : 'the server refuses it, as some do with files that are not there';
  return notDeployed(code, `${url.href} answered ${status}: ${missing}. ${remedy(url.pathname)}`);
}

/** The error of a page of HTML in a file's place. */
export function pageInstead(code: LivenessErrorCode, url: string): LivenessError {
  const what = `${url} is a page of HTML: servers of single-page applications send theirs where a file is not there.`;
  return notDeployed(code, `${what} ${remedy(new URL(url, 'http://localhost').pathname)}`);
}

/** Whether bytes are a page of HTML, whatever type they were given. No weights, module or manifest begin so. */
export function isPage(bytes: Uint8Array): boolean {
  return /^\uFEFF?\s*<(!doctype|html)/i.test(new TextDecoder().decode(bytes.subarray(0, 64)));
}

/** The error of a request that nothing answered, once the policy has had time to say that it was its doing. */
export async function unreachable(code: LivenessErrorCode, url: URL, cause: unknown): Promise<LivenessError> {
  const directive = await violated(url);
  if (directive) {
    const message = `The content security policy forbids ${url.href}: its ${directive} must allow it.`;
    return new LivenessError(code, message, { cause, reason: 'forbidden', retryable: false });
  }
  if (navigator.onLine === false) return new LivenessError(code, `${url.href} could not be fetched: this device is offline.`, { cause, reason: 'offline' });
  const foreign = url.origin === location.origin ? '' : ' Another origin must allow this one by Access-Control-Allow-Origin.';
  return new LivenessError(code, `${url.href} could not be fetched: check the connection.${foreign}`, { cause });
}

function notDeployed(code: LivenessErrorCode, message: string): LivenessError {
  return new LivenessError(code, message, { reason: 'not-deployed', retryable: false });
}

function remedy(path: string): string {
  const deploy = "Deploy the package's files together; a page from before a deployment must be reloaded.";
  const ending = UNKNOWN_ENDINGS.exec(path)?.[0];
  const unserved = ending && `Servers that refuse unknown endings (IIS, ASP.NET) must be told of ${ending}`;
  const who = AS_SHIPPED.test(path) ? 'Angular and esbuild must be told to copy it' : unserved;
  return who ? `${deploy} ${who}: see "Serving it" in the README.` : deploy;
}
