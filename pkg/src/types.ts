//! The shapes that cross the package's border: what goes in, what comes out, beside what the engine itself answers
//! (generated.ts). Holds no behaviour.

import type { LivenessError } from './errors.js';
import type { Backend, FaceBox, Hint, Progress, Prompt, ScoreResult, Transcript, Verdict } from './generated.js';
import type { Signal } from './signals/names.js';

/** Anything that holds one picture. The caller keeps it: nothing passed in is closed, detached or drawn on. */
export type FrameSource =
  | HTMLVideoElement
  | HTMLCanvasElement
  | OffscreenCanvas
  | ImageBitmap
  | VideoFrame
  | ImageData;

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

/** What to ask the person to do. Every field may be left out. */
export interface ChallengeOptions {
  /** 1 to 8 steps; the seed decides their order. Default: each once. */
  readonly steps?: readonly Prompt[];
  /** 16 hexadecimal digits, from a cryptographic source, best the server that asks. Default: drawn in the page. */
  readonly seed?: string;
}

/** What a transcript says beside the check. Every field may be left out. */
export interface AttachOptions {
  /** The release of your page or application, in your words. The transcript has the package's anyway. */
  readonly release?: string;
  /** Whether to add the result's `signals`. Default `false`. */
  readonly signals?: boolean;
}

/** How to check. Every field may be left out. */
export interface CheckOptions {
  /** A name in `detector.operatingPoints`. Default `balanced`. */
  readonly operatingPoint?: string;
  /** Movements to ask for, or `true` for each once. Default `false`: the person just looks. */
  readonly challenge?: boolean | ChallengeOptions | null;
  /** Seconds to watch at least before the person can pass, 1 to 30. Default: as long as the evidence takes. */
  readonly passiveSeconds?: number | null;
  /** Degrees by which pictures are turned clockwise before anybody looks at them, for a camera that is mounted askew. Default 0. */
  readonly rotate?: Turn;
  /** What a server issued for this check: adds `transcript` to the result. A ticket has it, with those above and the two below. */
  readonly nonce?: string;
  /**
   * Steps among which a server chooses each that it reveals, as many as are listed, one when the last is answered. Instead of a
   * `challenge`, whose order the page knows.
   */
  readonly revealed?: readonly Prompt[] | null;
  /** Where to ask for the next of them: `{ nonce, known }` is posted as JSON, `{ step }` comes back. */
  readonly stepUrl?: string | null;
  /** Asked for the next of them instead, with how many are known. What it throws ends the check, as `STEP_UNAVAILABLE` unless it is a `LivenessError`. */
  readonly onStep?: (known: number) => Prompt | Promise<Prompt>;
  /** What to bind into the transcript beside the check. The server gets it as the page's word. */
  readonly attach?: AttachOptions;
  /** Stops the check; it then rejects with `CANCELLED`. */
  readonly signal?: AbortSignal;
  /** Called after each frame but the last. What it throws ends the check. */
  readonly onUpdate?: (progress: CheckProgress) => void;
  /** Called when the hint to show changes; with `null` when there is none any more. What it throws ends the check. */
  readonly onHint?: (hint: Hint | null) => void;
  /** Adds `recording` to the result. Default `false`. */
  readonly record?: boolean;
}

/** Quarter turns clockwise, in degrees. */
export type Turn = 0 | 90 | 180 | 270;

/** What to show while a check goes on. Holds no score: an attacker who watches one learns what to improve. */
export interface CheckProgress extends Progress {
  /** The face that is judged, in pixels of the turned picture. */
  readonly face: FaceBox | null;
}

/** The verdict on many frames. */
export interface CheckResult extends Verdict {
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
  /**
   * Whether `auto` keeps in the page's local storage what it measured: a GPU's name, two times and a date, for thirty days. The only
   * thing that is ever stored. Default `true`.
   */
  readonly remember?: boolean;
  /** Stops loading; `load` then rejects with `CANCELLED`. */
  readonly signal?: AbortSignal;
  /** Called as bytes arrive and steps are done. What it throws ends the loading. */
  readonly onProgress?: (progress: LoadProgress) => void;
  /**
   * Starts a module worker that runs `bonafide-liveness/worker`, where this package cannot start one itself (it comes from another
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
