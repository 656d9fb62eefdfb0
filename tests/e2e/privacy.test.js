//! What a complete check asks of the network: the package's own files, and after loading nothing.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, open } from './browser.js';
import { portrait, writeClip } from './pictures.js';
import { serve } from './server.js';

let browser;
before(async () => (browser = await launch({ clip: writeClip('privacy.y4m', portrait()) })));
after(() => browser?.close());

/** Every request of the page and its workers, in two halves: up to the camera's first frames, and from then to the result. */
async function requestsOfCheck(server) {
  const { page, context, faults } = await open(browser, `${server.url}/blank.html`);
  const requests = [];
  context.on('request', (request) => requests.push(request.url()));
  await page.evaluate(async () => {
    await import('/pkg/dist/element/index.js');
    globalThis.element = Object.assign(document.createElement('liveness-check'), { backend: 'cpu' });
    document.body.append(element);
    element.start();
  });
  await page.waitForFunction(() => element.state === 'running', null, { timeout: 60_000 });
  const loading = requests.splice(0);
  server.requests.length = 0;
  await page.waitForFunction(() => element.state === 'result', null, { timeout: 60_000 });
  // Whoever reports afterwards would do it now.
  await page.evaluate(() => element.remove());
  await page.waitForTimeout(500);
  await context.close();
  return { loading, checking: requests, served: server.requests, faults };
}

const OWN = /^\/pkg\/(dist\/[\w/-]+\.(js|wasm)|weights\/(manifest\.json|\w+\.safetensors))$/;

test('under a strict policy: the own files, then nothing', async () => {
  const server = await serve();
  try {
    const { headers } = await fetch(`${server.url}/blank.html`);
    const policy = headers.get('content-security-policy');
    assert.match(policy, /default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'/);
    assert.doesNotMatch(policy, /'unsafe-(eval|inline)'|\*|https?:/);
    const { loading, checking, served, faults } = await requestsOfCheck(server);
    assert.deepEqual([checking, served, faults], [[], [], []]);
    assert.ok(['.wasm', 'classifier.safetensors', '/serve.js'].every((end) => loading.some((url) => url.endsWith(end))), loading.join());
  } finally {
    await server.close();
  }
});

test('where no policy forbids it: the same', async () => {
  const server = await serve({ 'content-security-policy': "default-src * 'unsafe-inline' 'unsafe-eval' data: blob:" });
  try {
    const { loading, checking, served, faults } = await requestsOfCheck(server);
    assert.deepEqual([checking, served, faults], [[], [], []]);
    const others = loading.filter((url) => new URL(url).origin !== server.url || !OWN.test(new URL(url).pathname));
    assert.deepEqual(others, []);
  } finally {
    await server.close();
  }
});
