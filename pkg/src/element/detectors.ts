//! The detector that an element checks with: the application's, or one of the element's own that is loaded when it is first asked for.

import { LivenessDetector } from '../detector.js';
import { LivenessError } from '../errors.js';
import type { LoadOptions } from '../types.js';
import { unless } from '../within.js';

/** Detectors, and when the checks end that elements make with them: none of these promises rejects. */
const TURNS = new WeakMap<LivenessDetector, Promise<unknown>>();

/** What an element loads its own from. */
export interface Origin extends Pick<LoadOptions, 'backend'> {
  readonly assetBase: string | null;
  readonly wasmBase: string | null;
}

/** One element's. */
export class Detectors {
  /** The application's, which is its to dispose. */
  given: LivenessDetector | null = null;
  #own: { readonly detector: LivenessDetector; readonly from: string } | undefined;

  /**
   * The one to check with. `loaded` hears of the download's progress, 0 to 1.
   *
   * @throws LivenessError as `LivenessDetector.load` does; `INVALID_INPUT` if the application's is none, or is disposed.
   */
  async get({ backend, assetBase, wasmBase }: Origin, signal: AbortSignal, loaded: (fraction: number) => void): Promise<LivenessDetector> {
    if (this.given) {
      this.heed();
      // By its method, not `instanceof`: it may come from another copy of this package.
      if (typeof this.given.check === 'function') return this.given;
      throw new LivenessError('INVALID_INPUT', "The element's detector is no LivenessDetector: await LivenessDetector.load() first.");
    }
    const from = JSON.stringify([backend, assetBase, wasmBase]);
    if (this.#own?.from === from) return this.#own.detector;
    this.dispose();
    const detector = await LivenessDetector.load({
      ...(backend && { backend }),
      ...(assetBase !== null && { assetBase }),
      ...(wasmBase !== null && { wasmBase }),
      signal,
      onProgress: ({ fraction }) => loaded(fraction),
    });
    if (signal.aborted) {
      detector.dispose();
      throw signal.reason;
    }
    this.#own = { detector, from };
    return detector;
  }

  /** @throws LivenessError `INVALID_INPUT` if the application's is disposed. */
  heed(): void {
    if (this.given?.disposed) throw new LivenessError('INVALID_INPUT', "The element's detector was disposed: give it another, or null for its own.");
  }

  /** Disposes the element's own. */
  dispose(): void {
    this.#own?.detector.dispose();
    this.#own = undefined;
  }
}

/** Waits until a detector makes no other element's check; `ended` is when the one that waits is over. It makes one at a time. */
export async function turn(detector: LivenessDetector, ended: Promise<void>, signal: AbortSignal): Promise<void> {
  const others = TURNS.get(detector);
  TURNS.set(detector, Promise.all([others, ended]));
  await unless(signal, Promise.resolve(others));
}
