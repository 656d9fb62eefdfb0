//! A picture -> one whose pixels the engine gets as they are. The engine reads through a canvas, and browsers that resist
//! fingerprinting give noise in place of what a canvas holds, without a word: no face is found in that, for ever.

import { LivenessError } from './errors.js';
import type { OwnedFrame } from './protocol.js';

/** Pixels of the probe's side. */
const SIDE = 16;
/** Values of 0 to 255: some browsers change the last bits only, in which nothing is seen. */
const APART = 3;

/** How pixels are had: through a canvas, as the engine does; through a frame's own copy; or not at all. */
type Way = 'canvas' | 'frame' | 'none';

/** Finds the way once, at the first picture that needs one. */
export class Pixels {
  #way: Promise<Way> | undefined;

  /**
   * The picture itself where a canvas tells the truth, else its pixels. What is no picture is left for the engine to refuse.
   *
   * @throws LivenessError `NOT_SUPPORTED`, for the reason `pixels-protected`, if the browser gives them in no way.
   */
  async readable(frame: OwnedFrame): Promise<OwnedFrame> {
    if (!is(frame, 'ImageBitmap') && !is(frame, 'VideoFrame')) return frame;
    this.#way ??= find();
    switch (await this.#way) {
      case 'canvas':
        return frame;
      case 'frame':
        return copied(frame);
      case 'none':
        throw new LivenessError('NOT_SUPPORTED', 'The browser withholds the pixels that pages read, or changes them against fingerprinting: allow this site to read canvases.', { reason: 'pixels-protected' });
    }
  }
}

async function find(): Promise<Way> {
  const written = pattern();
  const bitmap = await createImageBitmap(written);
  try {
    if (alike(written, drawn(bitmap))) return 'canvas';
    // No frames here, or they do not turn their pixels into RGBA: then there is no other way.
    return alike(written, await copied(bitmap).catch(() => new ImageData(SIDE, SIDE))) ? 'frame' : 'none';
  } finally {
    bitmap.close();
  }
}

/** What a canvas gives of a picture of the probe's size; nothing where it refuses. */
function drawn(bitmap: ImageBitmap): ImageData {
  try {
    const context = new OffscreenCanvas(SIDE, SIDE).getContext('2d', { willReadFrequently: true });
    context?.drawImage(bitmap, 0, 0);
    return context?.getImageData(0, 0, SIDE, SIDE) ?? new ImageData(SIDE, SIDE);
  } catch {
    return new ImageData(SIDE, SIDE);
  }
}

/** A picture of which every pixel is another. */
function pattern(): ImageData {
  const image = new ImageData(SIDE, SIDE);
  for (let at = 0; at < SIDE * SIDE; at++) image.data.set([at, 255 - at, (at * 7) % 256, 255], at * 4);
  return image;
}

function alike(one: ImageData, other: ImageData): boolean {
  return one.data.every((value, at) => Math.abs(value - other.data[at]!) <= APART);
}

/** The pixels of a picture by a frame's own copy, which no canvas sees. */
async function copied(picture: ImageBitmap | VideoFrame): Promise<ImageData> {
  const frame = new VideoFrame(picture, { timestamp: 0 });
  try {
    const { width = SIDE, height = SIDE } = frame.visibleRect ?? {};
    const image = new ImageData(width, height);
    // The types of TypeScript's library lack the format.
    await frame.copyTo(image.data, { format: 'RGBA', layout: [{ offset: 0, stride: width * 4 }] } as VideoFrameCopyToOptions);
    return image;
  } finally {
    frame.close();
  }
}

function is<K extends 'ImageBitmap' | 'VideoFrame'>(frame: unknown, type: K): frame is K extends 'ImageBitmap' ? ImageBitmap : VideoFrame {
  return Object.prototype.toString.call(frame) === `[object ${type}]`;
}
