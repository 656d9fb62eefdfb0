//! A camera -> the element's video, for as long as a check lasts.

import { openCamera, type Camera } from '../camera.js';
import { LivenessError } from '../errors.js';
import type { Turn } from '../types.js';
import { within } from '../within.js';
import { guard } from './guard.js';

/** Some webviews never begin to play a camera, and never say so. */
const PLAY_TIMEOUT_MS = 10_000;
/** A question for the camera may stay unanswered for ever. */
const ANSWER_TIMEOUT_MS = 120_000;
/** The camera is on meanwhile. */
const PRESS_TIMEOUT_MS = 30_000;

/** What whoever films is told and asked. */
export interface Filming {
  /** A certain camera; else the one that faces the person. */
  readonly deviceId: string | undefined;
  /** By how much the preview is turned. */
  readonly rotate: Turn;
  /** The camera closes when it aborts. */
  readonly signal: AbortSignal;
  /** Hears of all cameras, and which one it is. */
  list(cameras: readonly MediaDeviceInfo[], current: string): void;
  /** Hears once why the camera must close, as `guard` says, or that it stopped. */
  fail(error: LivenessError): void;
  /** The browser plays nothing without a press: resolves within one. */
  press(): Promise<void>;
}

/**
 * Opens a camera for as long as the signal is not aborted, and plays it.
 *
 * @throws LivenessError as `openCamera` says; `CAMERA_PERMISSION_DENIED` if nobody answers for two minutes; `TIMEOUT` if it does
 * not begin to play; `PLAYBACK_BLOCKED` if the browser wants a press and none comes.
 */
export async function film(video: HTMLVideoElement, filming: Filming): Promise<void> {
  const { signal } = filming;
  const camera = await open(filming);
  const close = () => {
    camera.close();
    if (video.srcObject === camera.stream) video.srcObject = null;
  };
  if (signal.aborted) return close();
  signal.addEventListener('abort', close, { once: true });
  const settings = camera.stream.getVideoTracks()[0]?.getSettings();
  // A camera that faces away shows the world, not a mirror.
  video.classList.toggle('mirrored', settings?.facingMode !== 'environment');
  video.dataset['turn'] = String(filming.rotate);
  video.srcObject = camera.stream;
  guard(video, signal, filming.fail);
  await play(video, filming);
  // The check does not wait for a list that only offers a choice.
  void cameras().then((all) => signal.aborted || filming.list(all, settings?.deviceId ?? ''));
}

async function open({ deviceId, signal, fail }: Filming): Promise<Camera> {
  const stop = new AbortController();
  const abort = () => stop.abort(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  let late: LivenessError | undefined;
  const timer = setTimeout(() => {
    const message = `Nobody answered the question for the camera for ${ANSWER_TIMEOUT_MS / 1000} seconds.`;
    late = new LivenessError('CAMERA_PERMISSION_DENIED', message, { reason: 'dismissed', retryable: true });
    stop.abort(late);
  }, ANSWER_TIMEOUT_MS);
  try {
    return await openCamera({ signal: stop.signal, onLost: fail, ...(deviceId !== undefined && { deviceId }) });
  } catch (error) {
    throw late ?? error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

/** Names and identifiers of cameras are told only once one is allowed. */
async function cameras(): Promise<readonly MediaDeviceInfo[]> {
  try {
    return (await navigator.mediaDevices.enumerateDevices()).filter(({ kind, deviceId }) => kind === 'videoinput' && deviceId !== '');
  } catch {
    // Refused, or a browser without such a list.
    return [];
  }
}

async function play(video: HTMLVideoElement, { press }: Filming): Promise<void> {
  try {
    return await begun(video);
  } catch (error) {
    // Rules against videos that play by themselves, and a phone that saves power: a press is what both want.
    if (!wantsPress(error)) throw error;
  }
  await within(PRESS_TIMEOUT_MS, press(), () => blocked(` without a press, and nobody pressed for ${PRESS_TIMEOUT_MS / 1000} seconds`));
  try {
    await begun(video);
  } catch (cause) {
    throw wantsPress(cause) ? blocked(' without a press, and not with one either', cause.cause) : cause;
  }
}

function wantsPress(error: unknown): error is LivenessError {
  return error instanceof LivenessError && (error.cause as DOMException | undefined)?.name === 'NotAllowedError';
}

async function begun(video: HTMLVideoElement): Promise<void> {
  const message = `The camera opened, but its video did not begin within ${PLAY_TIMEOUT_MS / 1000} seconds.`;
  // Interrupted, or of a kind that this browser cannot play: whatever it is, another try may do better.
  const played = Promise.resolve(video.play()).catch((cause) => {
    throw blocked(`: ${cause instanceof Error ? cause.message : cause}`, cause);
  });
  return within(PLAY_TIMEOUT_MS, played, () => new LivenessError('TIMEOUT', message));
}

function blocked(why: string, cause?: unknown): LivenessError {
  return new LivenessError('PLAYBACK_BLOCKED', `The browser does not play the camera's video${why}.`, cause === undefined ? {} : { cause });
}
