//! The shapes that cross the package's border: what goes in, what comes out. Holds no behaviour.

/** Anything that holds one picture. The caller keeps it: nothing passed in is closed, detached or drawn on. */
export type FrameSource =
  | HTMLVideoElement
  | HTMLCanvasElement
  | OffscreenCanvas
  | ImageBitmap
  | VideoFrame
  | ImageData;

/** What computes. */
export type Backend = 'webgpu' | 'cpu';

/** What to compute on: `auto` takes WebGPU where a real GPU answers, the CPU everywhere else. */
export type BackendChoice = 'auto' | Backend;

/** A face in the pixels of the frame, origin at its top left. It may reach beyond the frame. */
export interface FaceBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** The detector's confidence, 0 to 1. */
  readonly confidence: number;
}

/** Where the time of one score went, in milliseconds. */
export interface Timings {
  /** Pixels out of the source. */
  readonly readMs: number;
  /** Finding the face. */
  readonly detectMs: number;
  /** Cutting it out. */
  readonly cropMs: number;
  /** The liveness network. */
  readonly scoreMs: number;
  /** All of it, inside the worker. */
  readonly totalMs: number;
}

/** One frame's result. No face is a result, not an error: then `face` and `score` are null. */
export interface ScoreResult {
  readonly face: FaceBox | null;
  /** P(bona fide), 0 to 1, higher is safer. One frame's evidence, not a session's verdict. */
  readonly score: number | null;
  readonly backend: Backend;
  readonly timings: Timings;
}

/** A named threshold and what it was measured to cost. */
export interface OperatingPoint {
  /** Lowest score that counts as bona fide, 0 to 1. */
  readonly threshold: number;
  /** Share of attacks accepted, worst attack species, 0 to 1. */
  readonly apcer: number;
  /** Share of bona fide presentations refused, 0 to 1. */
  readonly bpcer: number;
}

/** How to load a detector. Every field may be left out. */
export interface LoadOptions {
  /** Default `auto`. */
  readonly backend?: BackendChoice;
  /** Folder with `manifest.json` and the weights it names. Default: the ones shipped in this package. */
  readonly assetBase?: string | URL;
  /** Folder with the `.wasm` files. Default: the ones shipped in this package. */
  readonly wasmBase?: string | URL;
  /** Stops loading; `load` then rejects with `CANCELLED`. */
  readonly signal?: AbortSignal;
}
