//! A page with the unbundled package in it, and ways to hand it pixels.

import { open } from './browser.js';

/** Opens an empty page in which `load(options)`, `codeOf(promise)` and `imageData(base64, w, h)` are there to use. */
export async function openPackage(browser, server) {
  const opened = await open(browser, `${server.url}/blank.html`);
  await opened.page.evaluate(async () => {
    const { LivenessDetector, LivenessError } = await import('/pkg/dist/index.js');
    globalThis.load = (options) => LivenessDetector.load(options);
    /** What a promise rejects with, as plain data; `null` if it does not. */
    globalThis.codeOf = (promise) =>
      promise.then(
        () => null,
        (e) => ({ code: e.code, message: e.message, typed: e instanceof LivenessError && e.name === 'LivenessError', retryable: e.retryable }),
      );
    globalThis.bytes = (base64) => Uint8ClampedArray.from(atob(base64), (c) => c.charCodeAt(0));
    globalThis.imageData = (base64, width, height) => new ImageData(bytes(base64), width, height);
  });
  return opened;
}

/** Pixels as something that `page.evaluate` carries quickly. */
export const pack = ({ data, width, height }) => ({ base64: Buffer.from(data).toString('base64'), width, height });
