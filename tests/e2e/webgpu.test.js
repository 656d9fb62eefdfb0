//! Checks on WebGPU in a real browser, on Chromium's software adapter: a score takes a second there, so this is also the
//! device that is too slow.

import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { crashGpu } from './browser.js';
import { judged, providePackage, WEIGHTS } from './detector.js';
import { portrait, writeClip } from './pictures.js';
import { root } from './server.js';
import { withBrowser } from './suite.js';

const options = () => ({ clip: writeClip('webgpu.y4m', portrait()), webgpu: true });

withBrowser('WebGPU', options, (its) => {
  test('tells its progress, and reaches an ending: a verdict, or that the device was too slow', async () => {
    const page = await its.open();
    const { heard, result } = await page.evaluate(async () => {
      const heard = [];
      const detector = await load({ backend: 'webgpu', onProgress: (progress) => heard.push(progress) });
      return { heard, result: await detector.check(await film()) };
    });
    const size = (path) => statSync(join(root, 'pkg', path)).size;
    const total = WEIGHTS.map(size).reduce((sum, bytes) => sum + bytes, size('dist/wasm/bonafide_webgpu_bg.wasm'));
    assert.ok(heard.every(({ totalBytes, fraction }, i) => totalBytes === total && fraction >= (heard[i - 1]?.fraction ?? 0)));
    assert.deepEqual(heard.at(-1), { stage: 'prepare', loadedBytes: total, totalBytes: total, fraction: 1 });
    console.log('  verdict:', JSON.stringify(result));
    // The camera gave enough frames: the device is at fault, which is no error.
    if (result.reasons[0] !== 'frame-rate-too-low') judged(result);
  });

  test('cancel ends a check and leaves the detector whole, dispose ends both', async () => {
    const page = await its.open();
    const [cancelled, score, disposed, later] = await page.evaluate(async () => {
      const detector = await load({ backend: 'webgpu' });
      const video = await film();
      const stop = new AbortController();
      const cancelled = await codeOf(detector.check(video, { challenge: true, signal: stop.signal, onUpdate: () => stop.abort() }));
      const { score } = await detector.score(video);
      const disposed = await codeOf(detector.check(video, { challenge: true, onUpdate: () => detector.dispose() }));
      return [cancelled?.code, score, disposed?.code, (await codeOf(detector.score(video)))?.code];
    });
    assert.deepEqual([cancelled, disposed, later], ['CANCELLED', 'CANCELLED', 'CANCELLED']);
    assert.ok(score >= 0 && score <= 1);
  });

  test('a lost device ends the check of the element, whose camera closes, and a retry has a new one', async () => {
    const page = await its.open();
    await page.evaluate(async () => {
      await import('/pkg/dist/element/index.js');
      globalThis.element = Object.assign(document.createElement('liveness-check'), { backend: 'webgpu', challenge: true });
      globalThis.errors = [];
      globalThis.looks = 0;
      element.addEventListener('liveness-error', ({ detail }) => errors.push(detail.code));
      element.addEventListener('liveness-progress', () => (looks++));
      document.body.append(element);
      element.start();
    });
    const watches = () => page.waitForFunction(() => element.state === 'running' && looks > 0, null, { timeout: 60_000 });
    await watches();
    await page.evaluate(() => (globalThis.track = element.shadowRoot.querySelector('video').srcObject.getVideoTracks()[0]));
    await crashGpu(its.browser);
    await page.waitForFunction(() => element.state === 'error', null, { timeout: 60_000 });
    assert.deepEqual(await page.evaluate(() => [errors, track.readyState]), [['GPU_DEVICE_LOST'], 'ended']);
    await page.evaluate(() => (looks = 0));
    await page.locator('liveness-check').getByRole('button').first().click();
    await watches();
  });
}, { path: '/blank.html', prepare: providePackage });
