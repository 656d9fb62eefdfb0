//! The package in Firefox, as people set it.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { pack, providePackage } from './detector.js';
import { firefoxPath, launchFirefox } from './firefox.js';
import { portrait } from './pictures.js';
import { serve } from './server.js';
import { skips, wholeWay } from './whole-way.js';

const skip = skips('firefox');
before(() => assert.ok(skip || firefoxPath, "no Firefox: install Debian's firefox-esr, set FIREFOX to the program's path, or leave these tests out with SKIP=firefox"));

wholeWay('Firefox', skip, launchFirefox);

describe('Firefox that resists fingerprinting', { skip, timeout: 300_000 }, () => {
  test('finds the face in a bitmap as in its pixels, though its canvases give noise', async () => {
    const server = await serve();
    const firefox = await launchFirefox({ 'privacy.resistFingerprinting': true });
    try {
      await firefox.goto(`${server.url}/blank.html`);
      await firefox.evaluate(providePackage);
      const [noise, pixels, bitmap] = await firefox.evaluate(async ({ base64, width, height }) => {
        const picture = imageData(base64, width, height);
        const context = new OffscreenCanvas(width, height).getContext('2d');
        context.putImageData(picture, 0, 0);
        const read = context.getImageData(0, 0, width, height).data;
        const noise = read.some((value, at) => Math.abs(value - picture.data[at]) > 3);
        const detector = await load({ backend: 'cpu' });
        const seen = async (source) => (({ face, score }) => ({ face, score }))(await detector.score(source));
        return [noise, await seen(picture), await codeOf(detector.score(await createImageBitmap(picture))) ?? await seen(await createImageBitmap(picture))];
      }, pack(portrait()));
      assert.equal(noise, true, 'this Firefox gives no noise: the test proves nothing');
      assert.deepEqual(bitmap, pixels);
      assert.ok(pixels.face.confidence > 0.5);
    } finally {
      await firefox.close();
      await server.close();
    }
  });
});

describe('Firefox, of an engine that is cut off', { skip, timeout: 120_000 }, () => {
  test('says so, though it never ends to compile it', async () => {
    const server = await serve();
    server.intercept = (path) => (path.endsWith('cpu_bg.wasm') ? { type: 'application/wasm', body: server.read(path).subarray(0, 1_000_000) } : undefined);
    const firefox = await launchFirefox();
    try {
      await firefox.goto(`${server.url}/blank.html`);
      await firefox.evaluate(providePackage);
      const { code, retryable, message } = await firefox.evaluate(() => codeOf(load({ backend: 'cpu' })));
      assert.deepEqual([code, retryable], ['ENGINE_FETCH', false]);
      assert.match(message, /cut off/);
    } finally {
      await firefox.close();
      await server.close();
    }
  });
});
