//! The shapes that cross the package's border: what goes in, what comes out. Holds no behaviour.

import type { LivenessError } from './errors.js';
import type { Signal } from './signals/names.js';
import type { Hint, Notice, Outcome, Prompt, Reason } from './vocabulary.js';

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

/** What to compute on: `auto` starts on the CPU and changes to WebGPU where a real GPU is measured to be faster. */
export type BackendChoice = 'auto' | Backend;

/** What `auto` chose, and why. */
export interface Settled {
  readonly backend: Backend;
  /** Milliseconds of one look on each, all networks; nothing if there was no real GPU to compare with. */
  readonly cpuMs?: number;
  readonly webgpuMs?: number;
  /** Measured at an earlier visit, within thirty days; kept in the page's local storage. */
  readonly remembered: boolean;
  /** What kept WebGPU from getting ready. The CPU serves. */
  readonly error?: LivenessError;
}

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
  /** The liveness networks: classifier and experts. */
  readonly scoreMs: number;
  /** Of that, the experts, who look at four views of the face; a check lets them look at one a frame. 0 without experts. */
  readonly expertsMs: number;
  /** Drawing the depth view; `depth` alone has it. */
  readonly depthMs?: number;
  /** All of it, inside the worker. */
  readonly totalMs: number;
}

/** One frame's result. No face is a result, not an error: then `face` and `score` are null. */
export interface ScoreResult {
  readonly face: FaceBox | null;
  /** P(bona fide), 0 to 1, higher is safer: what classifier and experts say together. One frame's evidence, not a session's verdict. */
  readonly score: number | null;
  readonly backend: Backend;
  readonly timings: Timings;
}

/** What the classifier sees of a face's shape. An illustration: the score does not depend on it. */
export interface DepthMap {
  /** The square of the frame that the map shows, in its pixels. It may reach beyond the frame. */
  readonly region: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  readonly width: number;
  readonly height: number;
  /** `width * height` depths, row by row from the top left: 1 is nearest, 0 is flat or no face. */
  readonly data: Float32Array;
}

/** A score, and the depth that was drawn from the same features. Without a face, `depth` is null as well. */
export interface DepthResult extends ScoreResult {
  readonly depth: DepthMap | null;
}

/** Named thresholds and what they were measured to cost. */
export interface OperatingPoint {
  /** Lowest score that counts as bona fide, 0 to 1. */
  readonly threshold: number;
  /** Below this a score is clearly an attack's, from here to the threshold it is doubtful. Left out, there is no doubt. */
  readonly refuse?: number;
  /** Share of attacks accepted, 0 to 1; the manifest's `fusion.fitted` says of which. */
  readonly apcer: number;
  /** Share of bona fide presentations not accepted, 0 to 1. */
  readonly bpcer: number;
}

/** What to ask the person to do. Every field may be left out. */
export interface ChallengeOptions {
  /** 1 to 8 steps; the seed decides their order. Default: each once. */
  readonly steps?: readonly Prompt[];
  /** 16 hexadecimal digits, from a cryptographic source, best the server that asks. Default: drawn in the page. */
  readonly seed?: string;
}

/** How to check. Every field may be left out. */
export interface CheckOptions {
  /** A name in `detector.operatingPoints`. Default `balanced`. */
  readonly operatingPoint?: string;
  /** Movements to ask for, or `true` for each once. Default `false`: the person just looks. */
  readonly challenge?: boolean | ChallengeOptions | null;
  /** What a server issued for this check: adds `transcript` to the result. A ticket has it, with the two above. */
  readonly nonce?: string;
  /** Stops the check; it then rejects with `CANCELLED`. */
  readonly signal?: AbortSignal;
  /** Called after each frame but the last. What it throws ends the check. */
  readonly onUpdate?: (progress: CheckProgress) => void;
  /** Called when the hint to show changes; with `null` when there is none any more. What it throws ends the check. */
  readonly onHint?: (hint: Hint | null) => void;
  /** Adds `recording` to the result. Default `false`. */
  readonly record?: boolean;
}

/** What to show while a check goes on. Holds no score: an attacker who watches one learns what to improve. */
export interface CheckProgress {
  /** What the person should change; does not flicker. */
  readonly hint: Hint | null;
  /** How much of what a verdict needs is there, 0 to 1. Falls to 0 if the face is lost; may end below 1. */
  readonly fraction: number;
  /** What a challenge asks for now. */
  readonly prompt: Prompt | null;
  /** What was wrong with the last answer to a prompt. */
  readonly notice: Notice | null;
  /** The face that is judged. */
  readonly face: FaceBox | null;
}

/** A check bound to a server's nonce: post `json` as it is to that server, which verifies it (`bonafide::verify`). */
export interface Transcript {
  /** Nonce, weights, release, frame times, qualities, scores and verdict. No pixels. */
  readonly json: string;
  /** Of `json` in UTF-8, lower-case hexadecimal. */
  readonly sha256: string;
}

/** The verdict on many frames. */
export interface CheckResult {
  /** `inconclusive` is no attack: most are poor light, a slow device, a hurry. */
  readonly outcome: Outcome;
  /** Empty if bona fide, otherwise most important first. */
  readonly reasons: readonly Reason[];
  /** Fused P(bona fide), 0 to 1; null if no frame counted. */
  readonly score: number | null;
  /** The name of the operating point that the verdict holds at. */
  readonly operatingPoint: string;
  /** Frames in that score. */
  readonly framesCounted: number;
  /** All frames that were looked at. */
  readonly framesSeen: number;
  /** Times that the evidence was dropped because the face was lost, jumped, or no frame came. */
  readonly restarts: number;
  /** From the first frame to the last. */
  readonly elapsedMs: number;
  /** Hints that the pictures may not come from a camera, all of them, fired or not. No verdict depends on them. */
  readonly signals: readonly Signal[];
  /** With `record`: measures, scores and times as JSON, no pixels. It replays to this verdict; it proves nothing. */
  readonly recording?: string;
  /** With a `nonce`: for the server that issued it. It binds this verdict to that nonce; it does not prove that a camera saw anybody. */
  readonly transcript?: Transcript;
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
  /** Called as bytes arrive and steps are done. What it throws ends the loading. */
  readonly onProgress?: (progress: LoadProgress) => void;
  /**
   * Starts a module worker that runs `bonafide/worker`, where this package cannot start one itself (it comes from another
   * origin, or a bundler does not see its workers). Called once for each backend that is tried, with `auto` also after
   * `load`; the worker is then the detector's, which ends it.
   */
  readonly worker?: (backend: Backend) => Worker;
}

/** How far loading is. */
export interface LoadProgress {
  /** `download`: engine and weights arrive. `prepare`: all is there; it is compiled, filled, and on WebGPU run once. */
  readonly stage: 'download' | 'prepare';
  /** Bytes of the engine and the weights that arrived, counted after decompression. */
  readonly loadedBytes: number;
  /** All bytes of them, known from the first call on. */
  readonly totalBytes: number;
  /**
   * Of the whole, 0 to 1; the download is the first nine tenths. Never falls. With `auto` it is the CPU engine's.
   */
  readonly fraction: number;
}
