//! The messages between the page and its worker. Types only.

import type { Asked } from './engine.js';
import type { ErrorReason, LivenessErrorCode } from './errors.js';
import type { Backend, OperatingPoint, Prompt, ScoreResult, SessionUpdate, Transcript } from './generated.js';
import type { CheckResult, DepthResult, LoadProgress } from './types.js';

/** Absolute URLs, since a worker resolves relative ones against itself. Missing means: shipped in the package. */
export interface LoadRequest {
  readonly kind: 'load';
  readonly backend: Backend;
  readonly assetBase?: string;
  readonly wasmBase?: string;
}

/** A picture that the worker owns and closes. */
export type OwnedFrame = ImageBitmap | VideoFrame | ImageData;

/** A worker holds one session at most: a new one replaces it. */
export type Request =
  | LoadRequest
  | { readonly kind: 'score'; readonly frame: OwnedFrame }
  | { readonly kind: 'scoreCrop'; readonly frame: OwnedFrame }
  | { readonly kind: 'scorePixels'; readonly rgba: Uint8Array; readonly width: number; readonly height: number }
  | { readonly kind: 'loadDecoder' }
  | { readonly kind: 'depth'; readonly frame: OwnedFrame }
  | { readonly kind: 'startSession'; readonly operatingPoint: string; readonly asked: Asked; readonly nonce: string | undefined }
  | { readonly kind: 'resumeSession'; readonly recording: string; readonly nonce: string | undefined }
  | { readonly kind: 'recording' }
  | { readonly kind: 'observe'; readonly frame: OwnedFrame; readonly timeMs: number; readonly record: boolean }
  | { readonly kind: 'reveal'; readonly step: Prompt }
  | { readonly kind: 'transcript'; readonly attached: string | undefined }
  | { readonly kind: 'endSession' };

/** What the worker knows once it is loaded. */
export interface Loaded {
  /** Of the worker's script. */
  readonly version: string;
  readonly backend: string;
  readonly adapter: string | undefined;
  readonly operatingPoints: Readonly<Record<string, OperatingPoint>>;
}

/** Answers by kind of request. */
export interface Answers {
  load: Loaded;
  score: ScoreResult;
  scoreCrop: number;
  scorePixels: ScoreResult;
  /** Out of turn: nothing waits for this download. */
  loadDecoder: void;
  depth: DepthResult;
  startSession: void;
  /** Goes on with what another worker's session saw. */
  resumeSession: void;
  /** What this worker's session has seen. */
  recording: string;
  /** Beside the verdict a recording, if it was asked for. */
  observe: SessionUpdate & Pick<CheckResult, 'recording'>;
  /** Tells the session the step that it waits for. */
  reveal: void;
  /** What the session saw, bound to its nonce; nothing without one. */
  transcript: Transcript | undefined;
  endSession: void;
}

/** An error without its class, which a structured clone would not keep. */
export interface PlainError {
  readonly code: LivenessErrorCode;
  readonly message: string;
  readonly retryable: boolean;
  readonly reason: ErrorReason | undefined;
  readonly cause?: { readonly name: string; readonly message: string };
}

export interface Envelope {
  readonly id: number;
  readonly request: Request;
}

/** Any number of times progress, or a sign of life while a download lasts; then a value or an error. */
export type Reply =
  | { readonly id: number; readonly alive: true }
  | { readonly id: number; readonly progress: LoadProgress }
  | { readonly id: number; readonly ok: true; readonly value: Answers[keyof Answers] }
  | { readonly id: number; readonly ok: false; readonly error: PlainError };
