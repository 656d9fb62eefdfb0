//! The messages between the page and its worker. Types only.

import type { LivenessErrorCode } from './errors.js';
import type { OperatingPoint, ScoreResult } from './types.js';

/** Absolute URLs, since a worker resolves relative ones against itself. Missing means: shipped in the package. */
export interface LoadRequest {
  readonly kind: 'load';
  readonly assetBase?: string;
  readonly wasmBase?: string;
}

/** A picture that the worker owns and closes. */
export type OwnedFrame = ImageBitmap | VideoFrame | ImageData;

export type Request =
  | LoadRequest
  | { readonly kind: 'score'; readonly frame: OwnedFrame }
  | { readonly kind: 'scoreCrop'; readonly frame: OwnedFrame }
  | { readonly kind: 'scorePixels'; readonly rgba: Uint8Array; readonly width: number; readonly height: number };

/** What the worker knows once it is loaded. */
export interface Loaded {
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
}

/** An error without its class, which a structured clone would not keep. */
export interface PlainError {
  readonly code: LivenessErrorCode;
  readonly message: string;
  readonly retryable: boolean;
}

export interface Envelope {
  readonly id: number;
  readonly request: Request;
}

export type Reply =
  | { readonly id: number; readonly ok: true; readonly value: Answers[keyof Answers] }
  | { readonly id: number; readonly ok: false; readonly error: PlainError };
