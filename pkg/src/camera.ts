//! getUserMedia -> a playing stream or a LivenessError that says what the user can do. Reads no frames.

import { LivenessError, type LivenessErrorCode } from './errors.js';
import { checked } from './options.js';

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
  /** Stops waiting; `openCamera` then rejects with `CANCELLED`. */
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
  if (typeof navigator === 'undefined' || !navigator.mediaDevices?.getUserMedia) {
    throw typeof isSecureContext !== 'undefined' && !isSecureContext
      ? new LivenessError('INSECURE_CONTEXT', 'Cameras work on https pages and on localhost only.')
      : new LivenessError('NOT_SUPPORTED', 'This browser offers no camera to pages.');
  }
  const stream = await request(options);
  if (options.signal?.aborted) {
    stop(stream);
    throw new LivenessError('CANCELLED', 'Opening the camera was cancelled.', { cause: options.signal.reason });
  }
  const track = stream.getVideoTracks()[0];
  if (!track) {
    stop(stream);
    throw new LivenessError('CAMERA_NOT_FOUND', 'The browser gave a stream without a camera in it.');
  }
  const lost = () => options.onLost?.(new LivenessError('CAMERA_LOST', 'The camera stopped: it was unplugged or taken by another program.'));
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
    if (nameOf(error) !== 'OverconstrainedError') throw translate(error);
  }
  try {
    // Once more as wishes, without demands: the wished camera may be gone, or drivers may misreport their sizes.
    const video = { width: { ideal: width }, height: { ideal: height }, facingMode: { ideal: 'user' } };
    return await navigator.mediaDevices.getUserMedia({ audio: false, video });
  } catch (error) {
    throw translate(error);
  }
}

function translate(cause: unknown): LivenessError {
  const make = (code: LivenessErrorCode, message: string, retryable?: boolean) =>
    new LivenessError(code, message, retryable === undefined ? { cause } : { cause, retryable });
  switch (nameOf(cause)) {
    case 'NotAllowedError': {
      if (blockedByPolicy()) return make('CAMERA_BLOCKED', "The page's Permissions-Policy does not allow the camera.");
      // Chromium says so; elsewhere a dismissed prompt cannot be told from a refusal.
      const dismissed = /dismissed/i.test(messageOf(cause));
      return dismissed
        ? make('CAMERA_PERMISSION_DENIED', 'The question for the camera was closed without an answer.', true)
        : make('CAMERA_PERMISSION_DENIED', 'The camera was not allowed for this page.');
    }
    case 'NotFoundError':
      return make('CAMERA_NOT_FOUND', 'No camera is connected.');
    case 'NotReadableError':
    case 'AbortError':
      return make('CAMERA_IN_USE', 'The camera is in use by another program, or the system keeps it.');
    case 'OverconstrainedError':
      return make('CAMERA_CONSTRAINTS', 'No camera can do what was asked.');
    case 'SecurityError':
      return make('CAMERA_BLOCKED', 'The browser keeps this page from using cameras.');
    default:
      return make('NOT_SUPPORTED', `The camera could not be opened: ${messageOf(cause)}`);
  }
}

/** Only Chromium tells; elsewhere a policy's refusal looks like the user's. */
function blockedByPolicy(): boolean {
  const policy = (document as Document & { featurePolicy?: { allowsFeature(name: string): boolean } }).featurePolicy;
  return policy !== undefined && !policy.allowsFeature('camera');
}

function nameOf(error: unknown): string {
  return String((error as { name?: unknown } | null)?.name ?? '');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}
