//! The names and shapes that the Rust engine answers in, written from its own types by `make types`: change them there.
//! Lists of names are there so that an application can see whether it has a text for each.

/** What the person should change, most important first. */
export const HINTS = [
  'no-face',
  'several-faces',
  'too-far',
  'too-close',
  'off-centre',
  'straighten',
  'turn-to-camera',
  'too-dark',
  'too-bright',
  'low-contrast',
  'hold-still',
  'uncover',
] as const;

/** What the person, or whoever holds the camera, could change, most important first. The names are stable. */
export type Hint = (typeof HINTS)[number];

/** What a challenge asks for. */
export const PROMPTS = [
  'turn-left',
  'turn-right',
  'move-closer',
] as const;

/** What a challenge asks for. Left and right are the person's own. */
export type Prompt = (typeof PROMPTS)[number];

/** What was wrong with the last answer to a prompt. */
export const NOTICES = [
  'wrong-direction',
  'too-soon',
  'flat',
] as const;

/** What was wrong with the last answer to a prompt. */
export type Notice = (typeof NOTICES)[number];

/** How a check ends. */
export const OUTCOMES = [
  'bona-fide',
  'attack',
  'inconclusive',
] as const;

/** How a check ends. */
export type Outcome = (typeof OUTCOMES)[number];

/** Why a verdict is not bona fide. */
export const REASONS = [
  'score-below-threshold',
  'doubtful',
  'face-lost',
  'frame-rate-too-low',
  'challenge-timeout',
  'response-too-soon',
  'wrong-direction',
  'flat-turn',
  'time-limit',
  'no-face',
  'several-faces',
  'too-far',
  'too-close',
  'off-centre',
  'straighten',
  'turn-to-camera',
  'too-dark',
  'too-bright',
  'low-contrast',
  'hold-still',
  'uncover',
] as const;

/** Why a verdict is not bona fide: one of these, or a hint that stood for much of the check. The names are stable. */
export type Reason = (typeof REASONS)[number];

/** What computes. */
export type Backend = 'webgpu' | 'cpu';

/** A face in the pixels of the frame, from eyebrows to chin, origin at its top left. It may reach beyond the frame. */
export interface FaceBox {
  /** Left edge. */
  readonly x: number;
  /** Top edge. */
  readonly y: number;
  /** From its left edge to its right one. */
  readonly width: number;
  /** From its top edge to its bottom one. */
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
  /** The most confident face. */
  readonly face: FaceBox | null;
  /**
   * P(bona fide), 0 to 1, higher is safer: what classifier and experts say together. One frame's evidence, not a
   * session's verdict.
   */
  readonly score: number | null;
  /** What computed it. */
  readonly backend: Backend;
  /** How long it took. */
  readonly timings: Timings;
}

/** Named thresholds and what they were measured to cost. */
export interface OperatingPoint {
  /** Lowest score that counts as bona fide, 0 to 1. */
  readonly threshold: number;
  /** Below this a score is clearly an attack's, from here to the threshold it is doubtful. Left out, there is no doubt. */
  readonly refuse?: number;
  /**
   * Share of attacks accepted, 0 to 1 (ISO/IEC 30107-3: APCER): the worst attack species' rate, unless the manifest's
   * `fusion.fitted` says of which attacks it is.
   */
  readonly apcer: number;
  /** Share of bona fide presentations not accepted, 0 to 1 (BPCER). */
  readonly bpcer: number;
}

/** A challenge with nothing left out. */
export interface Challenge {
  /**
   * Decides the order. Take it from a cryptographic source for each session, best from the server that trusts the
   * verdict. In JSON 16 hexadecimal digits, since JavaScript's numbers end at 53 bits.
   */
  readonly seed: string;
  /** 1 to 8 steps, in any order; a step may come up again. */
  readonly steps: readonly Prompt[];
}

/** What to show while a session goes on. Holds no score: an attacker who watches one learns what to improve. */
export interface Progress {
  /** What the person should change; does not flicker. */
  readonly hint: Hint | null;
  /**
   * How much of what a verdict needs is there, 0 to 1. Falls to 0 if the face is lost; clear scores end a check before it
   * reaches 1.
   */
  readonly fraction: number;
  /** What a challenge asks for now. */
  readonly prompt: Prompt | null;
  /** What was wrong with the last answer to a prompt, until a step is done. */
  readonly notice: Notice | null;
  /** The next step is the server's to reveal: nothing is asked for until then. */
  readonly waitsForStep: boolean;
}

/** The verdict on many frames. */
export interface Verdict {
  /** `inconclusive` is no attack: most are poor light, a slow device, a hurry. */
  readonly outcome: Outcome;
  /** Empty if bona fide, otherwise most important first. */
  readonly reasons: readonly Reason[];
  /** The name of the operating point that the verdict holds at. */
  readonly operatingPoint: string;
  /** Fused P(bona fide), 0 to 1, of the last window; null if no frame counted. It means the same at every operating point. */
  readonly score: number | null;
  /** Frames in that score. */
  readonly framesCounted: number;
  /** All frames that were looked at. */
  readonly framesSeen: number;
  /** Times that the evidence was dropped because the face was lost, jumped, changed, or no frame came. */
  readonly restarts: number;
  /** From the first frame to the last. */
  readonly elapsedMs: number;
}

/** A session's answer to one frame: progress or the verdict. */
export interface SessionUpdate {
  /** The face that is judged. */
  readonly face: FaceBox | null;
  /** Null with the frame that decides. */
  readonly progress: Progress | null;
  /** Null until the frame that decides. */
  readonly verdict: Verdict | null;
}

/** A check bound to a server's nonce: post `json` as it is to that server, which verifies it (`bonafide::verify`). */
export interface Transcript {
  /** Nonce, weights, release, frame times, qualities, scores and verdict. No pixels. */
  readonly json: string;
  /** Of `json` in UTF-8, lower-case hexadecimal. */
  readonly sha256: string;
}
