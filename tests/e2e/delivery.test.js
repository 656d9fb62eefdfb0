//! Files that do not come as they should: each way has an error of its own that says what to change, and to whom. A missing
//! file is no missing network.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { providePackage } from './detector.js';
import { server, withBrowser } from './suite.js';

const loadCpu = () => codeOf(load({ backend: 'cpu' }));
const HTML = { type: 'text/html', body: '<!doctype html><title>app</title>' };
const answer = (end, what) => (path) => (path.endsWith(end) ? what : undefined);
/** A port that no page may ask: no network is needed for a redirect to fail. */
const AWAY = { status: 302, headers: { location: 'http://127.0.0.1:9/login' } };
const half = (path) => (path.endsWith('.wasm') ? { type: 'application/wasm', body: server.read(path).subarray(0, 100_000) } : undefined);
const asType = (end, type, headers) => (path) => (path.endsWith(end) ? { type, body: server.read(path), headers } : undefined);

/** The page's own headers, with a worker's. */
const isolated = (worker) => (path) => {
  const headers = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };
  if (path === '/blank.html') return { type: 'text/html', body: '<!doctype html>', headers };
  return path.endsWith('/worker-cpu.js') ? { type: 'text/javascript', body: server.read(path), headers: worker ? headers : {} } : undefined;
};

withBrowser('delivery', () => ({}), (its) => {
  for (const type of ['application/wasm', 'application/wasm; charset=utf-8', 'application/wasm;', 'Application/WASM', 'application/octet-stream', 'text/plain', '']) {
    test(`the engine loads as ${JSON.stringify(type)}`, async () => {
      server.intercept = asType('cpu_bg.wasm', type);
      assert.equal(await (await its.open()).evaluate(loadCpu), null);
    });
  }

  test('files without a status load, as webviews give an app its own', async () => {
    const blind = 'const { fetch: ask } = self; self.fetch = async (...of) => { const got = await ask(...of); for (const [name, value] of [["status", 0], ["ok", false]]) Object.defineProperty(got, name, { value }); return got; };\n';
    server.intercept = (path) => (path.endsWith('/worker-cpu.js') ? { type: 'text/javascript', body: blind + server.read(path) } : undefined);
    assert.equal(await (await its.open()).evaluate(loadCpu), null);
  });

  const CASES = {
    'a worker that is not there': ['ENGINE_FETCH', 'not-deployed', false, /404.*must be reloaded.*Angular/, answer('/worker-cpu.js', { status: 404 })],
    'a page in place of the worker': ['ENGINE_FETCH', 'not-deployed', false, /page of HTML.*must be reloaded.*Angular/, answer('/worker-cpu.js', HTML)],
    'a worker whose server fails': ['ENGINE_FETCH', 'server-fault', true, /503/, answer('/worker-cpu.js', { status: 503 })],
    'a worker of a wrong type': ['ENGINE_FETCH', 'forbidden', false, /served as text\/plain.*text\/javascript/, asType('/worker-cpu.js', 'text/plain')],
    'a worker that is not isolated, in a page that is': ['ENGINE_FETCH', 'forbidden', false, /Cross-Origin-Embedder-Policy: require-corp/, isolated(false)],
    'an engine that is not there': ['ENGINE_FETCH', 'not-deployed', false, /404.*must be reloaded.*IIS.*\.wasm/, answer('.wasm', { status: 404 })],
    'a page in place of the engine': ['ENGINE_FETCH', 'not-deployed', false, /page of HTML/, answer('.wasm', HTML)],
    'a page in place of the engine, as its type': ['ENGINE_FETCH', 'not-deployed', false, /page of HTML/, answer('.wasm', { ...HTML, type: 'application/wasm' })],
    'an ending that the server does not know': ['MODEL_FETCH', 'not-deployed', false, /404.*IIS.*\.safetensors/, answer('detector.safetensors', { status: 404 })],
    'weights that are refused': ['MODEL_FETCH', 'not-deployed', false, /403.*refuses.*not there/, answer('detector.safetensors', { status: 403 })],
    'a page in place of weights': ['MODEL_FETCH', 'not-deployed', false, /page of HTML/, answer('detector.safetensors', { ...HTML, type: 'application/octet-stream' })],
    'a page in place of the manifest': ['MODEL_FETCH', 'not-deployed', false, /page of HTML/, answer('manifest.json', HTML)],
    'a manifest whose server is overloaded': ['MODEL_FETCH', 'server-fault', true, /429/, answer('manifest.json', { status: 429 })],
    'weights that lead to a login elsewhere': ['MODEL_FETCH', 'not-deployed', false, /leads to another origin.*sign in/, answer('classifier.safetensors', AWAY)],
    'an engine that leads to a login elsewhere': ['ENGINE_FETCH', 'not-deployed', false, /leads to another origin/, answer('.wasm', AWAY)],
    'a worker that leads to a login elsewhere': ['ENGINE_FETCH', 'not-deployed', false, /leads to another origin/, answer('/worker-cpu.js', AWAY)],
    'weights that are not packed as the server says': ['MODEL_FETCH', 'not-deployed', false, /Content-Encoding: gzip, which the file has not/, asType('classifier.safetensors', undefined, { 'content-encoding': 'gzip' })],
    'an engine that is not packed as the server says': ['ENGINE_FETCH', 'not-deployed', false, /Content-Encoding: gzip, which the file has not/, asType('.wasm', 'application/wasm', { 'content-encoding': 'gzip' })],
    'an engine that is packed, and nobody says so': ['ENGINE_FETCH', 'not-deployed', false, /packed by gzip/, (path) => answer('.wasm', { type: 'application/wasm', body: path.endsWith('.wasm') && gzipSync(server.read(path)) })(path)],
    'a pointer in place of the engine': ['ENGINE_FETCH', 'not-deployed', false, /Git LFS/, answer('.wasm', { type: 'application/wasm', body: 'version https://git-lfs.github.com/spec/v1' })],
    'half an engine': ['ENGINE_FETCH', 'not-deployed', false, /could not be compiled/, half],
    'a worker without content': ['ENGINE_FETCH', 'not-deployed', false, /204/, answer('/worker-cpu.js', { status: 204 })],
    'a worker that is an empty file': ['ENGINE_FETCH', 'not-deployed', false, /worker-cpu\.js is an empty file/, answer('/worker-cpu.js', { type: 'text/javascript', body: '\n' })],
    'a page in place of the worker, as a script': ['ENGINE_FETCH', 'not-deployed', false, /page of HTML/, answer('/worker-cpu.js', { ...HTML, type: 'text/javascript' })],
    'a manifest that a bundler made a script of': ['MODEL_FETCH', 'not-deployed', false, /made a script of the weights' manifest.*assetBase/, answer('manifest.json', { type: 'text/javascript', body: 'module.exports = {}' })],
    'half a worker': ['ENGINE_FETCH', undefined, true, /damaged, or lacks a file that it imports/, answer('/worker-cpu.js', { type: 'text/javascript', body: 'import { serve' })],
    'a manifest that leads to a login elsewhere': ['MODEL_FETCH', 'not-deployed', false, /leads to another origin/, answer('manifest.json', AWAY)],
    'a policy against the weights': ['MODEL_FETCH', 'forbidden', false, /security policy.*connect-src/, (path) => asType('/worker-cpu.js', 'text/javascript', { 'content-security-policy': `script-src 'self' 'wasm-unsafe-eval'; connect-src ${server.url}/pkg/dist/` })(path)],
  };
  for (const [what, [code, reason, retryable, says, intercept]] of Object.entries(CASES)) {
    test(`${what}: ${code}, ${reason}`, async () => {
      server.intercept = intercept;
      const page = await its.open();
      const error = await page.evaluate(() => load({ backend: 'cpu' }).catch(({ code, reason, retryable, message }) => ({ code, reason, retryable, message })));
      assert.deepEqual([error?.code, error?.reason, error?.retryable], [code, reason, retryable], JSON.stringify(error));
      assert.match(error.message, says);
      // What the browser says of the policy, or asks elsewhere, is what the test provoked; once it is closed, no more comes.
      await page.context().close();
      its.opened[0].faults.length = 0;
    });
  }

  test('a page that is offline says so, and a retry helps', async () => {
    const page = await its.open();
    await page.context().setOffline(true);
    const error = await page.evaluate(() => load({ backend: 'cpu' }).catch(({ code, reason, retryable, message }) => ({ code, reason, retryable, message })));
    assert.deepEqual([error?.code, error?.reason, error?.retryable], ['ENGINE_FETCH', 'offline', true], JSON.stringify(error));
    await page.context().setOffline(false);
    assert.equal(await page.evaluate(loadCpu), null);
  });

  test("a package that Nuxt's development server bundled in advance: the message has the line to add", async () => {
    const there = '/_nuxt/node_modules/.cache/vite/client/deps/';
    server.intercept = (path) => {
      if (!path.startsWith(there) || path.endsWith('/worker-cpu.js')) return undefined;
      return { type: 'text/javascript', body: server.read(path.replace(there, '/pkg/dist/')) };
    };
    const page = await its.open();
    const error = await page.evaluate(async (there) => {
      const { LivenessDetector } = await import(`${there}index.js`);
      return LivenessDetector.load({ backend: 'cpu' }).catch(({ code, reason, message }) => ({ code, reason, message }));
    }, there);
    assert.deepEqual([error.code, error.reason], ['ENGINE_FETCH', 'not-deployed']);
    assert.match(error.message, /vite: \{ optimizeDeps: \{ exclude: \['bonafide-liveness'\] \} \} in nuxt\.config/);
  });

  // Both are answered wrongly once, and kept: no reload of the page would get them anew.
  for (const [file, wrong] of [['manifest.json', (path) => server.read(path).toString().replace(/"sha256": "./g, '"sha256": "0')], ['cpu_bg.wasm', (path) => server.read(path.replace('cpu', 'webgpu'))]]) {
    test(`${file} of another version in the cache is fetched anew`, async () => {
      const page = await its.open();
      const old = { headers: { 'cache-control': 'max-age=600' } };
      server.intercept = (path) => (path.endsWith(file) ? { ...old, type: path.endsWith('.wasm') ? 'application/wasm' : 'application/json', body: wrong(path) } : undefined);
      const url = file === 'manifest.json' ? '/pkg/weights/manifest.json' : '/pkg/dist/wasm/bonafide_cpu_bg.wasm';
      await page.evaluate(async (url) => (await fetch(url)).arrayBuffer(), url);
      server.intercept = () => undefined;
      server.requests.length = 0;
      assert.equal(await page.evaluate(loadCpu), null);
      assert.deepEqual(server.requests.filter((path) => path.endsWith(file)), [url]);
    });
  }

  test('a service worker that does not hand files on is named', async () => {
    const page = await its.open();
    server.intercept = (path) =>
      path === '/service.js' && { type: 'text/javascript', body: "addEventListener('fetch', (event) => event.request.url.endsWith('worker-cpu.js') && event.respondWith(Response.error()));\naddEventListener('activate', (event) => event.waitUntil(clients.claim()));" };
    const error = await page.evaluate(async () => {
      const registered = await navigator.serviceWorker.register('/service.js');
      if (!navigator.serviceWorker.controller) await new Promise((resolve) => navigator.serviceWorker.addEventListener('controllerchange', resolve, { once: true }));
      const error = await load({ backend: 'cpu' }).catch(({ code, message }) => ({ code, message }));
      await registered.unregister();
      return error;
    });
    assert.equal(error.code, 'ENGINE_FETCH');
    assert.match(error.message, /service worker/);
  });

  test('a page in a sandbox: the message names what its iframe must allow', async () => {
    server.intercept = (path) => {
      // The header does to a page what the attribute does to an iframe.
      if (path === '/blank.html') return { type: 'text/html', body: '<!doctype html>', headers: { 'content-security-policy': 'sandbox allow-scripts' } };
      return { type: 'text/javascript', body: server.read(path), headers: { 'access-control-allow-origin': '*' } };
    };
    const page = await its.open();
    const error = await page.evaluate(() => load({ backend: 'cpu' }).catch(({ code, reason, retryable, message }) => ({ code, reason, retryable, message })));
    assert.deepEqual([error?.code, error?.reason, error?.retryable], ['ENGINE_FETCH', 'forbidden', false], JSON.stringify(error));
    assert.match(error.message, /iframe must have allow-same-origin/);
  });

  test('an isolated page whose worker is too loads', async () => {
    server.intercept = isolated(true);
    const page = await its.open();
    assert.equal(await page.evaluate(() => crossOriginIsolated), true);
    assert.equal(await page.evaluate(loadCpu), null);
  });

  for (const [what, intercept, says, retry] of [
    ['after a deployment: a reload is asked for, and no retry offered', answer('/worker-cpu.js', { status: 404 }), /out of date[\s\S]*Reload/, false],
    ['while the server fails: a retry is offered', answer('manifest.json', { status: 503 }), /not ready[\s\S]*try again/, true],
  ]) {
    test(`the element ${what}`, async () => {
      server.intercept = intercept;
      const page = await its.open();
      await page.evaluate(async () => {
        await import('/pkg/dist/element/index.js');
        globalThis.element = Object.assign(document.createElement('liveness-check'), { backend: 'cpu' });
        document.body.append(element);
        element.start();
      });
      await page.waitForFunction(() => element.state === 'error');
      assert.match(await page.innerText('liveness-check .message'), says);
      assert.equal(await page.isVisible('liveness-check .primary'), retry);
    });
  }
}, { path: '/blank.html', prepare: providePackage });

withBrowser('Trusted Types', () => ({}), (its) => {
  const demand = (names) => (path) =>
    path === '/blank.html' && {
      type: 'text/html',
      body: '<!doctype html>',
      headers: { 'content-security-policy': `default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; require-trusted-types-for 'script'; trusted-types ${names}` },
    };

  test('are met by a policy of the name that the README gives', async () => {
    server.intercept = demand('bonafide');
    const page = await its.open();
    assert.equal(await page.evaluate(loadCpu), null);
    assert.equal(await page.evaluate(() => globalThis.Worker.name), 'Worker');
  });

  test('that do not allow it: the message names it', async () => {
    server.intercept = demand("'none'");
    const page = await its.open();
    const error = await page.evaluate(() => load({ backend: 'cpu' }).catch(({ code, reason, retryable, message }) => ({ code, reason, retryable, message })));
    assert.deepEqual([error?.code, error?.reason, error?.retryable], ['ENGINE_FETCH', 'forbidden', false], JSON.stringify(error));
    assert.match(error.message, /trusted-types must allow the name 'bonafide'/);
    its.opened[0].faults.length = 0;
  });
}, { path: '/blank.html', prepare: providePackage });
