//! A browser, or what stands in for one in a test runner, that lacks most of what the package needs: everything imports and
//! renders, and a start says NOT_SUPPORTED.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { providePackage } from './detector.js';
import { server, withBrowser } from './suite.js';

/** Runs in the page, before the package is there: takes away what jsdom 26 and happy-dom have not. */
async function impoverish() {
  delete CSSStyleSheet.prototype.replaceSync;
  delete CSSStyleSheet.prototype.replace;
  for (const type of [Document, ShadowRoot]) delete type.prototype.adoptedStyleSheets;
  for (const name of ['Worker', 'createImageBitmap', 'ImageBitmap', 'OffscreenCanvas', 'VideoFrame', 'WebAssembly', 'trustedTypes']) delete globalThis[name];
  delete Navigator.prototype.mediaDevices;
  delete Navigator.prototype.permissions;
  delete HTMLVideoElement.prototype.requestVideoFrameCallback;
  HTMLMediaElement.prototype.play = () => undefined;
}

withBrowser('a poor browser', () => ({}), (its) => {
  test('renders the element in its look, in every language, and a start says what is missing', async () => {
    server.intercept = (path) => (path === '/blank.html' ? { type: 'text/html', body: '<!doctype html>', headers: { 'content-security-policy': '' } } : undefined);
    const page = await its.open();
    await page.evaluate(impoverish);
    await page.evaluate(async () => {
      await import('/pkg/dist/element/index.js');
      globalThis.element = document.createElement('liveness-check');
      element.lang = 'de';
      document.body.append(element);
    });
    await page.waitForFunction(() => element.shadowRoot.querySelector('.primary').textContent === 'Starten');
    assert.equal(await page.evaluate(() => getComputedStyle(element.shadowRoot.querySelector('.frame')).display), 'flex');
    await page.click('liveness-check .primary');
    await page.waitForFunction(() => element.state === 'error');
    assert.match(await page.innerText('liveness-check .message'), /Browser kann das nicht/);
    await page.evaluate(() => element.remove());
    assert.deepEqual(await page.evaluate(() => element.state), 'error');
  });

  test('rejects with NOT_SUPPORTED from either class', async () => {
    const page = await its.open();
    await page.evaluate(impoverish);
    await page.evaluate(providePackage);
    assert.deepEqual(await page.evaluate(async () => [(await codeOf(load())).code, (await codeOf(openCamera())).code]), ['NOT_SUPPORTED', 'NOT_SUPPORTED']);
  });
}, { path: '/blank.html' });

withBrowser('a browser of 2022', () => ({}), (its) => {
  test('without SIMD hears so from the worker', async () => {
    server.intercept = (path) => (path.endsWith('/worker-cpu.js') ? { type: 'text/javascript', body: `WebAssembly.validate = () => false;\n${server.read(path)}` } : undefined);
    const page = await its.open();
    const error = await page.evaluate(() => codeOf(load()));
    assert.deepEqual([error.code, error.retryable], ['NOT_SUPPORTED', false]);
  });
}, { path: '/blank.html', prepare: providePackage });
