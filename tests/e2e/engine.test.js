//! The package itself, unbundled, in a real browser: sources, typed errors, cancelling.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import jpeg from 'jpeg-js';
import { launch } from './browser.js';
import { openPackage, pack, unsure } from './detector.js';
import { faceCrop, portrait } from './pictures.js';
import { root, serve } from './server.js';

const photo = pack(portrait());
let server, browser, opened, page;
/** How often `/bad/late-decoder` still refuses the decoder. */
let late = 0;

before(async () => {
  server = await serve();
  server.intercept = badWeights;
  browser = await launch();
  opened = await openPackage(browser, server);
  page = opened.page;
  await page.evaluate(async () => (globalThis.detector = await load({ backend: 'cpu' })));
});
after(async () => {
  await browser?.close();
  await server?.close();
  assert.deepEqual(opened.faults, []);
});

/** `/bad/KIND/FILE` is the shipped file, spoiled in the way that KIND names. */
function badWeights(path) {
  const [, bad, kind, file] = path.split('/');
  if (bad !== 'bad') return undefined;
  const bytes = readFileSync(join(root, 'pkg/weights', file));
  const manifest = file === 'manifest.json' ? JSON.parse(bytes) : null;
  switch (kind) {
    case 'missing':
      return manifest ? { body: bytes } : { status: 404 };
    case 'corrupt':
      if (file === 'classifier.safetensors') bytes[bytes.length - 100] ^= 0xff;
      return { body: bytes };
    case 'corrupt-expert':
      if (file === 'minifasnet-v1se.safetensors') bytes[bytes.length - 100] ^= 0xff;
      return { body: bytes };
    case 'half-experts':
      if (manifest) delete manifest.networks['minifasnet-v2'];
      break;
    case 'no-fusion':
      if (manifest) delete manifest.fusion;
      break;
    case 'bad-fusion':
      if (manifest) manifest.fusion.experts.weight = -1;
      break;
    case 'scales':
      if (manifest) manifest.contract.experts.scales = [4];
      break;
    case 'no-experts':
      // As an integrator's own classifier comes, of this release or the one before.
      if (manifest) {
        manifest.format = 1;
        delete manifest.fusion;
        delete manifest.contract.experts;
        for (const name of Object.keys(manifest.networks)) if (name.startsWith('minifasnet')) delete manifest.networks[name];
      }
      break;
    case 'truncated':
      return { body: file === 'classifier.safetensors' ? bytes.subarray(0, bytes.length / 2) : bytes };
    case 'empty':
      return { body: file === 'detector.safetensors' ? Buffer.alloc(0) : bytes };
    case 'margin':
      if (manifest) manifest.contract.margin = 2.7;
      break;
    case 'range':
      if (manifest) manifest.contract.range = [-1, 1];
      break;
    case 'network':
      if (manifest) manifest.contract.network = 'resnet50';
      break;
    case 'format':
      if (manifest) manifest.format = 99;
      break;
    case 'swapped':
      if (manifest) [manifest.networks.detector, manifest.networks.classifier] = [manifest.networks.classifier, manifest.networks.detector];
      break;
    case 'no-decoder':
      if (manifest) delete manifest.networks.decoder;
      break;
    case 'bad-decoder':
      if (file === 'decoder.safetensors') bytes[bytes.length - 100] ^= 0xff;
      break;
    case 'late-decoder':
      if (file === 'decoder.safetensors' && --late >= 0) return { status: 503 };
      break;
    case 'unnamed':
      if (manifest) delete manifest.networks.classifier;
      break;
    case 'not-json':
      if (manifest) return { body: 'Not found' };
      break;
  }
  return { body: manifest ? JSON.stringify(manifest) : bytes };
}

test('all six kinds of source give one score, and stay usable', async () => {
  const doubtful = pack(await unsure(page, faceCrop(), 0.5));
  const scores = await page.evaluate(async ({ base64, width, height }) => {
    const data = imageData(base64, width, height);
    const canvas = Object.assign(document.createElement('canvas'), { width, height });
    canvas.getContext('2d').putImageData(data, 0, 0);
    const offscreen = new OffscreenCanvas(width, height);
    offscreen.getContext('2d').putImageData(data, 0, 0);
    const bitmap = await createImageBitmap(data);
    const frame = new VideoFrame(offscreen, { timestamp: 0 });
    const video = Object.assign(document.createElement('video'), { muted: true, srcObject: canvas.captureStream(10) });
    await video.play();

    const sources = { data, canvas, offscreen, bitmap, frame, video };
    const scores = {};
    for (const [name, source] of Object.entries(sources)) {
      const first = await detector.scoreCrop(source);
      const second = await detector.scoreCrop(source);
      if (first !== second && name !== 'video') throw new Error(`${name} changed between two calls`);
      scores[name] = first;
    }
    if (data.data.length === 0 || bitmap.width === 0 || frame.codedWidth === 0) throw new Error('a source was taken from its owner');
    return scores;
  }, doubtful);
  console.log('  scores by source:', JSON.stringify(scores));
  for (const [name, score] of Object.entries(scores)) {
    // A video passes through a colour conversion (4:2:0) that costs some of the picture; the rest must agree.
    const tolerance = name === 'video' ? 0.05 : 1e-3;
    assert.ok(Math.abs(score - scores.data) <= tolerance, `${name} scores ${score}, ImageData ${scores.data}`);
  }
});

test('a result holds the face in frame pixels, and where the time went', async () => {
  const result = await page.evaluate(({ base64, width, height }) => detector.score(imageData(base64, width, height)), photo);
  assert.deepEqual(Object.keys(result).sort(), ['backend', 'face', 'score', 'timings']);
  assert.equal(result.backend, 'cpu');
  assert.ok(result.face.confidence > 0.5 && result.face.confidence <= 1);
  assert.ok(result.face.width > 30 && result.face.x > -50 && result.face.x < photo.width);
  assert.deepEqual(Object.keys(result.timings).sort(), ['cropMs', 'detectMs', 'expertsMs', 'readMs', 'scoreMs', 'totalMs']);
  assert.ok(Object.values(result.timings).every((ms) => ms >= 0));
});

test('weights without experts load, and their classifier decides alone', async () => {
  server.requests.length = 0;
  const { alone, fused } = await page.evaluate(async ({ base64, width, height }) => {
    const source = imageData(base64, width, height);
    const other = await load({ backend: 'cpu', assetBase: '/bad/no-experts/' });
    const alone = await other.score(source);
    other.dispose();
    return { alone, fused: await detector.score(source) };
  }, photo);
  assert.ok(!server.requests.some((path) => path.includes('minifasnet')), server.requests.join());
  assert.ok(alone.score > 0 && alone.score < 1 && alone.score !== fused.score, JSON.stringify({ alone, fused }));
  assert.equal(alone.timings.expertsMs, 0);
  assert.ok(fused.timings.expertsMs > 0);
});

/** The crops of a strip of trainer/docs/attacks, its upper row. */
const crops = (strip) => {
  const { data, width } = jpeg.decode(readFileSync(join(root, `trainer/docs/attacks/${strip}.jpg`)), { useTArray: true, formatAsRGBA: true });
  return Array.from({ length: width / 224 }, (_, at) => {
    const rows = Array.from({ length: 224 }, (_, y) => Buffer.from(data.buffer, data.byteOffset + (y * width + at * 224) * 4, 224 * 4));
    return pack({ data: Buffer.concat(rows), width: 224, height: 224 });
  });
};

test('the weights that ship tell bona fide crops from attacks, and not the reverse', async () => {
  const scores = {};
  for (const strip of ['bona-fide', 'laser', 'inkjet', 'stripes', 'pentile']) {
    scores[strip] = await page.evaluate(async (crops) => {
      const scores = [];
      for (const { base64, width, height } of crops) scores.push(await detector.scoreCrop(imageData(base64, width, height)));
      return scores;
    }, crops(strip));
  }
  const { 'bona-fide': live, ...attacks } = scores;
  const share = (of) => of.flatMap((attack) => live.map((score) => score > attack)).filter(Boolean).length / (of.length * live.length);
  const shares = Object.fromEntries(Object.entries(attacks).map(([strip, of]) => [strip, share(of)]));
  console.log('  a bona fide crop scores above an attack:', JSON.stringify(shares));
  // Simulated ones, six of each: their order is the point, not how well they are told apart.
  for (const [strip, above] of Object.entries(shares)) assert.ok(above >= 0.75, `${strip}: ${JSON.stringify(scores)}`);
});

test('no face is a result, not an error', async () => {
  const result = await page.evaluate(() => detector.score(new ImageData(64, 48)));
  assert.equal(result.face, null);
  assert.equal(result.score, null);
});

test('the depth view comes with the score, in one request at the first call', async () => {
  const requests = () => server.requests.filter((path) => path.includes('decoder')).length;
  assert.equal(requests(), 0, 'loading fetched the decoder');
  const [scored, ...drawn] = await page.evaluate(async ({ base64, width, height }) => {
    const source = imageData(base64, width, height);
    const both = await Promise.all([detector.score(source), detector.depth(source), detector.depth(source)]);
    return both.map(({ depth, ...rest }) => ({ ...rest, depth: depth && { ...depth, is: depth.data.constructor.name, data: [...depth.data] } }));
  }, photo);
  assert.equal(requests(), 1);
  const [first, second] = drawn;
  assert.deepEqual([first.score, first.face, first.backend], [scored.score, scored.face, 'cpu']);
  const { region, width, height, data, is } = first.depth;
  assert.deepEqual([width, height, is, data.length], [224, 224, 'Float32Array', width * height]);
  assert.ok(region.width === region.height && region.width > first.face.width && region.x < first.face.x, JSON.stringify(region));
  assert.ok(data.every((depth) => depth >= 0 && depth <= 1));
  assert.deepEqual(second.depth, first.depth);
  assert.ok(first.timings.depthMs >= 0 && first.timings.totalMs >= first.timings.depthMs);
});

test('without a face there is no depth, and what is no picture is INVALID_INPUT', async () => {
  const [empty, nothing] = await page.evaluate(async () => [await detector.depth(new ImageData(64, 48)), await codeOf(detector.depth(null))]);
  assert.deepEqual([empty.face, empty.score, empty.depth], [null, null, null]);
  assert.equal(nothing?.code, 'INVALID_INPUT');
});

test('a decoder that is missing, damaged or late fails the depth view alone', async () => {
  late = 1;
  const results = await page.evaluate(async ({ base64, width, height }) => {
    const source = imageData(base64, width, height);
    const results = {};
    for (const kind of ['no-decoder', 'bad-decoder', 'late-decoder']) {
      const other = await load({ backend: 'cpu', assetBase: `/bad/${kind}` });
      const error = await codeOf(other.depth(source));
      const { score } = await other.score(source);
      results[kind] = { code: error?.code, retryable: error?.retryable, message: error?.message, score, again: (await codeOf(other.depth(source)))?.code ?? 'drawn' };
      other.dispose();
    }
    return results;
  }, photo);
  const { 'no-decoder': none, 'bad-decoder': bad, 'late-decoder': once } = results;
  assert.deepEqual([none.code, none.again], ['MODEL_INTEGRITY', 'MODEL_INTEGRITY'], JSON.stringify(none));
  assert.match(none.message, /no depth view/);
  assert.deepEqual([bad.code, bad.again], ['MODEL_INTEGRITY', 'MODEL_INTEGRITY'], JSON.stringify(bad));
  assert.deepEqual([once.code, once.retryable, once.again], ['MODEL_FETCH', true, 'drawn'], JSON.stringify(once));
  for (const { score } of Object.values(results)) assert.ok(score >= 0 && score <= 1);
});

test('a transparent picture lies over black, whoever holds it', async () => {
  const seen = await page.evaluate(async ({ base64, width, height }) => {
    const seen = {};
    for (const alpha of [0, 128]) {
      const picture = imageData(base64, width, height);
      for (let at = 3; at < picture.data.length; at += 4) picture.data[at] = alpha;
      const drawn = new OffscreenCanvas(width, height);
      const context = drawn.getContext('2d');
      context.fillRect(0, 0, width, height);
      context.drawImage(await createImageBitmap(picture), 0, 0);
      const score = async (source) => (await detector.score(source)).score;
      seen[alpha] = [await score(drawn), await score(picture), await score(await createImageBitmap(picture)), (await detector.scorePixels(picture.data, width, height)).score];
    }
    return seen;
  }, pack(portrait()));
  assert.deepEqual(seen[0], [null, null, null, null]);
  const [ground, ...others] = seen[128];
  for (const score of others) assert.ok(Math.abs(score - ground) < 0.02, JSON.stringify(seen[128]));
});

test('a face crop is scored without looking for a face', async () => {
  const score = await page.evaluate(() => detector.scoreCrop(new ImageData(224, 224)));
  assert.ok(score >= 0 && score <= 1);
});

test('input without pixels is INVALID_INPUT, and the detector lives on', async () => {
  const errors = await page.evaluate(async () => {
    const closed = await createImageBitmap(new ImageData(8, 8));
    closed.close();
    const detached = new ImageData(8, 8);
    structuredClone(detached.data.buffer, { transfer: [detached.data.buffer] });
    const drawn = new OffscreenCanvas(8, 8);
    drawn.getContext('2d').fillRect(0, 0, 8, 8);
    const shut = new VideoFrame(drawn, { timestamp: 0 });
    shut.close();
    const canvas = Object.assign(document.createElement('canvas'), { width: 0, height: 0 });
    return {
      'short buffer': await codeOf(detector.scorePixels(new Uint8Array(100), 10, 10)),
      'long buffer': await codeOf(detector.scorePixels(new Uint8Array(401), 10, 10)),
      'empty buffer': await codeOf(detector.scorePixels(new Uint8Array(0), 0, 0)),
      'no rows': await codeOf(detector.scorePixels(new Uint8Array(0), 10, 0)),
      'huge size': await codeOf(detector.scorePixels(new Uint8Array(4), 0xffffffff, 0xffffffff)),
      'half a pixel': await codeOf(detector.scorePixels(new Uint8Array(4), 0.5, 2)),
      'negative size': await codeOf(detector.scorePixels(new Uint8Array(4), -1, -1)),
      'an array': await codeOf(detector.scorePixels([0, 0, 0, 0], 1, 1)),
      'empty canvas': await codeOf(detector.score(canvas)),
      'video without a frame': await codeOf(detector.score(document.createElement('video'))),
      'closed bitmap': await codeOf(detector.score(closed)),
      'closed frame': await codeOf(detector.score(shut)),
      'detached ImageData': await codeOf(detector.score(detached)),
      'nothing': await codeOf(detector.score(null)),
      'an object': await codeOf(detector.score({ width: 4, height: 4 })),
      'an image element': await codeOf(detector.score(new Image())),
      'empty crop': await codeOf(detector.scoreCrop(canvas)),
    };
  });
  for (const [what, error] of Object.entries(errors)) {
    assert.equal(error?.code, 'INVALID_INPUT', `${what}: ${JSON.stringify(error)}`);
    assert.ok(error.typed && !error.retryable && error.message.length > 15, `${what}: ${JSON.stringify(error)}`);
  }
  assert.equal(await page.evaluate(async () => (await detector.score(new ImageData(32, 32))).score), null);
});

for (const kind of ['corrupt', 'corrupt-expert', 'half-experts', 'no-fusion', 'bad-fusion', 'scales', 'truncated', 'empty', 'margin', 'range', 'network', 'format', 'swapped', 'unnamed', 'not-json']) {
  test(`weights with the fault "${kind}" are refused as MODEL_INTEGRITY`, async () => {
    const error = await page.evaluate((kind) => codeOf(load({ backend: 'cpu', assetBase: `/bad/${kind}` })), kind);
    assert.equal(error?.code, 'MODEL_INTEGRITY', JSON.stringify(error));
    assert.ok(error.typed && !error.retryable && error.message.length > 20, JSON.stringify(error));
  });
}

test('weights that are not there, or that the policy blocks, are MODEL_FETCH, and not worth another try', async () => {
  const errors = await page.evaluate(async () => [
    await codeOf(load({ backend: 'cpu', assetBase: '/bad/missing/' })),
    await codeOf(load({ backend: 'cpu', assetBase: 'http://127.0.0.1:9/elsewhere/' })),
  ]);
  for (const error of errors) assert.deepEqual([error?.code, error?.retryable], ['MODEL_FETCH', false], JSON.stringify(error));
  assert.match(errors[1].message, /security policy.*connect-src/);
  // The second was stopped by the policy, as it should be: that is not a fault of the page.
  opened.faults.length = 0;
});

test('an engine that does not arrive, or is no engine, is ENGINE_FETCH', async () => {
  const errors = await page.evaluate(async () => [
    await codeOf(load({ backend: 'cpu', wasmBase: '/nowhere/' })),
    await codeOf(load({ backend: 'cpu', wasmBase: '/bad/not-json/manifest.json?' })),
  ]);
  for (const error of errors) assert.equal(error?.code, 'ENGINE_FETCH', JSON.stringify(error));
});

test('a policy without wasm-unsafe-eval is WASM_BLOCKED_BY_CSP, not a failed download', async () => {
  server.intercept = (path) => {
    if (!path.endsWith('/worker-cpu.js')) return badWeights(path);
    return { type: 'text/javascript', body: server.read(path), headers: { 'content-security-policy': "default-src 'self'" } };
  };
  const error = await page.evaluate(() => codeOf(load({ backend: 'cpu' })));
  server.intercept = badWeights;
  assert.deepEqual([error?.code, error?.retryable], ['WASM_BLOCKED_BY_CSP', false], JSON.stringify(error));
  // The browser complains as well, as it should.
  opened.faults.length = 0;
});

test('loading and scoring can be cancelled', async () => {
  const codes = await page.evaluate(async () => {
    const before = AbortSignal.abort();
    const during = new AbortController();
    const loading = codeOf(load({ backend: 'cpu', signal: during.signal }));
    setTimeout(() => during.abort(), 5);
    const other = await load({ backend: 'cpu' });
    const pending = codeOf(other.score(new ImageData(640, 480)));
    await new Promise((resolve) => setTimeout(resolve));
    other.dispose();
    other.dispose();
    return [await codeOf(load({ signal: before })), await loading, await pending, await codeOf(other.score(new ImageData(8, 8)))].map((e) => e?.code);
  });
  assert.deepEqual(codes, ['CANCELLED', 'CANCELLED', 'CANCELLED', 'CANCELLED']);
});

test('an unknown backend is INVALID_INPUT, WebGPU without an adapter WEBGPU_UNAVAILABLE, auto falls back', async () => {
  const [unknown, webgpu, auto] = await page.evaluate(async () => [
    (await codeOf(load({ backend: 'cuda' })))?.code,
    (await codeOf(load({ backend: 'webgpu' })))?.code,
    (await load()).backend,
  ]);
  assert.deepEqual([unknown, webgpu, auto], ['INVALID_INPUT', 'WEBGPU_UNAVAILABLE', 'cpu']);
});
