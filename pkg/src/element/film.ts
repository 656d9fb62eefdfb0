//! A camera -> the element's video, for as long as a check lasts.

import { openCamera } from '../camera.js';
import { LivenessError } from '../errors.js';

/** Some webviews never begin to play a camera, and never say so. */
const PLAY_TIMEOUT_MS = 10_000;

/**
 * Opens a camera for as long as the signal is not aborted, and plays it. `list` hears of all cameras and which one it is.
 *
 * @throws LivenessError as `openCamera` says, or `TIMEOUT` if it does not begin to play.
 */
export async function film(video: HTMLVideoElement, deviceId: string | undefined, signal: AbortSignal, list: (cameras: readonly MediaDeviceInfo[], current: string) => void): Promise<void> {
  const camera = await openCamera({ signal, ...(deviceId !== undefined && { deviceId }) });
  const close = () => {
    camera.close();
    if (video.srcObject === camera.stream) video.srcObject = null;
  };
  if (signal.aborted) return close();
  signal.addEventListener('abort', close, { once: true });
  const settings = camera.stream.getVideoTracks()[0]?.getSettings();
  // A camera that faces away shows the world, not a mirror.
  video.classList.toggle('mirrored', settings?.facingMode !== 'environment');
  video.srcObject = camera.stream;
  await played(video);
  // The check does not wait for a list that only offers a choice.
  void cameras().then((all) => signal.aborted || list(all, settings?.deviceId ?? ''));
}

/** Names and identifiers of cameras are told only once one is allowed. */
async function cameras(): Promise<readonly MediaDeviceInfo[]> {
  const devices = await navigator.mediaDevices.enumerateDevices().catch(() => []);
  return devices.filter(({ kind, deviceId }) => kind === 'videoinput' && deviceId !== '');
}

async function played(video: HTMLVideoElement): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new LivenessError('TIMEOUT', `The camera opened, but its video did not begin within ${PLAY_TIMEOUT_MS / 1000} seconds.`);
    timer = setTimeout(() => reject(error), PLAY_TIMEOUT_MS);
  });
  try {
    await Promise.race([video.play(), late]);
  } finally {
    clearTimeout(timer);
  }
}
