//! What `getUserMedia` rejects with -> the LivenessError that says who refused, since each has its own remedy.

import { LivenessError, type ErrorReason, type LivenessErrorCode } from './errors.js';
import { within } from './within.js';

/** A person waits for the reason. */
const PERMISSION_MS = 2_000;

/** In-app browsers that name themselves, and Android's and iOS's plain views of the web. */
const WEBVIEW = /; wv\)|\b(FBAN|FBAV|Instagram|Line\/|MicroMessenger|WhatsApp|Snapchat|BytedanceWebview|LinkedInApp)|(iPhone|iPad|iPod)(?!.*Safari\/)/;

/** Whether an app shows this page in a view of its own, as the browser's name tells. Some apps hide it. */
export function inWebview(): boolean {
  return typeof navigator !== 'undefined' && WEBVIEW.test(navigator.userAgent);
}

/** The error for what the browser said when it gave no camera. */
export async function refusal(cause: unknown): Promise<LivenessError> {
  const make = (code: LivenessErrorCode, message: string) => new LivenessError(code, message, { cause });
  switch ((cause as { name?: unknown } | null)?.name) {
    case 'NotAllowedError':
      return notAllowed(cause);
    case 'NotFoundError':
      return make('CAMERA_NOT_FOUND', 'No camera is connected.');
    case 'NotReadableError':
    case 'AbortError':
      return make('CAMERA_IN_USE', 'The camera is in use by another program, or the system keeps it.');
    case 'OverconstrainedError':
      return make('CAMERA_CONSTRAINTS', 'No camera can do what was asked.');
    case 'SecurityError':
      return make('CAMERA_BLOCKED', 'The browser keeps this page from using cameras.');
    default:
      return make('NOT_SUPPORTED', `The camera could not be opened: ${messageOf(cause)}`);
  }
}

async function notAllowed(cause: unknown): Promise<LivenessError> {
  const reason = await whoRefused(messageOf(cause));
  const message = {
    policy: "The page's Permissions-Policy does not allow the camera; an iframe needs allow=\"camera\" as well.",
    system: 'The operating system does not let the browser use the camera: its privacy settings must allow it.',
    webview: 'The app that shows this page gives it no camera: the app must grant it, or the page be opened in a browser.',
    dismissed: 'The question for the camera was closed without a lasting answer.',
    site: "The browser's settings for this site refuse the camera.",
  }[reason];
  const code = reason === 'policy' || reason === 'webview' ? 'CAMERA_BLOCKED' : 'CAMERA_PERMISSION_DENIED';
  return new LivenessError(code, message, { cause, reason, retryable: reason === 'dismissed' });
}

/** By the browser's words where it has some, which only Chromium has; then by what it says of the permission. */
async function whoRefused(said: string): Promise<ErrorReason & ('policy' | 'system' | 'webview' | 'dismissed' | 'site')> {
  if (blockedByPolicy()) return 'policy';
  if (/dismissed/i.test(said)) return 'dismissed';
  if (/by system/i.test(said)) return 'system';
  if (inWebview()) return 'webview';
  switch (await permission()) {
    case 'granted':
      // To this site: so it was somebody else.
      return 'system';
    case 'prompt':
      // Nothing is kept: the browser will ask again.
      return 'dismissed';
    default:
      return 'site';
  }
}

async function permission(): Promise<PermissionState | undefined> {
  try {
    const query = navigator.permissions.query({ name: 'camera' as PermissionName });
    return (await within(PERMISSION_MS, query, () => new LivenessError('TIMEOUT', 'No answer.'))).state;
  } catch {
    // Older browsers have no such question, or leave it unanswered.
    return undefined;
  }
}

/** Only Chromium tells; elsewhere a policy's refusal looks like the user's. */
function blockedByPolicy(): boolean {
  const policy = (document as Document & { featurePolicy?: { allowsFeature(name: string): boolean } }).featurePolicy;
  return policy !== undefined && !policy.allowsFeature('camera');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
