//! `backend: 'auto'` in a real browser: the CPU at once, WebGPU beside it, the faster one from then on, and the CPU again when
//! the GPU is lost. The only adapter here is a software one; where a test needs a real one, the page is told that it is.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { crashGpu } from './browser.js';
import { pack, providePackage } from './detector.js';
import { shorten } from './patch.js';
import { faceCrop, portrait, writeClip } from './pictures.js';
import { root } from './server.js';
import { server, withBrowser } from './suite.js';

const options = () => ({ clip: writeClip('auto.y4m', portrait()), webgpu: true });
const asked = () => [...new Set(server.requests.filter((path) => path.endsWith('.wasm')).map((path) => path.match(/bonafide_(\w+)_bg/)[1]))];

/** Takes the software adapter for a GPU. */
const claimGpu = () => Object.defineProperty(GPUAdapterInfo.prototype, 'isFallbackAdapter', { get: () => false });

/** Keeps times of an earlier visit, under this adapter's name. */
async function keep([cpuMs, webgpuMs]) {
  const { vendor, architecture, device, description } = (await navigator.gpu.requestAdapter()).info;
  const gpu = [vendor, architecture, device, description].filter(Boolean).join(' ') || 'unnamed';
  localStorage.setItem('bonafide.backend', JSON.stringify({ gpu, at: Date.now(), cpuMs, webgpuMs }));
}

withBrowser('auto', options, (its) => {
  test('stays on the CPU where the adapter is a software one, and keeps nothing', async () => {
    const page = await its.open();
    const [settled, kept] = await page.evaluate(async () => [await (await load()).settled, localStorage.length]);
    assert.deepEqual([settled, kept, asked()], [{ backend: 'cpu', remembered: false }, 0, ['cpu']]);
  });

  test('serves from the CPU before WebGPU is there, measures both, and remembers', async () => {
    const page = await its.open();
    await page.evaluate(claimGpu);
    let release;
    const held = new Promise((resolve) => (release = resolve));
    server.intercept = (path) => {
      if (!path.endsWith('webgpu_bg.wasm')) return undefined;
      const body = server.read(path);
      return { type: 'application/wasm', body: (response) => void held.then(() => response.end(body)) };
    };
    const early = await page.evaluate(async ({ base64, width, height }) => {
      globalThis.crop = imageData(base64, width, height);
      globalThis.detector = await load();
      return [detector.backend, await detector.scoreCrop(crop)];
    }, pack(faceCrop()));
    release();
    const { settled, backend, later, kept } = await page.evaluate(async () => {
      const settled = await detector.settled;
      return { settled, backend: detector.backend, later: await detector.scoreCrop(crop), kept: JSON.parse(localStorage.getItem('bonafide.backend')) };
    });
    assert.equal(early[0], 'cpu');
    assert.ok(settled.cpuMs > 0 && settled.webgpuMs > 0, JSON.stringify(settled));
    const faster = settled.cpuMs <= settled.webgpuMs ? 'cpu' : 'webgpu';
    assert.deepEqual([settled.backend, backend, settled.remembered], [faster, faster, false]);
    assert.ok(Math.abs(later - early[1]) < 1e-3, `${later} and ${early[1]}`);
    assert.deepEqual([kept.cpuMs, kept.webgpuMs], [settled.cpuMs, settled.webgpuMs]);
    console.log('  measured:', JSON.stringify(settled));

    server.requests.length = 0;
    await page.evaluate(() => localStorage.setItem('bonafide.backend', localStorage.getItem('bonafide.backend').replace(/"webgpuMs":.*}/, '"webgpuMs":9999}')));
    const again = await page.evaluate(async () => (await load()).settled);
    assert.deepEqual([again, asked()], [{ backend: 'cpu', remembered: true, cpuMs: settled.cpuMs, webgpuMs: 9999 }, ['cpu']]);
  });

  for (const [what, text] of [
    ['of another GPU', '{"gpu":"other","at":1,"cpuMs":1,"webgpuMs":9}'],
    ['by someone else', 'null'],
  ]) {
    test(`measures again where something ${what} is kept`, async () => {
      const page = await its.open();
      await page.evaluate(claimGpu);
      await page.evaluate((text) => localStorage.setItem('bonafide.backend', text), text);
      const settled = await page.evaluate(async () => (await load()).settled);
      assert.equal(settled.remembered, false);
      assert.ok(settled.cpuMs > 0 && settled.webgpuMs > 0, JSON.stringify(settled));
    });
  }

  test('keeps nothing, and reads nothing, where it is not to remember', async () => {
    const page = await its.open();
    await page.evaluate(claimGpu);
    await page.evaluate(keep, [1, 9999]);
    const [settled, same] = await page.evaluate(async () => {
      const before = localStorage.getItem('bonafide.backend');
      return [await (await load({ remember: false })).settled, localStorage.getItem('bonafide.backend') === before];
    });
    assert.deepEqual([settled.remembered, settled.cpuMs > 1, same], [false, true, true]);
  });

  /** What a broken driver does: the signs of what it uploads are turned. It computes on, and says nothing. */
  const FLIP = `const write = GPUQueue.prototype.writeBuffer;
    GPUQueue.prototype.writeBuffer = function (to, at, data, from = 0, size) {
      const bytes = new Uint8Array(ArrayBuffer.isView(data) ? data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength) : data.slice(0));
      if (bytes.length > 10_000) for (let i = 3; i < bytes.length; i += 4) bytes[i] ^= 128;
      return write.call(this, to, at, bytes, from, size);
    };\n`;

  test('a GPU that computes wrong numbers does not serve, however fast it was remembered to be', async () => {
    server.intercept = (path) => (path.endsWith('/worker-webgpu.js') ? { type: 'text/javascript', body: FLIP + server.read(path) } : undefined);
    const page = await its.open();
    await page.evaluate(claimGpu);
    await page.evaluate(keep, [9999, 1]);
    const [backend, settled, code] = await page.evaluate(async () => {
      const detector = await load();
      const { error, ...settled } = await detector.settled;
      return [detector.backend, settled, error.code + error.message];
    });
    assert.deepEqual([backend, settled], ['cpu', { backend: 'cpu', remembered: false }]);
    assert.match(code, /^WEBGPU_UNAVAILABLE.*other numbers than the CPU/);
  });

  test('a GPU that comes to compute wrong numbers serves no check any more', async () => {
    const turns = `import '/pkg/dist/worker-webgpu.js';
      const [serve, post] = [onmessage, self.postMessage.bind(self)];
      let wrong = false;
      onmessage = (event) => (event.data === 'wrong' ? (wrong = true) : serve(event));
      self.postMessage = (reply) => post(wrong && reply.value?.face ? { ...reply, value: { ...reply.value, score: 1 - reply.value.score } } : reply);`;
    server.intercept = (path) => (path === '/turns.js' ? { type: 'text/javascript', body: turns } : undefined);
    const page = await its.open();
    await page.evaluate(claimGpu);
    await page.evaluate(keep, [9999, 1]);
    const found = await page.evaluate(async () => {
      // The page's own worker is wrong from a word on.
      const started = {};
      const worker = (backend) => (started[backend] = new Worker(backend === 'cpu' ? '/pkg/dist/worker-cpu.js' : '/turns.js', { type: 'module' }));
      const detector = await load({ worker });
      const chosen = (await detector.settled).backend;
      started.webgpu?.postMessage('wrong');
      const { outcome } = await detector.check(await film());
      return [chosen, detector.backend, outcome];
    });
    assert.deepEqual(found.slice(0, 2), ['webgpu', 'cpu'], JSON.stringify(found));
    assert.match(found[2], /^(bona-fide|attack|inconclusive)$/);
  });

  test('the probe picture says something: the networks that ship find a face in it, and do not doubt all the same', async () => {
    const page = await its.open();
    const seen = await page.evaluate(async () => {
      const { agree, probe } = await import('/pkg/build/probe.js');
      const seen = await (await load({ backend: 'cpu' })).score(probe());
      const other = (change) => ({ ...seen, ...change });
      return { ...seen, agrees: [agree(seen, seen), agree(seen, other({ score: seen.score * 1.001 })), agree(seen, other({ score: seen.score * 2 })), agree(seen, other({ face: null, score: null })), agree(seen, other({ face: { ...seen.face, x: seen.face.x + 3 } }))] };
    });
    assert.ok(seen.face.confidence > 0.7 && seen.score > 1e-5 && seen.score < 1 - 1e-5, JSON.stringify(seen));
    assert.deepEqual(seen.agrees, [true, true, false, false, false]);
  });

  test('a browser that never tells of its GPU leaves the CPU', async () => {
    server.intercept = shorten('detector.js', 'ADAPTER_MS', '1e4', 300);
    const page = await its.open();
    await page.evaluate(() => (navigator.gpu.requestAdapter = () => new Promise(() => {})));
    assert.deepEqual(await page.evaluate(async () => (await load()).settled), { backend: 'cpu', remembered: false });
  });

  test('does not load WebGPU where the person saves data', async () => {
    const page = await its.open();
    await page.evaluate(claimGpu);
    await page.evaluate(() => Object.defineProperty(navigator, 'connection', { value: { saveData: true } }));
    assert.deepEqual(await page.evaluate(async () => (await load()).settled), { backend: 'cpu', remembered: false });
    assert.deepEqual(asked(), ['cpu']);
  });

  test('a WebGPU that does not get ready leaves the CPU, and says why', async () => {
    const page = await its.open();
    await page.evaluate(claimGpu);
    server.intercept = (path) => (path.endsWith('webgpu_bg.wasm') ? { status: 404, body: '' } : undefined);
    const [backend, code, score] = await page.evaluate(async () => {
      const detector = await load();
      const { backend, error } = await detector.settled;
      return [backend, error.code, await detector.scoreCrop(new ImageData(224, 224))];
    });
    assert.deepEqual([backend, code], ['cpu', 'ENGINE_FETCH']);
    assert.ok(score >= 0 && score <= 1);
  });

  test('dispose while WebGPU gets ready ends both', async () => {
    const page = await its.open();
    await page.evaluate(claimGpu);
    const [code, error, workers] = await page.evaluate(async () => {
      const started = [];
      const worker = () => (started.push(new Worker('/pkg/dist/worker.js', { type: 'module' })), started.at(-1));
      const detector = await load({ worker });
      while (started.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
      detector.dispose();
      return [(await codeOf(detector.scoreCrop(new ImageData(224, 224))))?.code, (await detector.settled).error.code, started.length];
    });
    assert.deepEqual([code, error, workers], ['CANCELLED', 'CANCELLED', 2]);
    const left = () => page.workers().length;
    for (let waits = 0; left() > 0 && waits < 100; waits++) await page.waitForTimeout(50);
    assert.equal(left(), 0);
  });

  test('a check goes on to its verdict when the GPU is lost in the middle', async () => {
    const page = await its.open();
    await page.evaluate(claimGpu);
    await page.evaluate(keep, [9999, 1]);
    await page.evaluate(async () => {
      globalThis.detector = await load();
      globalThis.settled = await detector.settled;
      globalThis.video = await film();
      globalThis.looks = 0;
      globalThis.checked = detector.check(video, { record: true, onUpdate: () => looks++ });
    });
    assert.deepEqual(await page.evaluate(() => settled), { backend: 'webgpu', remembered: true, cpuMs: 9999, webgpuMs: 1 });
    await page.waitForFunction(() => looks >= 2);
    await crashGpu(its.browser);
    const result = await page.evaluate(() => checked);
    const { observations } = JSON.parse(result.recording);
    const [looks, backend] = await page.evaluate(() => [looks, detector.backend]);
    assert.equal(backend, 'cpu');
    assert.equal(result.framesSeen, looks + 1, 'no frame was lost, and none was counted twice');
    assert.equal(observations.length, result.framesSeen);
    // What two engines saw replays natively to the same verdict, or the command fails.
    mkdirSync(join(root, 'target/e2e'), { recursive: true });
    const path = join(root, 'target/e2e/lost.json');
    writeFileSync(path, result.recording);
    execFileSync(process.env.TRAINER, ['replay', path]);
    assert.ok((await page.evaluate(async () => (await detector.score(video)).score)) >= 0);
  });

  test('a score asked of a lost GPU comes from the CPU', async () => {
    const page = await its.open();
    await page.evaluate(claimGpu);
    await page.evaluate(keep, [9999, 1]);
    const before = await page.evaluate(async ({ base64, width, height }) => {
      globalThis.crop = imageData(base64, width, height);
      globalThis.detector = await load();
      await detector.settled;
      return [detector.backend, await detector.scoreCrop(crop)];
    }, pack(faceCrop()));
    await crashGpu(its.browser);
    const after = await page.evaluate(async () => {
      // Until the loss has reached the worker its answers may still be the GPU's.
      for (let tries = 0; detector.backend === 'webgpu' && tries < 100; tries++) await detector.scoreCrop(crop);
      return [detector.backend, await detector.scoreCrop(crop)];
    });
    assert.deepEqual([before[0], after[0]], ['webgpu', 'cpu']);
    assert.ok(Math.abs(before[1] - after[1]) < 1e-3, `${before[1]} and ${after[1]}`);
  });
}, { path: '/blank.html', prepare: providePackage });
