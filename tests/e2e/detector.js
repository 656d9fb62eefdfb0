//! A page with the unbundled package in it, and ways to hand it pixels.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { open } from './browser.js';
import { fade } from './pictures.js';
import { root } from './server.js';

const { networks } = JSON.parse(readFileSync(join(root, 'pkg/weights/manifest.json'), 'utf8'));
/** The weights that a check downloads, below the package's folder: all but the depth view's. */
export const WEIGHTS = Object.entries(networks).filter(([name]) => name !== 'decoder').map(([, { file }]) => `weights/${file}`);

/** Opens an empty page with the package in it. */
export async function openPackage(browser, server) {
  const opened = await open(browser, `${server.url}/blank.html`);
  await opened.page.evaluate(providePackage);
  return opened;
}

/** Runs in a page: makes `load(options)`, `openCamera()`, `film()`, `said(verdict)`, `codeOf(promise)` and `imageData(base64, w, h)`. */
export async function providePackage() {
  const { LivenessDetector, LivenessError, openCamera } = await import('/pkg/dist/index.js');
  globalThis.load = (options) => LivenessDetector.load(options);
  globalThis.openCamera = openCamera;
  /** A video that plays the camera. */
  globalThis.film = async () => {
    const camera = await openCamera({ width: 640, height: 480 });
    const video = Object.assign(document.createElement('video'), { muted: true, playsInline: true, srcObject: camera.stream });
    await video.play();
    return video;
  };
  /** A verdict in words, see VERDICT. */
  globalThis.said = ({ outcome, reasons }) => [outcome, ...reasons].join(' ');
  /** What a promise rejects with, as plain data; `null` if it does not. A cause by its name, or an event's type. */
  globalThis.codeOf = (promise) =>
    promise.then(
      () => null,
      (e) => {
        const cause = e.cause?.name ?? e.cause?.type;
        const typed = e instanceof LivenessError && e.name === 'LivenessError';
        return { code: e.code, message: e.message, typed, retryable: e.retryable, ...(cause && { cause }) };
      },
    );
  globalThis.bytes = (base64) => Uint8ClampedArray.from(atob(base64), (c) => c.charCodeAt(0));
  globalThis.imageData = (base64, width, height) => new ImageData(bytes(base64), width, height);
}

/** Pixels as something that `page.evaluate` carries quickly. */
export const pack = ({ data, width, height }) => ({ base64: Buffer.from(data).toString('base64'), width, height });

/**
 * Fades a picture until the page's `detector` is as unsure of it as `target` says. Certain scores agree to many digits
 * whatever computes them: comparing them would prove nothing.
 */
export async function unsure(page, picture, target) {
  const score = (amount) =>
    page.evaluate(({ base64, width, height }) => detector.scoreCrop(imageData(base64, width, height)), pack(fade(picture, amount)));
  let [low, high] = [0, 1];
  const rising = (await score(high)) > (await score(low));
  for (let i = 0; i < 12; i++) {
    const middle = (low + high) / 2;
    if ((await score(middle)) > target === rising) high = middle;
    else low = middle;
  }
  const found = await score(low);
  assert.ok(found > 0.02 && found < 0.98, `fading never makes this model unsure (${found}): choose other pictures for it`);
  return fade(picture, low);
}

/** What a verdict says that the networks reached, where nothing stood in their way. */
export const VERDICT = /^(bona-fide|attack score-below-threshold|inconclusive doubtful)$/;

/** Whether a verdict is such a one. */
export function judged({ outcome, reasons }, ...about) {
  assert.match([outcome, ...reasons].join(' '), VERDICT, JSON.stringify(about));
}
