//! One set of pixels -> one score and one depth map, whatever computes them: native, WebAssembly on the CPU, WebGPU in a
//! worker.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { PNG } from 'pngjs';
import { launch } from './browser.js';
import { openPackage, pack, unsure } from './detector.js';
import { emptyScene, enlarged, faceCrop, portrait, sample, writePng } from './pictures.js';
import { root, serve } from './server.js';

const TOLERANCE = 1e-3;
const trainer = process.env.TRAINER ?? join(root, 'target/release/trainer');
/** The photos as they come, one as a camera sees it, a scene without a face; then pictures that the model is unsure of. */
const pictures = [
  ...[1, 2, 3, 4, 5, 6].map((n) => ({ name: `sample${n}`, ...sample(n) })),
  { name: 'portrait', ...portrait() },
  { name: 'no-face', ...emptyScene() },
];
let server, browser, opened;
let native, whole, cpu;

before(async () => {
  assert.ok(existsSync(trainer), `${trainer} is missing: cargo build --release -p trainer`);
  server = await serve();
  browser = await launch({ webgpu: true });
  opened = await openPackage(browser, server);
  await opened.page.evaluate(async () => (globalThis.detector = await load({ backend: 'cpu' })));
  for (const target of [0.2, 0.5, 0.8]) pictures.push({ name: `unsure-${target}`, ...(await unsure(opened.page, faceCrop(), target)) });
  const paths = pictures.map((picture) => writePng(`${picture.name}.png`, picture));
  native = await scoreNatively(paths, ['--depth', join(root, 'target/e2e/depth')]);
  whole = await scoreNatively(paths, ['--whole']);
  cpu = await scoreInPage('cpu', pictures);
});
after(async () => {
  await browser?.close();
  await server?.close();
  assert.deepEqual(opened?.faults, []);
});

async function scoreNatively(paths, options = []) {
  const csv = join(root, `target/e2e/native-${basename(paths[0])}${options[0] ?? ''}.csv`);
  await promisify(execFile)(trainer, ['score', ...paths, ...options, '--csv', csv], { cwd: root });
  const [header, ...rows] = readFileSync(csv, 'utf8').trim().split('\n').map((line) => line.split(','));
  return new Map(rows.map((row) => {
    const fields = Object.fromEntries(header.map((name, i) => [name, row[i]]));
    return [basename(fields.path, '.png'), fields];
  }));
}

async function scoreInPage(backend, some) {
  await opened.page.evaluate(async (backend) => (globalThis.detector = await load({ backend })), backend);
  const results = new Map();
  for (const picture of some) {
    results.set(picture.name, await opened.page.evaluate(async ({ base64, width, height }) => {
      const pixels = bytes(base64);
      const source = new ImageData(pixels, width, height);
      const drawn = await detector.depth(source);
      const depth = drawn.depth && { ...drawn.depth, data: [...drawn.depth.data], score: drawn.score };
      return { ...(await detector.scorePixels(pixels, width, height)), depth, whole: await detector.scoreCrop(source) };
    }, pack(picture)));
  }
  await opened.page.evaluate(() => detector.dispose());
  return results;
}

function close(a, b, what, tolerance = TOLERANCE) {
  assert.ok(Math.abs(a - b) <= tolerance, `${what}: ${a} and ${b} differ by ${Math.abs(a - b)}`);
  return Math.abs(a - b);
}

test('a face is found in each of the six photos', () => {
  for (let n = 1; n <= 6; n++) assert.ok(cpu.get(`sample${n}`).face, `sample${n}: no face`);
  assert.equal(cpu.get('no-face').face, null);
});

test('native and CPU WebAssembly agree on box and score', () => {
  let worst = 0;
  for (const [name, result] of cpu) {
    const row = native.get(name);
    worst = Math.max(worst, close(result.whole, Number(whole.get(name).score), `${name}, whole`));
    if (!result.face) {
      assert.equal(row.score, '', `${name}: a score natively, none in the page`);
      continue;
    }
    worst = Math.max(worst, close(result.score, Number(row.score), `${name}, score`));
    for (const side of ['x', 'y', 'width', 'height']) close(result.face[side], Number(row[`face_${side}`]), `${name}, face ${side}`, 0.1);
  }
  console.log(`  native and CPU WebAssembly: largest difference ${worst.toExponential(1)}`);
});

test('a picture of many megapixels is reduced on the way in, natively as in the browser, in little memory', { timeout: 400_000 }, async () => {
  const times = 8;
  const row = (await scoreNatively([writePng('large.png', enlarged(portrait(), times))])).get('large');
  await opened.page.evaluate(`globalThis.enlarged = ${enlarged}`);
  const [seen, bytes] = await opened.page.evaluate(async ([{ base64, width, height }, times]) => {
    const module = await import('/pkg/dist/wasm/bonafide_cpu.js');
    const { memory } = await module.default({ module_or_path: '/pkg/dist/wasm/bonafide_cpu_bg.wasm' });
    const manifest = await (await fetch('/pkg/weights/manifest.json')).text();
    const files = {};
    for (const { file } of Object.values(JSON.parse(manifest).networks)) files[file] = new Uint8Array(await (await fetch(`/pkg/weights/${file}`)).arrayBuffer());
    const engine = await module.Engine.load(manifest, files, 'cpu');
    const small = imageData(base64, width, height);
    await engine.score(small);
    const before = memory.buffer.byteLength;
    const large = enlarged(small, times);
    const picture = new ImageData(large.data, large.width, large.height);
    const canvas = new OffscreenCanvas(large.width, large.height);
    canvas.getContext('2d').putImageData(picture, 0, 0);
    const seen = [
      await engine.score(picture),
      await engine.score(await createImageBitmap(picture)),
      await engine.score(canvas),
      await engine.scorePixels(new Uint8Array(large.data.buffer), large.width, large.height),
    ];
    return [seen, memory.buffer.byteLength - before];
  }, [pack(portrait()), times]);
  for (const { face, score } of seen) {
    close(score, Number(row.score), 'score');
    for (const side of ['x', 'y', 'width', 'height']) close(face[side], Number(row[`face_${side}`]), side, 0.1);
    // In pixels of the picture that was given.
    for (const side of ['x', 'y', 'width', 'height']) close(face[side] / times, cpu.get('portrait').face[side], `${side}, enlarged`, 2);
  }
  const { width, height } = portrait();
  const all = width * height * times ** 2 * 4;
  assert.ok(bytes < all, `${bytes} bytes of memory more, the picture has ${all}`);
});

test('WebGPU in a worker and the CPU agree on box, score and depth', { timeout: 400_000 }, async () => {
  const some = pictures.filter(({ name }) => ['sample1', 'sample4', 'portrait', 'no-face'].includes(name) || name.startsWith('unsure'));
  let worst = 0;
  let worstDepth = 0;
  for (const [name, result] of await scoreInPage('webgpu', some)) {
    const expected = cpu.get(name);
    assert.equal(result.backend, 'webgpu');
    worst = Math.max(worst, close(result.whole, expected.whole, `${name}, whole`));
    assert.equal(result.face === null, expected.face === null, `${name}: a face on one of the two only`);
    if (!result.face) continue;
    worst = Math.max(worst, close(result.score, expected.score, `${name}, score`));
    for (const side of ['x', 'y', 'width', 'height']) close(result.face[side], expected.face[side], `${name}, face ${side}`, 0.1);
    worstDepth = Math.max(worstDepth, closeMaps(result.depth, expected.depth, `${name}, depth`));
  }
  console.log(`  WebGPU and CPU WebAssembly: largest difference ${worst.toExponential(1)}, of a depth ${worstDepth.toExponential(1)}`);
});

/** The map that `trainer score --depth` wrote of a picture: 16 bits, so steps of 1.5e-5. */
function nativeDepth(name) {
  const file = readdirSync(join(root, 'target/e2e/depth')).find((file) => file.endsWith(`-${name}.png`));
  const { data, width, height } = PNG.sync.read(readFileSync(join(root, 'target/e2e/depth', file)), { skipRescale: true });
  return { width, height, data: Array.from({ length: width * height }, (_, i) => data[i * 4] / 65_535) };
}

/** The largest difference of two maps; fails past the tolerance. */
function closeMaps(a, b, what) {
  assert.deepEqual([a.width, a.height, a.data.length], [b.width, b.height, a.width * a.height], what);
  return a.data.reduce((worst, depth, i) => Math.max(worst, close(depth, b.data[i], `${what}, pixel ${i}`)), 0);
}

test('native and CPU WebAssembly draw the same depth, beside the same score', () => {
  let worst = 0;
  let brightest = 0;
  for (const [name, { face, score, depth }] of cpu) {
    assert.equal(depth === null, face === null, name);
    if (!depth) continue;
    assert.equal(depth.score, score, `${name}: depth and score took other ways`);
    assert.ok(Math.abs(depth.region.x + depth.region.width / 2 - (face.x + face.width / 2)) < 0.1, `${name}: the region is not the face's`);
    assert.ok(depth.data.every((value) => value >= 0 && value <= 1), `${name}: a depth outside 0 to 1`);
    brightest = depth.data.reduce((a, b) => Math.max(a, b), brightest);
    worst = Math.max(worst, closeMaps(depth, nativeDepth(name), `${name}, depth`));
  }
  // Empty maps agree whatever is wrong.
  assert.ok(brightest > 0.3, `no picture has depth: the nearest point is at ${brightest}`);
  console.log(`  native and CPU WebAssembly: largest difference of a depth ${worst.toExponential(1)}`);
});
