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

/** A probe follows a failure that somebody has waited for. */
const PROBE_MS = 5_000;

/** What an answer's status and type tell against it; nothing if it may be the file. */
export function refused(code: LivenessErrorCode, url: URL, response: Response): LivenessError | undefined {
  const { status } = response;
  if (status === 204) return notDeployed(code, `${url.href} answered 204, without content. ${remedy(url.pathname)}`);
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

/** What a body that is not the file is instead, by how it begins; nothing if that tells nothing. */
export function instead(code: LivenessErrorCode, { url, headers }: Response, first: Uint8Array): LivenessError | undefined {
  if (isPage(first)) return pageInstead(code, url);
  const encoding = headers.get('content-encoding');
  if (first.length === 0 && encoding) return notDeployed(code, `${url} could not be unpacked: the server names Content-Encoding: ${encoding}, which the file has not.`);
  if (first[0] === 0x1f && first[1] === 0x8b) return notDeployed(code, `${url} is packed by gzip: the server must send Content-Encoding: gzip with it, or the file unpacked.`);
  if (new TextDecoder().decode(first.subarray(0, 64)).startsWith('version https://git-lfs')) return notDeployed(code, `${url} is a pointer of Git LFS: deploy the file itself (git lfs pull).`);
  return undefined;
}

/** Whether the answer leads elsewhere, where `fetch` may not follow. */
async function leadsAway(url: URL): Promise<boolean> {
  try {
    return (await fetch(url, { credentials: 'same-origin', redirect: 'manual', cache: 'no-store', signal: AbortSignal.timeout(PROBE_MS) })).type === 'opaqueredirect';
  } catch {
    return false;
  }
}

/** The error of a request that nothing answered, once the policy has had time to say that it was its doing. */
export async function unreachable(code: LivenessErrorCode, url: URL, cause: unknown): Promise<LivenessError> {
  // A policy's refusal of where it leads names the file's own URL.
  if (await leadsAway(url)) {
    return notDeployed(code, `The answer to ${url.href} leads to another origin, as to a login page where a sign-in has expired: sign in again, and reload the page.`, cause);
  }
  const directive = await violated(url);
  if (directive) {
    const message = `The content security policy forbids ${url.href}: its ${directive} must allow it.`;
    return new LivenessError(code, message, { cause, reason: 'forbidden', retryable: false });
  }
  if (navigator.onLine === false) return new LivenessError(code, `${url.href} could not be fetched: this device is offline.`, { cause, reason: 'offline' });
  const foreign = url.origin === location.origin ? '' : ' Another origin must allow this one by Access-Control-Allow-Origin.';
  return new LivenessError(code, `${url.href} could not be fetched: check the connection.${foreign}`, { cause });
}

function notDeployed(code: LivenessErrorCode, message: string, cause?: unknown): LivenessError {
  return new LivenessError(code, message, { ...(cause !== undefined && { cause }), reason: 'not-deployed', retryable: false });
}

function remedy(path: string): string {
  const deploy = "Deploy the package's files together; a page from before a deployment must be reloaded.";
  const ending = UNKNOWN_ENDINGS.exec(path)?.[0];
  const unserved = ending && `Servers that refuse unknown endings (IIS, ASP.NET) must be told of ${ending}`;
  const who = AS_SHIPPED.test(path) ? 'Angular and esbuild must be told to copy it' : unserved;
  return who ? `${deploy} ${who}: see "Serving it" in the README.` : deploy;
}
