//! The JavaScript face of the Rust engine (src/web), written by hand; both WebAssembly modules have it. Types only.

import type { Challenge, Prompt, ScoreResult, SessionUpdate, Transcript } from './generated.js';
import type { DepthResult, FrameSource } from './types.js';

/** Networks filled with weights, on one backend. Lives in a worker. */
export interface Engine {
  score(source: FrameSource): Promise<ScoreResult>;
  scorePixels(rgba: Uint8Array, width: number, height: number): Promise<ScoreResult>;
  scoreCrop(source: FrameSource): Promise<number>;
  loadDecoder(weights: Record<string, Uint8Array>): void;
  depth(source: FrameSource): Promise<DepthResult>;
  startSession(operatingPoint: string, asked: Asked, nonce: string | undefined): Session;
  resumeSession(recording: string, nonce: string | undefined): Session;
  readonly backend: string;
  readonly adapter: string | undefined;
  free(): void;
}

/** What the person is asked for. */
export interface Asked {
  readonly challenge?: Challenge;
  /** How many steps a server reveals. */
  readonly revealed?: number;
  readonly passiveSeconds?: number;
}

/** Many frames until a verdict. */
export interface Session {
  observe(source: FrameSource, timeMs: number): Promise<SessionUpdate>;
  recording(): string;
  reveal(step: Prompt): void;
  transcript(attached: string | undefined): Transcript | undefined;
  free(): void;
}

/** One backend's module, and the WebAssembly file that it needs. */
export interface EngineFiles {
  readonly module: EngineModule;
  readonly url: URL;
  /** The file's name, for a folder given by `wasmBase`. */
  readonly name: string;
  /** The file's size. Servers that compress do not tell it. */
  readonly bytes: number;
}

/** What a module made by wasm-bindgen exports. */
export interface EngineModule {
  default(options: { module_or_path: WebAssembly.Module }): Promise<unknown>;
  Engine: { load(manifest: string, weights: Record<string, Uint8Array>, backend: string): Promise<Engine> };
}
