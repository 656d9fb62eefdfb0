//! A caller's frame source -> a picture that can be given to the worker for good. Copies; touches no pixel itself.

import { LivenessError } from './errors.js';
import type { OwnedFrame } from './protocol.js';
import type { FrameSource } from './types.js';

/**
 * Copies the source, so that the caller's object stays usable while the worker owns the copy.
 *
 * @throws LivenessError `INVALID_INPUT` if the source is none of the six types or holds no picture.
 */
export async function own(source: FrameSource): Promise<{ frame: OwnedFrame; transfer: Transferable[] }> {
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
    const frame = await createImageBitmap(source);
    return { frame, transfer: [frame] };
  } catch (cause) {
    if (cause instanceof LivenessError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw invalid(`The source holds no readable picture (empty, closed, or from another origin): ${reason}`, cause);
  }
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
