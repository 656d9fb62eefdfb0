//! The frames of a check -> whether they come and look like a camera's. Looks at a few pixels of each, and keeps none.

import { UNKNOWN, type Finding } from './names.js';

/** Pixels of each frame that are compared: a grid with this many rows and columns. */
const GRID = 16;
/** Intervals below which timing says nothing. */
const INTERVALS = 8;
/** Camera drivers stamp frames by a clock, not by counting. Microseconds: Chromium tells times in them. */
const COUNTED_US = 2;
/** A median deviation above this share of the interval: frames that a network or a script lets through. */
const UNEVEN = 0.3;
/** Frames that were seen earlier, but not just before: this many are a loop. */
const LOOP = 3;
/** Levels between the darkest and the lightest sample below which a frame is a covered lens, which does repeat. */
const FLAT = 8;

/** Collects what a check's frames look like. */
export class Frames {
  readonly #context = sampler();
  readonly #seen = new Map<number, number>();
  readonly #intervalsUs: number[] = [];
  #last: VideoFrameCallbackMetadata | undefined;
  #captured = 0;
  #timed = 0;
  #frames = 0;
  #flat = 0;
  #repeatsLast = 0;
  #repeatsEarlier = 0;

  /** Takes note of a frame: of its times, where the browser tells them, and of its samples. */
  see(frame: CanvasImageSource | ImageData, metadata: VideoFrameCallbackMetadata | undefined): void {
    if (metadata) this.#time(metadata);
    if (this.#context && !('data' in frame)) this.#compare(this.#context, frame);
  }

  #time(metadata: VideoFrameCallbackMetadata): void {
    this.#timed++;
    if (metadata.captureTime !== undefined) this.#captured++;
    if (this.#last) {
      // A check leaves out frames that come while it works.
      const shown = metadata.presentedFrames - this.#last.presentedFrames;
      if (shown > 0) this.#intervalsUs.push(((metadata.mediaTime - this.#last.mediaTime) * 1e6) / shown);
    }
    this.#last = metadata;
  }

  #compare(context: OffscreenCanvasRenderingContext2D, frame: CanvasImageSource): void {
    context.drawImage(frame, 0, 0, GRID, GRID);
    const { data } = context.getImageData(0, 0, GRID, GRID);
    let [hash, low, high] = [0x811c9dc5, 255, 0];
    for (const value of data) {
      hash = Math.imul(hash ^ value, 0x01000193);
      low = Math.min(low, value);
      // Opaque throughout: alpha is always the highest.
      if (value < 255) high = Math.max(high, value);
    }
    const at = this.#frames++;
    if (high - low < FLAT) {
      this.#flat++;
      return;
    }
    const before = this.#seen.get(hash);
    this.#seen.set(hash, at);
    if (before === at - 1) this.#repeatsLast++;
    else if (before !== undefined) this.#repeatsEarlier++;
  }

  /** How evenly the frames came. */
  timing(): Finding {
    const intervals = this.#intervalsUs;
    if (intervals.length < INTERVALS) return UNKNOWN;
    const interval = median(intervals);
    const deviation = median(intervals.map((us) => Math.abs(us - interval)));
    const largest = Math.max(...intervals.map((us) => Math.abs(us - interval)));
    const measured = {
      intervals: intervals.length,
      medianMs: round(interval / 1000),
      deviationMs: round(deviation / 1000),
      largestDeviationMs: round(largest / 1000),
      // Share of frames of which the browser tells when they were taken: in Chromium all of a camera's, none of a canvas's.
      captureTimes: this.#captured / this.#timed,
    };
    return { fired: largest <= COUNTED_US || deviation > UNEVEN * interval, measured };
  }

  /** Whether frames repeat. */
  repeats(): Finding {
    const [frames, flat, ofLast, ofEarlier] = [this.#frames, this.#flat, this.#repeatsLast, this.#repeatsEarlier];
    if (frames - flat < INTERVALS) return UNKNOWN;
    return { fired: ofLast * 2 > frames - flat || ofEarlier >= LOOP, measured: { frames, flat, ofLast, ofEarlier } };
  }
}

/** A canvas that keeps its pixels where a script can read them, and picks them without mixing neighbours. */
function sampler(): OffscreenCanvasRenderingContext2D | null {
  if (typeof OffscreenCanvas === 'undefined') return null;
  const context = new OffscreenCanvas(GRID, GRID).getContext('2d', { alpha: false, willReadFrequently: true });
  if (context) context.imageSmoothingEnabled = false;
  return context;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
