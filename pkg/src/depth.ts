//! The depth view's side of the page: its weights are asked for once, at the first picture.

import type { Client } from './client.js';
import { own } from './source.js';
import type { DepthResult, FrameSource } from './types.js';

/** Draws through one worker. */
export class DepthView {
  readonly #client: Client;
  #decoder: Promise<void> | undefined;

  constructor(client: Client) {
    this.#client = client;
  }

  /** @throws LivenessError as `LivenessDetector.depth` says. */
  async draw(source: FrameSource): Promise<DepthResult> {
    // The source is read now: it may show something else once the weights are there.
    const { frame, transfer } = await own(source);
    try {
      await (this.#decoder ??= this.#client.ask({ kind: 'loadDecoder' }));
    } catch (error) {
      // The next call tries again.
      this.#decoder = undefined;
      if ('close' in frame) frame.close();
      throw error;
    }
    return this.#client.ask({ kind: 'depth', frame }, transfer);
  }
}
