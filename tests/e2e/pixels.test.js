//! Browsers that change what a canvas gives back: the worker notices, and gets the pixels in another way or says that it cannot.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pack, providePackage } from './detector.js';
import { portrait } from './pictures.js';
import { server, withBrowser } from './suite.js';

/** Before the worker's own script: a canvas that gives back noise, or only other last bits. */
const noise = (change) => `const read = OffscreenCanvasRenderingContext2D.prototype.getImageData;
  OffscreenCanvasRenderingContext2D.prototype.getImageData = function (...of) {
    const image = read.apply(this, of);
    for (let at = 0; at < image.data.length; at++) image.data[at] ${change};
    return image;
  };\n`;
const NOISE = noise('= (at * 2654435761) >>> 24');

const scores = async ({ base64, width, height }) => {
  const detector = await load({ backend: 'cpu' });
  const picture = imageData(base64, width, height);
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext('2d').putImageData(picture, 0, 0);
  const bitmap = await createImageBitmap(picture);
  const sources = { pixels: picture, canvas, bitmap, frame: new VideoFrame(bitmap, { timestamp: 0 }) };
  const seen = {};
  for (const [name, source] of Object.entries(sources)) {
    seen[name] = await detector.score(source).then(({ score }) => score, ({ code, reason, retryable }) => ({ code, reason, retryable }));
  }
  return seen;
};

withBrowser('a canvas', () => ({}), (its) => {
  const run = async (before) => {
    server.intercept = (path) => (path.endsWith('/worker-cpu.js') ? { type: 'text/javascript', body: before + server.read(path) } : undefined);
    return (await its.open()).evaluate(scores, pack(portrait()));
  };

  test('that gives noise is avoided: every source has the score of its pixels', async () => {
    const { pixels, ...others } = await run(NOISE);
    assert.ok(pixels > 0.5);
    for (const [name, score] of Object.entries(others)) assert.ok(Math.abs(score - pixels) < 1e-3, `${name}: ${JSON.stringify(score)}, ${pixels}`);
  });

  test('that gives noise, where frames do not help, is an error that says so; pixels are scored', async () => {
    const { pixels, ...others } = await run(`${NOISE}VideoFrame.prototype.copyTo = async () => [];\n`);
    assert.ok(pixels > 0.5);
    for (const error of Object.values(others)) assert.deepEqual(error, { code: 'NOT_SUPPORTED', reason: 'pixels-protected', retryable: false });
  });

  for (const [what, before] of [
    ['that gives nothing', 'OffscreenCanvas.prototype.getContext = () => null;\n'],
    ['that throws', "OffscreenCanvas.prototype.getContext = () => { throw new Error('no'); };\n"],
    ['that is not there', 'delete globalThis.OffscreenCanvas;\n'],
  ]) {
    test(`${what} is done without`, async () => {
      const { pixels, ...others } = await run(before);
      for (const score of Object.values(others)) assert.ok(Math.abs(score - pixels) < 1e-3, `${JSON.stringify(score)}, ${pixels}`);
    });
  }

  test('whose last bits are others is read as ever', async () => {
    const { pixels, bitmap } = await run(`${noise('^= 1')}VideoFrame.prototype.copyTo = () => { throw new Error('not needed'); };\n`);
    assert.ok(Math.abs(bitmap - pixels) < 0.05, `${bitmap}, ${pixels}`);
  });
}, { path: '/blank.html', prepare: providePackage });
