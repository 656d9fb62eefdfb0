//! Every failure of the package as one class: a stable code for programs, a sentence for people.

/** Stable names of what went wrong. New ones may be added in a minor version; none changes its meaning. */
export const ERROR_CODES = [
  /** This browser lacks something that the package needs (workers, WebAssembly SIMD, a camera interface). */
  'NOT_SUPPORTED',
  /** An argument cannot be used: a frame that is empty, closed or cross-origin, a video that does not play, a wrong name. */
  'INVALID_INPUT',
  /** The worker or the WebAssembly module did not arrive. */
  'ENGINE_FETCH',
  /** The page's content security policy forbids WebAssembly: its `script-src` needs `'wasm-unsafe-eval'`. */
  'WASM_BLOCKED_BY_CSP',
  /** The weights or their manifest did not arrive. */
  'MODEL_FETCH',
  /** The weights arrived, but corrupt, cut short, or made for another version. */
  'MODEL_INTEGRITY',
  /** WebGPU was asked for and there is none, or its device did not open. */
  'WEBGPU_UNAVAILABLE',
  /** The device failed while it worked (driver reset, graphics memory full). Load a new detector. */
  'GPU_DEVICE_LOST',
  /** Stopped by an AbortSignal or by `dispose`. */
  'CANCELLED',
  /** A fault in this package. Load a new detector; please report it. */
  'INTERNAL',
  /** Cameras need https or localhost. */
  'INSECURE_CONTEXT',
  /** The user, or a setting, said no; `retryable` if the prompt was merely dismissed. */
  'CAMERA_PERMISSION_DENIED',
  /** No camera is connected. */
  'CAMERA_NOT_FOUND',
  /** The camera is there, but another program or the system holds it. */
  'CAMERA_IN_USE',
  /** No camera can do what was asked. */
  'CAMERA_CONSTRAINTS',
  /** The page's Permissions-Policy, or the browser, keeps this page from cameras. */
  'CAMERA_BLOCKED',
  /** The camera stopped, or was muted, while in use. */
  'CAMERA_LOST',
  /** The camera gave too few frames for a verdict. A device too slow to score them is an `inconclusive` verdict instead. */
  'FRAMERATE_TOO_LOW',
  /** The page, or the camera screen in it, was hidden during a check. */
  'APP_INACTIVE',
  /** No frame, or no answer, came for seconds. */
  'TIMEOUT',
  /** The server that reveals a challenge's steps did not answer, or refused one. Ask for a new ticket. */
  'STEP_UNAVAILABLE',
  /** The page's `ticket` function failed, or did not answer in time. The camera was not opened. */
  'TICKET_FAILED',
  /** The browser plays no video without a press, and none came. The camera is closed again. */
  'PLAYBACK_BLOCKED',
] as const;

export type LivenessErrorCode = (typeof ERROR_CODES)[number];

/** What is known of the cause, where a code has several and each has its own remedy. New ones may be added in a minor version. */
export const ERROR_REASONS = [
  /** This device has no network. */
  'offline',
  /** The server has no such file: the page is older than a deployment, or a part was not deployed. */
  'not-deployed',
  /** The server is there, and could not answer this time. */
  'server-fault',
  /** A header or a policy keeps the page from its own file; `message` names it. */
  'forbidden',
  /** The question for the camera was closed, or not answered. */
  'dismissed',
  /** The browser's settings refuse the camera to this site. */
  'site',
  /** The operating system refuses the camera to the browser. */
  'system',
  /** A Permissions-Policy refuses the camera, or an iframe without `allow`. */
  'policy',
  /** An app shows the page, and lets no page have the camera. */
  'webview',
  /** The browser changes the pixels that a page reads, against fingerprinting. */
  'pixels-protected',
] as const;

export type ErrorReason = (typeof ERROR_REASONS)[number];

const RETRYABLE: ReadonlySet<LivenessErrorCode> = new Set([
  'ENGINE_FETCH',
  'MODEL_FETCH',
  'CAMERA_NOT_FOUND',
  'CAMERA_IN_USE',
  'CAMERA_LOST',
  'FRAMERATE_TOO_LOW',
  'APP_INACTIVE',
  'TIMEOUT',
  'STEP_UNAVAILABLE',
  'TICKET_FAILED',
  'PLAYBACK_BLOCKED',
]);

const CODES: ReadonlySet<string> = new Set(ERROR_CODES);

/** The only error that this package throws on purpose. `cause` is what the browser or the engine said, where it did. */
export class LivenessError extends Error {
  override readonly name = 'LivenessError';
  /** What happened, for programs. */
  readonly code: LivenessErrorCode;
  /** True if the same call may succeed later without a change to the page or its input. */
  readonly retryable: boolean;
  /** Which of a code's causes it is, where that is known. */
  readonly reason: ErrorReason | undefined;

  constructor(code: LivenessErrorCode, message: string, options: { cause?: unknown; retryable?: boolean; reason?: ErrorReason | undefined } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.retryable = options.retryable ?? RETRYABLE.has(code);
    this.reason = options.reason;
  }

  /** Keeps a LivenessError; recognises one that lost its class on the way (wasm, worker); wraps the rest. */
  static from(error: unknown, fallback: LivenessErrorCode = 'INTERNAL'): LivenessError {
    if (error instanceof LivenessError) return error;
    const code = (error as { code?: unknown } | null)?.code;
    const message = error instanceof Error ? error.message : String(error);
    // Its cause, if it has one: it is the same error itself.
    if (typeof code === 'string' && CODES.has(code)) return new LivenessError(code as LivenessErrorCode, message, restOf(error));
    return new LivenessError(fallback, message, { cause: error });
  }
}

function restOf(error: unknown): { cause?: unknown; retryable?: boolean; reason?: ErrorReason } {
  const { cause, retryable, reason } = error as { cause?: unknown; retryable?: unknown; reason?: unknown };
  return {
    ...(cause !== undefined && { cause }),
    ...(typeof retryable === 'boolean' && { retryable }),
    ...(ERROR_REASONS.includes(reason as ErrorReason) && { reason: reason as ErrorReason }),
  };
}
