//! The package in Firefox: the engine scores as in Chromium, and the element reaches a verdict on Firefox's own test picture.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch } from './browser.js';
import { openPackage, pack, providePackage } from './detector.js';
import { firefoxPath, launchFirefox } from './firefox.js';
import { portrait } from './pictures.js';
import { serve } from './server.js';

const skip = (process.env.SKIP ?? '').split(' ').includes('firefox') && 'SKIP says so';
before(() => assert.ok(skip || firefoxPath, "no Firefox: install Debian's firefox-esr, set FIREFOX to the program's path, or leave these tests out with SKIP=firefox"));

describe('Firefox', { skip, timeout: 300_000 }, () => {
  let server, firefox;
  before(async () => {
    server = await serve();
    firefox = await launchFirefox();
    await firefox.goto(`${server.url}/blank.html`);
  });
  after(async () => {
    await firefox?.close();
    await server?.close();
  });

  test('finds the face and gives the score that Chromium gives', async () => {
    const score = async ({ base64, width, height }) => {
      const detector = await load({ backend: 'cpu' });
      const { face, score } = await detector.score(imageData(base64, width, height));
      detector.dispose();
      return { face, score };
    };
    const photo = pack(portrait());
    await firefox.evaluate(providePackage);
    const here = await firefox.evaluate(score, photo);
    const browser = await launch();
    try {
      const { page } = await openPackage(browser, server);
      assert.deepEqual(here, await page.evaluate(score, photo));
    } finally {
      await browser.close();
    }
    assert.ok(here.face.confidence > 0.5);
  });

  test('shows the camera screen, looks at the camera, and says that there is no face', async () => {
    const { states, result } = await firefox.evaluate(async () => {
      await import('/pkg/dist/element/index.js');
      const element = document.createElement('liveness-check');
      const states = [];
      element.addEventListener('liveness-state', ({ detail }) => states.push(detail));
      const ended = new Promise((resolve, reject) => {
        element.addEventListener('liveness-result', ({ detail }) => resolve(detail));
        element.addEventListener('liveness-error', ({ detail }) => reject(detail));
      });
      document.body.append(element);
      element.start();
      const result = await ended;
      return { states, result };
    });
    assert.deepEqual(states, ['loading', 'asking', 'running', 'result']);
    assert.deepEqual([result.outcome, result.reasons[0]], ['inconclusive', 'no-face']);
    assert.ok(result.framesSeen > 10, `${result.framesSeen} frames`);
    assert.deepEqual(firefox.faults, []);
  });
});

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
