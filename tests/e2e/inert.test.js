//! Browsers that lack something. What lacks nearly all, the documents of test runners, is in runners.test.js.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { providePackage } from './detector.js';
import { server, withBrowser } from './suite.js';

withBrowser('a browser without constructable style sheets', () => ({}), (its) => {
  test('shows the element in its look', async () => {
    server.intercept = (path) => (path === '/blank.html' ? { type: 'text/html', body: '<!doctype html>', headers: { 'content-security-policy': '' } } : undefined);
    const page = await its.open();
    await page.evaluate(async () => {
      delete CSSStyleSheet.prototype.replaceSync;
      delete CSSStyleSheet.prototype.replace;
      for (const type of [Document, ShadowRoot]) delete type.prototype.adoptedStyleSheets;
      await import('/pkg/dist/element/index.js');
      globalThis.element = document.body.appendChild(document.createElement('liveness-check'));
    });
    await page.waitForFunction(() => element.shadowRoot.querySelector('.primary').textContent);
    assert.equal(await page.evaluate(() => getComputedStyle(element.shadowRoot.querySelector('.frame')).display), 'flex');
  });
}, { path: '/blank.html' });

withBrowser('a browser of 2022', () => ({}), (its) => {
  test('without SIMD hears so from the worker', async () => {
    server.intercept = (path) => (path.endsWith('/worker-cpu.js') ? { type: 'text/javascript', body: `WebAssembly.validate = () => false;\n${server.read(path)}` } : undefined);
    const page = await its.open();
    const error = await page.evaluate(() => codeOf(load()));
    assert.deepEqual([error.code, error.retryable], ['NOT_SUPPORTED', false]);
  });

  test('without `throwIfAborted` makes a check as far as its camera', async () => {
    const page = await its.open();
    await page.evaluate(async () => {
      delete AbortSignal.prototype.throwIfAborted;
      await import('/pkg/dist/element/index.js');
      globalThis.element = Object.assign(document.createElement('liveness-check'), { backend: 'cpu' });
      document.body.append(element);
      element.start();
    });
    await page.waitForFunction(() => element.state === 'error' || element.state === 'result');
    assert.match(await page.innerText('liveness-check .message'), /No camera/);
  });
}, { path: '/blank.html', prepare: providePackage });
