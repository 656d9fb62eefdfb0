//! A check's video -> hints on where its pictures come from. Beside the verdict, never part of it.

import { Frames } from './frames.js';
import { SIGNALS, UNKNOWN, type Finding, type Signal, type SignalName } from './names.js';
import { pageFunctions } from './page.js';
import { constraints, label, settings, trackClass, unlisted } from './track.js';

/** Collects signals while a check runs. Never fails and never waits: what cannot be measured is not. */
export class Signals {
  readonly #frames = new Frames();
  readonly #found = new Map<SignalName, Finding>();

  /** Begins with what can be told before the first frame. Without a track, as in a video file, its own signals stay unmeasured. */
  constructor(track: MediaStreamTrack | undefined) {
    this.#measure('page-functions', () => pageFunctions(track));
    if (!track) return;
    this.#measure('track-class', () => trackClass(track));
    this.#measure('settings', () => settings(track));
    this.#measure('label', () => label(track));
    void this.#await('unlisted-device', () => unlisted(track));
    void this.#await('constraints', () => constraints(track));
  }

  /** Takes note of a frame that is judged. */
  see(frame: CanvasImageSource | ImageData, metadata: VideoFrameCallbackMetadata | undefined): void {
    // What cannot be sampled is judged all the same.
    attempt(() => (this.#frames.see(frame, metadata), UNKNOWN));
  }

  /** All signals, in the order of `SIGNALS`. */
  told(): readonly Signal[] {
    this.#measure('frame-timing', () => this.#frames.timing());
    this.#measure('repeated-frames', () => this.#frames.repeats());
    return SIGNALS.map((name) => ({ name, ...(this.#found.get(name) ?? UNKNOWN) }));
  }

  #measure(name: SignalName, look: () => Finding): void {
    this.#found.set(name, attempt(look));
  }

  async #await(name: SignalName, look: () => Promise<Finding>): Promise<void> {
    this.#found.set(name, await look().catch(() => UNKNOWN));
  }
}

/** A page that was tampered with, or an old browser, may throw anywhere: then there is nothing to tell. */
function attempt(look: () => Finding): Finding {
  try {
    return look();
  } catch {
    return UNKNOWN;
  }
}
