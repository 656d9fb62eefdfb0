//! getUserMedia -> a playing stream or a LivenessError that says what the user can do. Reads no frames.

import { inWebview, refusal } from './camera-refusal.js';
import { LivenessError } from './errors.js';
import { checked } from './options.js';
import { unless } from './within.js';

/** How to open a camera. Every field may be left out. */
export interface CameraOptions {
  /** A certain camera, by `MediaDeviceInfo.deviceId`. Default: the one that faces the user. */
  readonly deviceId?: string;
  /** Wished, not demanded. Default 1280. */
  readonly width?: number;
  /** Wished, not demanded. Default 720. */
  readonly height?: number;
  /** Called once if the camera stops while in use (unplugged, or taken by the system). Not called by `close`. */
  readonly onLost?: (error: LivenessError) => void;
  /** Stops waiting; `openCamera` then rejects with `CANCELLED` at once, and closes a camera that still comes. */
  readonly signal?: AbortSignal;
}

/** An open camera. */
export interface Camera {
  readonly stream: MediaStream;
  /** The camera's name, as the system tells it. */
  readonly label: string;
  /** Releases the camera; its light goes out. */
  close(): void;
}

/**
 * Asks for a camera.
 *
 * @throws LivenessError `INVALID_INPUT`, `INSECURE_CONTEXT`, `NOT_SUPPORTED`, `CANCELLED` or one of the `CAMERA_` codes.
 */
export async function openCamera(options: CameraOptions = {}): Promise<Camera> {
  checked(options, { deviceId: 'string', width: 'size', height: 'size', onLost: 'function', signal: 'signal' });
  if (options.signal?.aborted) throw cancelled(options.signal);
  if (typeof navigator === 'undefined' || !navigator.mediaDevices?.getUserMedia) {
    throw typeof isSecureContext !== 'undefined' && !isSecureContext
      ? new LivenessError('INSECURE_CONTEXT', 'Cameras work on https pages and on localhost only.')
      : new LivenessError('NOT_SUPPORTED', 'This browser offers no camera to pages.', inWebview() ? { reason: 'webview' } : {});
  }
  const stream = await awaited(options.signal, request(options));
  const track = stream.getVideoTracks()[0];
  if (!track) {
    stop(stream);
    throw new LivenessError('CAMERA_NOT_FOUND', 'The browser gave a stream without a camera in it.');
  }
  const gone = () => new LivenessError('CAMERA_LOST', 'The camera stopped: it was unplugged or taken by another program.');
  if (track.readyState === 'ended') {
    stop(stream);
    throw gone();
  }
  const lost = () => options.onLost?.(gone());
  track.addEventListener('ended', lost, { once: true });
  return {
    stream,
    label: track.label,
    close() {
      track.removeEventListener('ended', lost);
      stop(stream);
    },
  };
}

/** Shortest side that is asked for, pixels: in smaller pictures a face of the size that a check needs would fill the frame. */
const LEAST_SIDE = 360;

async function request({ deviceId, width = 1280, height = 720 }: CameraOptions): Promise<MediaStream> {
  const side = (ideal: number) => ({ ideal, min: Math.min(LEAST_SIDE, ideal) });
  const which = deviceId === undefined ? { facingMode: { ideal: 'user' } } : { deviceId: { exact: deviceId } };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: false, video: { width: side(width), height: side(height), ...which } });
  } catch (error) {
    if ((error as DOMException | null)?.name !== 'OverconstrainedError') throw await refusal(error);
  }
  try {
    // Once more as wishes, without demands: the wished camera may be gone, or drivers may misreport their sizes.
    const video = { width: { ideal: width }, height: { ideal: height }, facingMode: { ideal: 'user' } };
    return await navigator.mediaDevices.getUserMedia({ audio: false, video });
  } catch (error) {
    throw await refusal(error);
  }
}

/** A camera that comes, unless nobody waits any more: then it is closed when it comes. Browsers cannot take their question back. */
async function awaited(signal: AbortSignal | undefined, asked: Promise<MediaStream>): Promise<MediaStream> {
  if (!signal) return asked;
  try {
    return await unless(signal, asked);
  } catch (error) {
    if (!signal.aborted) throw error;
    asked.then(stop, () => {});
    throw cancelled(signal);
  }
}

function cancelled(signal: AbortSignal): LivenessError {
  return new LivenessError('CANCELLED', 'Opening the camera was cancelled.', { cause: signal.reason });
}

function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}
