//! Bytes that arrive and steps that are done -> how far loading is.

import type { LoadProgress } from './types.js';

/** Steps of getting ready: compiled, networks filled, and on a GPU detector run once, classifier run once. */
const STEPS = 4;
/** Getting ready as a share of the whole. Its time depends on the device, the download's on the line: a convention. */
const SHARE = 0.1;

/** Tells of one loading. `totalBytes` never falls short of what arrived, whatever was expected. */
export class Progress {
  readonly #tell: (progress: LoadProgress) => void;
  #expected: number;
  #loaded = 0;
  #steps = 0;
  #known = false;

  /** `engineBytes` is the size of the WebAssembly module. */
  constructor(engineBytes: number, tell: (progress: LoadProgress) => void) {
    this.#expected = engineBytes;
    this.#tell = tell;
  }

  /** What the weights add to the total; before that there is none to tell of. */
  expect(weightBytes: number): void {
    this.#expected += weightBytes;
    this.#known = true;
    this.#report();
  }

  /** Bytes arrived, as they are after decompression. */
  readonly arrived = (bytes: number): void => {
    this.#loaded += bytes;
    if (this.#known) this.#report();
  };

  /** A step of getting ready is done; all bytes are there. */
  step(): void {
    this.#expected = this.#loaded;
    this.#steps++;
    this.#report();
  }

  #report(): void {
    const loadedBytes = this.#loaded;
    const totalBytes = Math.max(loadedBytes, this.#expected);
    const downloaded = totalBytes === 0 ? 0 : loadedBytes / totalBytes;
    const fraction = (1 - SHARE) * downloaded + (SHARE * this.#steps) / STEPS;
    this.#tell({ stage: this.#steps === 0 ? 'download' : 'prepare', loadedBytes, totalBytes, fraction });
  }
}
