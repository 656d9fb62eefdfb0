//! Every failure of the package as one class: a stable code for programs, a sentence for people.

/** Stable names of what went wrong. New ones may be added in a minor version; none changes its meaning. */
export type LivenessErrorCode =
  /** This browser lacks something that the package needs (workers, WebAssembly SIMD, a camera interface). */
  | 'NOT_SUPPORTED'
  /** The frame holds no usable pixels: empty, closed, cross-origin, or a buffer of the wrong length. */
  | 'INVALID_INPUT'
  /** The worker or the WebAssembly module did not arrive. */
  | 'ENGINE_FETCH'
  /** The weights or their manifest did not arrive. */
  | 'MODEL_FETCH'
  /** The weights arrived, but corrupt, cut short, or made for another version. */
  | 'MODEL_INTEGRITY'
  /** WebGPU was asked for and there is none, or its device failed. */
  | 'WEBGPU_UNAVAILABLE'
  /** Stopped by an AbortSignal or by `dispose`. */
  | 'CANCELLED'
  /** A fault in this package. Load a new detector; please report it. */
  | 'INTERNAL'
  /** Cameras need https or localhost. */
  | 'INSECURE_CONTEXT'
  /** The user, or a setting, said no; `retryable` if the prompt was merely dismissed. */
  | 'CAMERA_PERMISSION_DENIED'
  /** No camera is connected. */
  | 'CAMERA_NOT_FOUND'
  /** The camera is there, but another program or the system holds it. */
  | 'CAMERA_IN_USE'
  /** No camera can do what was asked. */
  | 'CAMERA_CONSTRAINTS'
  /** The page's Permissions-Policy, or the browser, keeps this page from cameras. */
  | 'CAMERA_BLOCKED'
  /** The camera stopped while in use. */
  | 'CAMERA_LOST';

const RETRYABLE: ReadonlySet<LivenessErrorCode> = new Set([
  'ENGINE_FETCH',
  'MODEL_FETCH',
  'CAMERA_NOT_FOUND',
  'CAMERA_IN_USE',
  'CAMERA_LOST',
]);

const CODES: ReadonlySet<string> = new Set<LivenessErrorCode>([
  'NOT_SUPPORTED',
  'INVALID_INPUT',
  'ENGINE_FETCH',
  'MODEL_FETCH',
  'MODEL_INTEGRITY',
  'WEBGPU_UNAVAILABLE',
  'CANCELLED',
  'INTERNAL',
  'INSECURE_CONTEXT',
  'CAMERA_PERMISSION_DENIED',
  'CAMERA_NOT_FOUND',
  'CAMERA_IN_USE',
  'CAMERA_CONSTRAINTS',
  'CAMERA_BLOCKED',
  'CAMERA_LOST',
]);

/** The only error that this package throws on purpose. */
export class LivenessError extends Error {
  override readonly name = 'LivenessError';
  /** What happened, for programs. */
  readonly code: LivenessErrorCode;
  /** True if the same call may succeed later without a change to the page or its input. */
  readonly retryable: boolean;

  constructor(code: LivenessErrorCode, message: string, options: { cause?: unknown; retryable?: boolean } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.retryable = options.retryable ?? RETRYABLE.has(code);
  }

  /** Keeps a LivenessError; recognises one that lost its class on the way (wasm, worker); wraps the rest. */
  static from(error: unknown, fallback: LivenessErrorCode = 'INTERNAL'): LivenessError {
    if (error instanceof LivenessError) return error;
    const code = (error as { code?: unknown } | null)?.code;
    const message = error instanceof Error ? error.message : String(error);
    if (typeof code === 'string' && CODES.has(code)) {
      return new LivenessError(code as LivenessErrorCode, message, { cause: error });
    }
    return new LivenessError(fallback, message, { cause: error });
  }
}
