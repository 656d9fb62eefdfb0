//! Every error code, provoked in a real browser: the table says how. A code without a row fails.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ERROR_CODES } from 'bonafide-liveness';
import { crashGpu, denyCamera, launch, open, openTab } from './browser.js';
import { providePackage } from './detector.js';
import { portrait, writeClip } from './pictures.js';
import { root } from './server.js';
import { server } from './suite.js';

const clip = () => writeClip('errors-face.y4m', portrait());
/** Three frames a second: below the five that a verdict needs. */
const slowClip = () => writeClip('errors-slow.y4m', portrait(), { rate: 3 });

const camera = () => codeOf(openCamera());
const loading = (options) => codeOf(load(options));

/** Starts a check and, once it runs, does `then`; the check's error. */
async function checking(page, then, options = {}) {
  await page.evaluate(async (options) => {
    globalThis.detector = await load({ backend: 'cpu', ...options });
    globalThis.video = await film();
    await new Promise((begun) => (globalThis.ended = codeOf(detector.check(video, { challenge: true, onUpdate: begun }))));
  }, options);
  await then(page);
  return page.evaluate(() => ended);
}

/** Starts the check of an element whose ticket, if it has one, rejects; the check's error. */
function inElement(page, { ticket = false } = {}) {
  return page.evaluate(async (ticket) => {
    await import('/pkg/dist/element/index.js');
    const element = Object.assign(document.createElement('liveness-check'), { detector: { check() {} } });
    if (ticket) element.ticket = () => Promise.reject(new TypeError('no server'));
    document.body.append(element);
    const ended = codeOf(new Promise((_, reject) => element.addEventListener('liveness-error', ({ detail }) => reject(detail))));
    element.start();
    return ended;
  }, ticket);
}

/**
 * For each code what the browser is launched with, how it is provoked, whether the error is `retryable`, and the name of
 * its `cause` where something else said it first. `serves` answers in the server's stead.
 */
const PROVOKED = {
  NOT_SUPPORTED: {
    how: 'a browser without WebAssembly, as in the lockdown modes of some',
    launch: { flags: ['--js-flags=--jitless'] },
    provoke: ({ page }) => page.evaluate(loading),
  },
  INVALID_INPUT: {
    how: 'a source without a pixel',
    provoke: ({ page }) => page.evaluate(async () => codeOf((await load({ backend: 'cpu' })).score(new OffscreenCanvas(0, 0)))),
    cause: 'InvalidStateError',
  },
  ENGINE_FETCH: {
    how: 'the server of the WebAssembly module fails',
    serves: (path) => path.endsWith('.wasm') && { status: 503 },
    provoke: ({ page }) => page.evaluate(loading, { backend: 'cpu' }),
    retryable: true,
  },
  WASM_BLOCKED_BY_CSP: {
    how: "the worker's policy lacks wasm-unsafe-eval",
    serves: (path) =>
      path.endsWith('/worker-cpu.js') && { type: 'text/javascript', body: server.read(path), headers: { 'content-security-policy': "default-src 'self'" } },
    provoke: ({ page }) => page.evaluate(loading, { backend: 'cpu' }),
    cause: 'CompileError',
  },
  MODEL_FETCH: {
    how: 'the connection breaks off in the middle of the weights',
    serves: (path) =>
      path.endsWith('classifier.safetensors') && { headers: { 'content-length': server.read(path).length }, body: (response) => response.write(Buffer.alloc(5000), () => response.destroy()) },
    provoke: ({ page }) => page.evaluate(loading, { backend: 'cpu' }),
    retryable: true,
    cause: 'TypeError',
  },
  MODEL_INTEGRITY: {
    how: 'one byte of the weights is another',
    serves(path) {
      if (!path.endsWith('classifier.safetensors')) return undefined;
      const body = server.read(path);
      body[body.length - 100] ^= 1;
      return { body };
    },
    provoke: ({ page }) => page.evaluate(loading, { backend: 'cpu' }),
  },
  WEBGPU_UNAVAILABLE: {
    how: 'a browser without an adapter',
    provoke: ({ page }) => page.evaluate(loading, { backend: 'webgpu' }),
  },
  GPU_DEVICE_LOST: {
    how: "the browser's GPU process dies during a check",
    launch: { webgpu: true, clip },
    provoke: ({ page, browser }) => checking(page, () => crashGpu(browser), { backend: 'webgpu' }),
  },
  CANCELLED: {
    how: 'the detector is disposed during a check',
    launch: { clip },
    provoke: ({ page }) => checking(page, () => page.evaluate(() => detector.dispose())),
  },
  INTERNAL: {
    how: 'the engine traps, here because the browser gives it no more memory',
    launch: { flags: ['--js-flags=--wasm-max-mem-pages=100'] },
    provoke: ({ page }) => page.evaluate(loading, { backend: 'cpu' }),
    cause: 'error',
  },
  INSECURE_CONTEXT: {
    how: 'a page over http that is not on localhost',
    launch: { flags: ['--host-resolver-rules=MAP insecure.test 127.0.0.1'] },
    host: 'insecure.test',
    provoke: ({ page }) => page.evaluate(camera),
  },
  CAMERA_PERMISSION_DENIED: {
    how: 'the user says no',
    launch: { clip },
    provoke: async ({ page }) => (await denyCamera(page), page.evaluate(camera)),
    cause: 'NotAllowedError',
  },
  CAMERA_NOT_FOUND: {
    how: 'a computer without a camera',
    provoke: ({ page }) => page.evaluate(camera),
    retryable: true,
    cause: 'NotFoundError',
  },
  CAMERA_IN_USE: {
    how: "the error of a browser whose camera is held: Chromium's fake camera never is",
    launch: { clip },
    async provoke({ page }) {
      await page.evaluate(() => {
        navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('Could not start video source', 'NotReadableError'));
      });
      return page.evaluate(camera);
    },
    retryable: true,
    cause: 'NotReadableError',
  },
  CAMERA_CONSTRAINTS: {
    how: "the browser's own refusal of a width, given to a request that asks for none",
    launch: { clip },
    async provoke({ page }) {
      await page.evaluate(() => {
        const request = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = () => request({ video: { width: { exact: 123456 } } });
      });
      return page.evaluate(camera);
    },
    cause: 'OverconstrainedError',
  },
  CAMERA_BLOCKED: {
    how: "the page's Permissions-Policy",
    launch: { clip },
    serves: (path) => path === '/blank.html' && { type: 'text/html', body: '<!doctype html>', headers: { 'permissions-policy': 'camera=()' } },
    provoke: ({ page }) => page.evaluate(camera),
    cause: 'NotAllowedError',
  },
  CAMERA_LOST: {
    how: 'the camera is taken away during a check: the user withdraws it',
    launch: { clip },
    provoke: ({ page }) => checking(page, denyCamera),
    retryable: true,
  },
  FRAMERATE_TOO_LOW: {
    how: 'a camera with three frames a second',
    launch: { clip: slowClip },
    provoke: ({ page }) => page.evaluate(async () => codeOf((await load({ backend: 'cpu' })).check(await film()))),
    retryable: true,
  },
  APP_INACTIVE: {
    how: 'another tab comes to the front during a check',
    launch: { clip, grant: true },
    async provoke({ browser }) {
      const tab = await openTab(browser, `${server.url}/blank.html`);
      await tab.evaluate(providePackage);
      return checking(tab, tab.hide);
    },
    retryable: true,
  },
  TIMEOUT: {
    how: 'the video is paused during a check',
    launch: { clip },
    provoke: ({ page }) => checking(page, () => page.evaluate(() => video.pause())),
    retryable: true,
  },
  STEP_UNAVAILABLE: {
    how: 'the page does not reach the server that reveals the steps',
    launch: { clip },
    provoke: ({ page }) =>
      page.evaluate(async () => {
        const detector = await load({ backend: 'cpu' });
        return codeOf(detector.check(await film(), { revealed: ['turn-left'], onStep: () => fetch('http://[') }));
      }),
    retryable: true,
    cause: 'TypeError',
  },
  TICKET_FAILED: {
    how: "the page's ticket function rejects",
    provoke: ({ page }) => inElement(page, { ticket: true }),
    retryable: true,
    cause: 'TypeError',
  },
  PLAYBACK_BLOCKED: {
    how: 'the browser refuses to play, and still does after a press',
    launch: { clip },
    async provoke({ page }) {
      await page.evaluate(() => {
        HTMLMediaElement.prototype.play = () => Promise.reject(new DOMException('not without a press', 'NotAllowedError'));
      });
      const ended = inElement(page);
      await page.locator('liveness-check .primary').click();
      return ended;
    },
    retryable: true,
    cause: 'NotAllowedError',
  },
};

test('every exported code has a row here, in the README and in nothing else', () => {
  assert.deepEqual(Object.keys(PROVOKED).sort(), [...ERROR_CODES].sort());
  const readme = readFileSync(join(root, 'pkg/README.md'), 'utf8').split('\n## Errors\n')[1].split('\n## ')[0];
  const documented = [...readme.matchAll(/^\| `([A-Z_]+)` \|.*\| (yes|no)\b/gm)].map(([, code, retryable]) => [code, retryable === 'yes']);
  assert.deepEqual(Object.fromEntries(documented), Object.fromEntries(ERROR_CODES.map((code) => [code, PROVOKED[code]?.retryable ?? false])));
});

for (const [code, { how, launch: options = {}, host = 'localhost', serves, provoke, retryable = false, cause }] of Object.entries(PROVOKED)) {
  test(`${code}: ${how}`, async () => {
    if (serves) server.intercept = (path) => serves(path) || undefined;
    const browser = await launch({ ...options, clip: options.clip?.() });
    try {
      const { page } = await open(browser, `${server.url.replace('localhost', host)}/blank.html`, { camera: host === 'localhost' });
      await page.evaluate(providePackage);
      const error = await provoke({ page, browser });
      const { message, ...rest } = error ?? {};
      assert.deepEqual(rest, { code, typed: true, retryable, ...(cause && { cause }) }, message);
      assert.ok(message.length > 20, message);
      console.log(`  ${message}`);
    } finally {
      await browser.close();
    }
  });
}
