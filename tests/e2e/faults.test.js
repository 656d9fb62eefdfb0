//! Faults that a page meets in the field: workers that hang or are killed, memory that runs out, networks that stand still,
//! cameras that change under a check, clocks that jump. Each ends in a typed error or in a verdict, and the page goes on.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pack, providePackage, VERDICT } from './detector.js';
import { patch, shorten } from './patch.js';
import { portrait, writeClip } from './pictures.js';
import { server, withBrowser } from './suite.js';


/** Runs in a page, after `providePackage`: a worker that hangs once it is told to, and a camera of the page's own. */
async function provideFaults({ base64, width, height }) {
  /** The detector of a worker that stops to answer at `hang()`, and is killed at `kill()`. */
  globalThis.loadHanging = async () => {
    let worker;
    const detector = await load({ backend: 'cpu', worker: () => (worker = new Worker('/hangs.js', { type: 'module' })) });
    return { detector, hang: () => worker.postMessage('hang'), kill: () => worker.terminate() };
  };
  const portrait = await createImageBitmap(imageData(base64, width, height));
  /** A stream that shows the portrait, `draw(context)` in its place, at the size of its canvas. */
  globalThis.stage = async () => {
    const canvas = Object.assign(document.createElement('canvas'), { width, height });
    const context = canvas.getContext('2d');
    const its = { canvas, draw: () => context.drawImage(portrait, 0, 0, canvas.width, canvas.height), running: true };
    its.timer = setInterval(() => its.running && its.draw(context), 50);
    its.draw(context);
    its.video = Object.assign(document.createElement('video'), { muted: true, playsInline: true, srcObject: canvas.captureStream() });
    await its.video.play();
    return its;
  };
  /** A check that, at its third frame, does `then()`; what it came to. */
  globalThis.checkAnd = async (detector, video, then, options = {}) => {
    let seen = 0;
    const onUpdate = () => ++seen === 3 && then();
    return detector.check(video, { ...options, onUpdate }).then(
      ({ outcome, reasons, elapsedMs, restarts }) => ({ outcome, reasons, elapsedMs, restarts }),
      (e) => ({ code: e.code, message: e.message, retryable: e.retryable }),
    );
  };
}

const HANGS = "import '/pkg/dist/worker-cpu.js'; const serve = onmessage; onmessage = (event) => { if (event.data === 'hang') for (;;); serve(event); };";
const hangs = (path) => (path === '/hangs.js' ? { type: 'text/javascript', body: HANGS } : undefined);
const prepare = async (its) => {
  const page = await its.open();
  await page.evaluate(provideFaults, pack(portrait()));
  return page;
};

withBrowser('workers', () => ({ clip: writeClip('faults.y4m', portrait()) }), (its) => {
  const impatient = () => {
    const client = shorten('detector.js', 'SILENT_TICKS', 60, 3);
    server.intercept = (path) => hangs(path) ?? client(path);
  };

  for (const how of ['hang', 'kill']) {
    test(`${how}: all that is asked is TIMEOUT, and another detector works`, async () => {
      impatient();
      const page = await prepare(its);
      const [score, checked, later, outcome] = await page.evaluate(async (how) => {
        const its = await loadHanging();
        const video = await film();
        const checked = checkAnd(its.detector, video, its[how], { challenge: true });
        const ended = await checked;
        const score = codeOf(its.detector.score(new ImageData(8, 8)));
        const later = codeOf(its.detector.check(video));
        const other = await load({ backend: 'cpu' });
        return [await score, ended, await later, said(await other.check(video))];
      }, how);
      assert.deepEqual([score?.code, checked.code, later?.code], ['TIMEOUT', 'TIMEOUT', 'TIMEOUT'], JSON.stringify([score, checked, later]));
      assert.match(checked.message, /did not answer for 3 seconds.*load a new detector/);
      assert.match(outcome, VERDICT);
    });
  }

  test('one that never answers does not keep loading waiting', async () => {
    impatient();
    const client = server.intercept;
    server.intercept = (path) => (path.endsWith('/worker-cpu.js') ? { type: 'text/javascript', body: 'onmessage = () => {};' } : client(path));
    const page = await its.open();
    const error = await page.evaluate(() => codeOf(load({ backend: 'cpu' })));
    assert.deepEqual([error?.code, error?.retryable], ['ENGINE_FETCH', true], JSON.stringify(error));
  });

  test('one that hangs ends the check of the element, whose camera closes, and a retry has a new one', async () => {
    // The element starts its own worker: this one hangs at the first frame of a check, once.
    const client = shorten('detector.js', 'SILENT_TICKS', 60, 3);
    const broken = patch('worker-cpu.js', 'if (request.kind === "observe")', 'if (request.kind === "observe") for (;;);\nif (request.kind === "observe")');
    server.intercept = (path) => broken(path) ?? client(path);
    const page = await its.open();
    await page.evaluate(async () => {
      await import('/pkg/dist/element/index.js');
      globalThis.element = Object.assign(document.createElement('liveness-check'), { backend: 'cpu' });
      globalThis.errors = [];
      element.addEventListener('liveness-error', ({ detail }) => errors.push(detail.code));
      document.body.append(element);
      element.start();
    });
    await page.waitForFunction(() => element.state === 'running', null, { timeout: 60_000 });
    await page.evaluate(() => ([globalThis.track] = element.shadowRoot.querySelector('video').srcObject.getVideoTracks()));
    await page.waitForFunction(() => element.state === 'error', null, { timeout: 60_000 });
    assert.deepEqual(await page.evaluate(() => [errors, track.readyState]), [['TIMEOUT'], 'ended']);
    server.intercept = () => undefined;
    await page.locator('liveness-check').getByRole('button').first().click();
    await page.waitForFunction(() => element.state === 'result', null, { timeout: 60_000 });
  });
}, { path: '/blank.html', prepare: providePackage });

// Enough for the networks and small pictures, not for a large one.
withBrowser('memory', () => ({ flags: ['--js-flags=--wasm-max-mem-pages=600'] }), (its) => {
  test('that runs out while it works is INTERNAL, for all that is asked, and another detector works', async () => {
    const page = await its.open();
    const [before, error, later, after] = await page.evaluate(async () => {
      const detector = await load({ backend: 'cpu' });
      const small = () => new ImageData(64, 64);
      const before = (await detector.score(small())).face;
      const error = codeOf(detector.score(new ImageData(6000, 4000)));
      const behind = codeOf(detector.score(small()));
      const later = [await behind, await codeOf(detector.score(small()))];
      return [before, await error, later, (await (await load({ backend: 'cpu' })).score(small())).face];
    });
    assert.deepEqual([before, error?.code, later.map((e) => e?.code), after], [null, 'INTERNAL', ['INTERNAL', 'INTERNAL'], null], JSON.stringify([error, later]));
  });
}, { path: '/blank.html', prepare: providePackage });

withBrowser('networks', () => ({}), (its) => {
  /** Sends a part of a file, and then nothing. */
  const stuck = (end, share) => (path) => {
    if (!path.endsWith(end)) return undefined;
    const bytes = server.read(path);
    return { type: path.endsWith('.wasm') ? 'application/wasm' : undefined, headers: { 'content-length': bytes.length }, body: (response) => response.write(bytes.subarray(0, 1 + bytes.length * share)) };
  };

  for (const [what, code, fault] of [
    ['the manifest', 'MODEL_FETCH', stuck('manifest.json', 0)],
    ['the weights', 'MODEL_FETCH', stuck('classifier.safetensors', 0.5)],
    ['the engine', 'ENGINE_FETCH', stuck('cpu_bg.wasm', 0.5)],
    ['an answer that never begins', 'MODEL_FETCH', (path) => (path.endsWith('detector.safetensors') ? { body: () => {} } : undefined)],
  ]) {
    test(`${what}: standing still in the middle is ${code}, and another try loads`, async () => {
      const assets = shorten('worker-cpu.js', 'STALL_MS', '3e4', 500);
      server.intercept = (path) => fault(path) ?? assets(path);
      const page = await its.open();
      const error = await page.evaluate(() => codeOf(load({ backend: 'cpu' })));
      assert.deepEqual([error?.code, error?.retryable], [code, true], JSON.stringify(error));
      assert.match(error.message, /Nothing of .* arrived/);
      server.intercept = () => undefined;
      assert.equal(await page.evaluate(async () => (await load({ backend: 'cpu' })).backend), 'cpu');
    });
  }

  test('slow but moving loads, and the worker is not taken for hung', async () => {
    // Two seconds without a word from the worker are enough to give it up; the weights take longer.
    const client = shorten('detector.js', 'SILENT_TICKS', 60, 2);
    const serve = shorten('worker-cpu.js', 'BEAT_MS', '5e3', 300);
    const slow = (path) => {
      if (!path.endsWith('classifier.safetensors')) return undefined;
      const bytes = server.read(path);
      return { body: (response) => void setTimeout(() => response.end(bytes), 4_000) };
    };
    server.intercept = (path) => slow(path) ?? client(path) ?? serve(path);
    const page = await its.open();
    assert.equal(await page.evaluate(async () => (await load({ backend: 'cpu' })).backend), 'cpu');
  });

  test("another network's weights under the right name, and a manifest of other weights, are MODEL_INTEGRITY", async () => {
    const page = await its.open();
    server.intercept = (path) => (path.endsWith('detector.safetensors') ? { body: server.read(path.replace('detector', 'classifier')) } : undefined);
    const exchanged = await page.evaluate(() => codeOf(load({ backend: 'cpu' })));
    server.intercept = (path) => {
      if (!path.endsWith('manifest.json')) return undefined;
      const manifest = JSON.parse(server.read(path));
      manifest.networks.classifier.sha256 = manifest.networks.classifier.sha256.replace(/^../, (hex) => (hex === '00' ? '11' : '00'));
      return { body: JSON.stringify(manifest) };
    };
    const older = await page.evaluate(() => codeOf(load({ backend: 'cpu' })));
    for (const error of [exchanged, older]) assert.deepEqual([error?.code, error?.retryable], ['MODEL_INTEGRITY', false], JSON.stringify(error));
  });
}, { path: '/blank.html', prepare: providePackage });

withBrowser('cameras', () => ({}), (its) => {
  const onStage = async (run, argument) => {
    const page = await prepare(its);
    // A function and its argument, where there is a stage.
    return page.evaluate(`(async () => { const detector = await load({ backend: 'cpu' }); const on = await stage(); return (${run})(detector, on, ${JSON.stringify(argument)}); })()`);
  };

  for (const [what, [width, height]] of Object.entries({ 'that changes its resolution': [480, 360], 'that is turned': [480, 640] })) {
    test(`one ${what} in the middle reaches an ending, and the next check a verdict`, async () => {
      const [ended, next] = await onStage(async (detector, { canvas, video }, [width, height]) => {
        const ended = await checkAnd(detector, video, () => Object.assign(canvas, { width, height }));
        const size = [video.videoWidth, video.videoHeight];
        return [{ ...ended, size }, said(await detector.check(video))];
      }, [width, height]);
      assert.deepEqual(ended.size, [width, height]);
      assert.match(ended.outcome, /^(bona-fide|attack|inconclusive)$/, JSON.stringify(ended));
      // Squeezed into half its width, a face may be none.
      assert.match(next, width > height ? VERDICT : /^(bona-fide|attack|inconclusive)/);
    });
  }

  test('one that stalls for two seconds begins anew; for longer it is TIMEOUT, and the check after it works', async () => {
    const [short, long, after] = await onStage(async (detector, on) => {
      const pause = (ms) => () => ((on.running = false), setTimeout(() => (on.running = true), ms));
      const short = await checkAnd(detector, on.video, pause(2_000));
      const long = await checkAnd(detector, on.video, () => (on.running = false));
      on.running = true;
      return [short, long, said(await detector.check(on.video))];
    });
    assert.match([short.outcome, ...(short.reasons ?? [JSON.stringify(short)])].join(' '), VERDICT);
    assert.ok(short.restarts >= 1, JSON.stringify(short));
    assert.deepEqual([long.code, long.retryable], ['TIMEOUT', true], JSON.stringify(long));
    assert.match(after, VERDICT);
  });

  test('one that turns black says so, and ends in no verdict', async () => {
    const [ended, hints] = await onStage(async (detector, on) => {
      const hints = [];
      const black = (context) => context.fillRect(0, 0, on.canvas.width, on.canvas.height);
      on.draw = black;
      const ended = await checkAnd(detector, on.video, () => {}, { onHint: (hint) => hints.push(hint) });
      return [ended, hints];
    });
    assert.deepEqual([ended.outcome, ended.reasons], ['inconclusive', ['no-face']], JSON.stringify(ended));
    assert.ok(hints.includes('no-face'), hints.join());
  });

  for (const [how, jump] of Object.entries({ back: -3_600_000, ahead: 3_600_000, 'to no number': null })) {
    test(`a clock that jumps ${how}: an ending, and the next check a verdict`, async () => {
      const [ended, next] = await onStage(async (detector, { video }, jump) => {
        const ask = video.requestVideoFrameCallback.bind(video);
        let by = 0;
        video.requestVideoFrameCallback = (heard) => ask((now, { presentedFrames, presentationTime, mediaTime }) => heard(now, { presentedFrames, mediaTime, presentationTime: presentationTime + by }));
        const ended = await checkAnd(detector, video, () => (by = jump ?? NaN));
        delete video.requestVideoFrameCallback;
        return [ended, said(await detector.check(video))];
      }, jump);
      console.log(`  ${JSON.stringify(ended)}`);
      assert.ok(ended.outcome ? /^(bona-fide|attack|inconclusive)$/.test(ended.outcome) : ['TIMEOUT', 'INVALID_INPUT', 'FRAMERATE_TOO_LOW'].includes(ended.code), JSON.stringify(ended));
      assert.match(next, VERDICT);
    });
  }
}, { path: '/blank.html', prepare: providePackage });
