//! A caller's frame source -> a picture that can be given to the worker for good. Copies; touches no pixel itself.

import { LivenessError } from './errors.js';
import type { OwnedFrame } from './protocol.js';
import type { FrameSource, Turn } from './types.js';

/**
 * Copies the source, so that the caller's object stays usable while the worker owns the copy. A video's picture is turned clockwise
 * by `rotate` degrees.
 *
 * @throws LivenessError `INVALID_INPUT` if the source is none of the six types or holds no picture.
 */
export async function own(source: FrameSource, rotate: Turn = 0): Promise<{ frame: OwnedFrame; transfer: Transferable[] }> {
  // ImageData goes by copy: a bitmap would premultiply, and its bytes would come back changed.
  if (is(source, 'ImageData')) {
    if (!source.data?.length) throw invalid('The ImageData is detached: its pixels were transferred elsewhere.');
    return { frame: source, transfer: [] };
  }
  try {
    if (is(source, 'VideoFrame')) {
      const frame = source.clone();
      return { frame, transfer: [frame] };
    }
    if (is(source, 'HTMLVideoElement') && source.readyState < 2) {
      throw invalid('The video has no frame yet: wait for its loadeddata event.');
    }
    if (!isDrawable(source)) {
      throw invalid(
        'The source must be an HTMLVideoElement, HTMLCanvasElement, OffscreenCanvas, ImageBitmap, VideoFrame or ImageData.',
      );
    }
    const frame = rotate && is(source, 'HTMLVideoElement') ? turned(source, rotate) : await createImageBitmap(source);
    return { frame, transfer: [frame] };
  } catch (cause) {
    if (cause instanceof LivenessError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw invalid(`The source holds no readable picture (empty, closed, or from another origin): ${reason}`, cause);
  }
}

/** A video's picture, turned clockwise: each pixel as it is, at another place. */
function turned(video: HTMLVideoElement, rotate: Turn): ImageBitmap {
  const { videoWidth: width, videoHeight: height } = video;
  const canvas = rotate === 180 ? new OffscreenCanvas(width, height) : new OffscreenCanvas(height, width);
  const context = canvas.getContext('2d', { alpha: false });
  if (!context) throw new LivenessError('NOT_SUPPORTED', 'This browser gives no canvas to turn the picture on.');
  context.translate(canvas.width / 2, canvas.height / 2);
  context.rotate((rotate * Math.PI) / 180);
  context.drawImage(video, -width / 2, -height / 2);
  return canvas.transferToImageBitmap();
}

/** True if it is a video element, from whatever frame. A tag alone can be anybody's. */
export function isVideo(source: unknown): source is HTMLVideoElement {
  return is(source, 'HTMLVideoElement') && source.ownerDocument?.nodeType === Node.DOCUMENT_NODE;
}

interface Types {
  HTMLVideoElement: HTMLVideoElement;
  HTMLCanvasElement: HTMLCanvasElement;
  OffscreenCanvas: OffscreenCanvas;
  ImageBitmap: ImageBitmap;
  VideoFrame: VideoFrame;
  ImageData: ImageData;
}

/** By tag, not `instanceof`: the source may come from an iframe, and older browsers lack some of the classes. */
function is<K extends keyof Types>(source: unknown, type: K): source is Types[K] {
  return Object.prototype.toString.call(source) === `[object ${type}]`;
}

function isDrawable(source: unknown): source is HTMLVideoElement | HTMLCanvasElement | OffscreenCanvas | ImageBitmap {
  return is(source, 'HTMLVideoElement') || is(source, 'HTMLCanvasElement') || is(source, 'OffscreenCanvas') || is(source, 'ImageBitmap');
}

function invalid(message: string, cause?: unknown): LivenessError {
  return new LivenessError('INVALID_INPUT', message, cause === undefined ? {} : { cause });
}
