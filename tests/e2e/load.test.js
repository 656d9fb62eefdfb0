//! Loading in a real browser: its progress, byte by byte, and workers that the page starts itself.

import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { launch, open } from './browser.js';
import { openPackage, providePackage, WEIGHTS } from './detector.js';
import { root, serve } from './server.js';
import { server, withBrowser } from './suite.js';

const size = (path) => statSync(join(root, 'pkg', path)).size;
const TOTAL = WEIGHTS.map(size).reduce((sum, bytes) => sum + bytes, size('dist/wasm/bonafide_cpu_bg.wasm'));

/** Loads in the page and gives what was told of it. */
const told = async (options) => {
  globalThis.heard = [];
  const detector = await load({ backend: 'cpu', ...options, onProgress: (progress) => heard.push(progress) });
  detector.dispose();
  return heard;
};

/** What must be true of all progress, whatever the server does. */
function assertWhole(heard, total = TOTAL) {
  const downloads = heard.filter(({ stage }) => stage === 'download');
  assert.deepEqual(heard, [...downloads, ...heard.filter(({ stage }) => stage === 'prepare')]);
  assert.ok(heard.every(({ totalBytes }) => totalBytes === total), JSON.stringify(heard));
  const rises = (key) => heard.every((progress, i) => progress[key] >= (heard[i - 1]?.[key] ?? 0));
  assert.ok(rises('fraction') && rises('loadedBytes'), JSON.stringify(heard));
  assert.equal(downloads.at(-1).loadedBytes, total);
  assert.deepEqual(heard.slice(downloads.length).map(({ fraction }) => Number(fraction.toFixed(3))), [0.925, 0.95, 0.975, 1]);
}

withBrowser('progress', () => ({}), (its) => {
  test('counts bytes as they arrive, then the steps of getting ready', async () => {
    let rest;
    const half = size('weights/classifier.safetensors') >> 1;
    server.intercept = (path) => {
      if (!path.endsWith('classifier.safetensors')) return undefined;
      const bytes = server.read(path);
      return { body: (response) => (response.write(bytes.subarray(0, half)), (rest = () => response.end(bytes.subarray(half)))) };
    };
    const page = await its.open();
    const loading = page.evaluate(told);
    const there = TOTAL - size('weights/classifier.safetensors') + half;
    await page.waitForFunction((there) => globalThis.heard?.at(-1)?.loadedBytes === there, there);
    const { stage, totalBytes, fraction } = await page.evaluate(() => heard.at(-1));
    assert.deepEqual([stage, totalBytes, fraction], ['download', TOTAL, 0.9 * (there / TOTAL)]);
    rest();
    assertWhole(await loading);
  });

  test('adds up when the server compresses, and its lengths are other ones', async () => {
    server.intercept = (path) => {
      if (!/\.(wasm|safetensors|json)$/.test(path)) return undefined;
      const body = gzipSync(server.read(path));
      return { body, type: path.endsWith('wasm') ? 'application/wasm' : undefined, headers: { 'content-encoding': 'gzip', 'content-length': body.length } };
    };
    assertWhole(await (await its.open()).evaluate(told));
  });

  test('adds up when a module of another size is deployed', async () => {
    const padding = Buffer.from([0, 4, 1, 120, 0, 0]);
    server.intercept = (path) => (path.endsWith('.wasm') ? { type: 'application/wasm', body: Buffer.concat([server.read(path), padding]) } : undefined);
    const heard = await (await its.open()).evaluate(told);
    assert.deepEqual(heard.at(-1), { stage: 'prepare', loadedBytes: TOTAL + padding.length, totalBytes: TOTAL + padding.length, fraction: 1 });
    assert.ok(heard.every(({ fraction }, i) => fraction <= 1 && fraction >= (heard[i - 1]?.fraction ?? 0)));
  });

  test('what the callback throws ends the loading', async () => {
    const page = await its.open();
    const thrown = await page.evaluate(() => {
      const onProgress = () => {
        throw new RangeError('mine');
      };
      return Promise.all(['cpu', 'auto'].map((backend) => load({ backend, onProgress }).catch(({ name, message }) => `${name}: ${message}`)));
    });
    assert.deepEqual(thrown, ['RangeError: mine', 'RangeError: mine']);
  });
}, { path: '/blank.html', prepare: providePackage });

withBrowser('a worker that the page starts', () => ({}), (its) => {
  test('serves the backend that it is asked for, and downloads no other', async () => {
    const page = await its.open();
    const [asked, backend, score] = await page.evaluate(async () => {
      const asked = [];
      const worker = (backend) => (asked.push(backend), new Worker('/pkg/dist/worker.js', { type: 'module' }));
      const detector = await load({ worker });
      return [asked, detector.backend, await detector.scoreCrop(new ImageData(224, 224))];
    });
    assert.deepEqual([asked, backend], [['cpu'], 'cpu']);
    assert.equal(score, await page.evaluate(async () => (await load({ backend: 'cpu' })).scoreCrop(new ImageData(224, 224))));
    assert.deepEqual([...new Set(server.requests.filter((path) => path.endsWith('.wasm')))], ['/pkg/dist/wasm/bonafide_cpu_bg.wasm']);
  });

  test('of another version is refused, whatever it answers', async () => {
    const page = await its.open();
    const errors = await page.evaluate(async () => {
      const { VERSION } = await import('/pkg/build/version.js');
      const errors = {};
      for (const [what, value] of Object.entries({ nothing: undefined, older: { version: '0.0.1', backend: 'cpu', operatingPoints: {} } })) {
        const answers = () => ({ postMessage({ id }) { this.onmessage({ data: { id, ok: true, value } }); }, terminate() {}, get [Symbol.toStringTag]() { return 'Worker'; } });
        errors[what] = await load({ backend: 'cpu', worker: answers }).catch(({ code, reason, message }) => ({ code, reason, message }));
      }
      return { errors, version: VERSION };
    });
    assert.equal(errors.version, JSON.parse(readFileSync(join(root, 'pkg/package.json'), 'utf8')).version);
    for (const error of Object.values(errors.errors)) {
      assert.deepEqual([error.code, error.reason], ['ENGINE_FETCH', 'not-deployed'], JSON.stringify(error));
      assert.match(error.message, /version/);
    }
  });

  test('can itself load the package', async () => {
    const body = "import { LivenessDetector } from '/pkg/dist/index.js';\nLivenessDetector.load({ backend: 'cpu' }).then((detector) => detector.scoreCrop(new ImageData(224, 224))).then(postMessage, (error) => postMessage(error.message));";
    server.intercept = (path) => (path === '/scores.js' ? { type: 'text/javascript', body } : undefined);
    const page = await its.open();
    const score = await page.evaluate(() => new Promise((resolve) => (new Worker('/scores.js', { type: 'module' }).onmessage = ({ data }) => resolve(data))));
    assert.ok(score >= 0 && score <= 1, score);
  });

  test('that cannot be one is refused, and one that does not start is ENGINE_FETCH', async () => {
    const page = await its.open();
    const errors = await page.evaluate(async () => {
      const from = (path) => () => new Worker(path, { type: 'module' });
      const refuse = () => {
        throw new DOMException('not here', 'SecurityError');
      };
      return {
        'an instance': await codeOf(load({ backend: 'cpu', worker: from('/pkg/dist/worker.js')() })),
        'a promise': await codeOf(load({ backend: 'cpu', worker: async () => from('/pkg/dist/worker.js')() })),
        'another engine': await codeOf(load({ backend: 'cpu', worker: from('/pkg/dist/worker-webgpu.js') })),
        'classic': await codeOf(load({ backend: 'cpu', worker: () => new Worker('/pkg/dist/worker.js') })),
        'no script': await codeOf(load({ backend: 'cpu', worker: from('/nowhere.js') })),
        'refused': await codeOf(load({ backend: 'cpu', worker: refuse })),
      };
    });
    const found = Object.fromEntries(Object.entries(errors).map(([what, e]) => [what, [e?.code, e?.retryable, e?.cause]]));
    assert.deepEqual(found, {
      'an instance': ['INVALID_INPUT', false, undefined],
      'a promise': ['INVALID_INPUT', false, undefined],
      'another engine': ['INVALID_INPUT', false, undefined],
      'classic': ['ENGINE_FETCH', true, 'error'],
      'no script': ['ENGINE_FETCH', true, 'error'],
      'refused': ['ENGINE_FETCH', false, 'SecurityError'],
    });
    assert.match(errors['classic'].message, /\{ type: 'module' \}/);
  });
}, { path: '/blank.html', prepare: providePackage });

test('a module that is not of this version is ENGINE_FETCH, and no retry helps', async () => {
  const browser = await launch();
  try {
    server.intercept = (path) =>
      path.endsWith('cpu_bg.wasm') ? { type: 'application/wasm', body: server.read(path.replace('cpu', 'webgpu')) } : undefined;
    const { page } = await openPackage(browser, server);
    const { code, retryable, cause } = await page.evaluate(() => codeOf(load({ backend: 'cpu' })));
    assert.deepEqual([code, retryable, cause], ['ENGINE_FETCH', false, 'TypeError']);
  } finally {
    await browser.close();
  }
});

test('a package from another origin says what it needs, and works with a worker from a blob', async () => {
  const elsewhere = await serve({ 'access-control-allow-origin': '*' });
  const browser = await launch();
  try {
    const policy = `default-src 'none'; script-src 'self' 'wasm-unsafe-eval' ${elsewhere.url}; worker-src blob: ${elsewhere.url}; connect-src ${elsewhere.url}`;
    server.intercept = (path) =>
      path === '/blank.html' ? { type: 'text/html', body: '<!doctype html>', headers: { 'content-security-policy': policy } } : undefined;
    const { page } = await open(browser, `${server.url}/blank.html`);
    const [without, score] = await page.evaluate(async (url) => {
      const { LivenessDetector } = await import(`${url}/pkg/dist/index.js`);
      const without = await LivenessDetector.load({ backend: 'cpu' }).catch(({ code, message, retryable }) => ({ code, message, retryable }));
      const script = URL.createObjectURL(new Blob([`import ${JSON.stringify(`${url}/pkg/dist/worker.js`)}`], { type: 'text/javascript' }));
      const detector = await LivenessDetector.load({ backend: 'cpu', worker: () => new Worker(script, { type: 'module' }) });
      return [without, await detector.scoreCrop(new ImageData(224, 224))];
    }, elsewhere.url);
    assert.deepEqual([without.code, without.retryable], ['ENGINE_FETCH', false], without.message);
    assert.match(without.message, /worker option/);
    assert.ok(score >= 0 && score <= 1);
    assert.deepEqual(server.requests, ['/blank.html']);
  } finally {
    await browser.close();
    await elsewhere.close();
  }
});
