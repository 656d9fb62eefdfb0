//! What a complete check asks of the network: the package's own files, and after loading nothing. What it stores: nothing. And
//! the camera's light, which goes out with every ending.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, open } from './browser.js';
import { portrait, writeClip } from './pictures.js';
import { serve } from './server.js';

let browser;
before(async () => (browser = await launch({ clip: writeClip('privacy.y4m', portrait()) })));
after(() => browser?.close());

/** Whatever an origin can keep, by the browser's own account and as a page sees it. */
async function storedBy(page, context) {
  const session = await context.newCDPSession(page);
  const { usageBreakdown } = await session.send('Storage.getUsageAndQuota', { origin: new URL(page.url()).origin });
  const seen = await page.evaluate(async () => ({
    local: localStorage.length,
    session: sessionStorage.length,
    databases: (await indexedDB.databases()).length,
    caches: (await caches.keys()).length,
    workers: (await navigator.serviceWorker.getRegistrations()).length,
    files: (await Array.fromAsync((await navigator.storage.getDirectory()).keys())).length,
    name: window.name,
    state: history.state,
  }));
  return { ...seen, cookies: (await context.cookies()).length, usage: usageBreakdown.filter(({ usage }) => usage > 0) };
}

const NOTHING = { local: 0, session: 0, databases: 0, caches: 0, workers: 0, files: 0, name: '', state: null, cookies: 0, usage: [] };

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
  const stored = await storedBy(page, context);
  await context.close();
  return { loading, checking: requests, served: server.requests, faults, stored };
}

const OWN = /^\/pkg\/(dist\/[\w/-]+\.(js|wasm)|weights\/(manifest\.json|[\w-]+\.safetensors))$/;

test('under a strict policy: the own files, then nothing', async () => {
  const server = await serve();
  try {
    const { headers } = await fetch(`${server.url}/blank.html`);
    const policy = headers.get('content-security-policy');
    assert.match(policy, /default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'/);
    assert.doesNotMatch(policy, /'unsafe-(eval|inline)'|\*|https?:/);
    const { loading, checking, served, faults, stored } = await requestsOfCheck(server);
    assert.deepEqual([checking, served, faults], [[], [], []]);
    assert.deepEqual(stored, NOTHING);
    assert.ok(['.wasm', 'classifier.safetensors', '/worker-cpu.js'].every((end) => loading.some((url) => url.endsWith(end))), loading.join());
  } finally {
    await server.close();
  }
});

test('where no policy forbids it: the same', async () => {
  const server = await serve({ 'content-security-policy': "default-src * 'unsafe-inline' 'unsafe-eval' data: blob:" });
  try {
    const { loading, checking, served, faults, stored } = await requestsOfCheck(server);
    assert.deepEqual([checking, served, faults], [[], [], []]);
    assert.deepEqual(stored, NOTHING);
    const others = loading.filter((url) => new URL(url).origin !== server.url || !OWN.test(new URL(url).pathname));
    assert.deepEqual(others, []);
  } finally {
    await server.close();
  }
});

test('that storing is seen, where somebody does', async () => {
  const server = await serve();
  try {
    const { page, context } = await open(browser, `${server.url}/blank.html`);
    await page.evaluate(async () => {
      localStorage.setItem('a', 'b');
      document.cookie = 'a=b';
      const file = await (await navigator.storage.getDirectory()).getFileHandle('frame', { create: true });
      const stream = await file.createWritable();
      await stream.write('pixels');
      await stream.close();
    });
    const stored = await storedBy(page, context);
    assert.deepEqual([stored.local, stored.cookies, stored.files], [1, 1, 1], JSON.stringify(stored));
    await context.close();
  } finally {
    await server.close();
  }
});

/** Each way for a check of the element to end, once it runs; and the state that it leaves. */
const ENDINGS = {
  'a verdict': ['result', () => {}],
  'cancel': ['idle', () => element.cancel()],
  'removal': ['idle', () => element.remove()],
  'the page is left': ['error', () => {
    Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
    delete document.visibilityState;
  }],
  'the video stands still': ['error', () => element.shadowRoot.querySelector('video').pause()],
  'the detector is disposed': ['error', () => element.detector.dispose()],
  'the worker breaks down': ['error', () => worker.dispatchEvent(new ErrorEvent('error', { message: 'unreachable' }))],
};

test('the camera is off after every ending', async () => {
  const server = await serve();
  try {
    for (const [ending, [state, end]] of Object.entries(ENDINGS)) {
      const { page, context } = await open(browser, `${server.url}/blank.html`);
      await page.evaluate(async () => {
        // Every track that the page is given, copies included.
        globalThis.tracks = [];
        const { getUserMedia } = MediaDevices.prototype;
        MediaDevices.prototype.getUserMedia = async function (...wish) {
          const stream = await getUserMedia.apply(this, wish);
          tracks.push(...stream.getTracks());
          return stream;
        };
        const { clone } = MediaStreamTrack.prototype;
        MediaStreamTrack.prototype.clone = function () {
          const copy = clone.call(this);
          tracks.push(copy);
          return copy;
        };
        const { LivenessDetector } = await import('/pkg/dist/index.js');
        await import('/pkg/dist/element/index.js');
        const detector = await LivenessDetector.load({ backend: 'cpu', worker: () => (globalThis.worker = new Worker('/pkg/dist/worker.js', { type: 'module' })) });
        globalThis.element = Object.assign(document.createElement('liveness-check'), { detector });
        // A challenge would keep the check that is to be broken off from ending first.
        globalThis.looks = 0;
        element.addEventListener('liveness-progress', () => looks++);
      });
      await page.evaluate((challenge) => {
        element.challenge = challenge;
        document.body.append(element);
        element.start();
      }, state !== 'result');
      await page.waitForFunction(() => looks > 0 || element.state === 'result', null, { timeout: 60_000 });
      const live = await page.evaluate(() => tracks.map(({ readyState }) => readyState));
      if (state !== 'result') assert.deepEqual(live, ['live'], ending);
      await page.evaluate(end);
      await page.waitForFunction((state) => element.state === state, state, { timeout: 60_000 });
      assert.deepEqual(await page.evaluate(() => tracks.map(({ readyState }) => readyState)), ['ended'], ending);
      await context.close();
    }
  } finally {
    await server.close();
  }
});
