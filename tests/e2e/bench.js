//! `make bench`: ours against ONNX Runtime Web, the same networks on the same pixels, taking turns in one Chromium.
//!
//! Writes target/bench.json and the README's table. Fails if the two do not compute the same. Options: `--rounds N` on the
//! CPU (60), `--gpu-rounds N` (5), `--first N` (5), `--frames N` (1000) for the memory, `--no-readme`.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { launch, open } from './browser.js';
import { check } from './bench/check.js';
import { round, spread, table, writeTable } from './bench/figures.js';
import { watchMemory } from './bench/memory.js';
import { PEERS, serveBench } from './bench/site.js';
import { compressed } from './bench/sizes.js';
import { openPackage, unsure } from './detector.js';
import { faceCrop, fit, portrait, writeClip } from './pictures.js';
import { root } from './server.js';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '60' },
    'gpu-rounds': { type: 'string', default: '5' },
    first: { type: 'string', default: '5' },
    frames: { type: 'string', default: '1000' },
    'no-readme': { type: 'boolean', default: false },
  },
});
/** Largest difference of scores between us and the peer. */
const TOLERANCE = 1e-3;
/** Frames before the memory is looked at for the first time: by then every buffer has been needed once. */
const SETTLED = 100;

const cores = cpus().length;
const load = loadavg()[0].toFixed(1);
const pictures = { frame: portrait(), letterbox: fit(portrait(), 128, 128), crop: faceCrop() };
const server = await serveBench(pictures);
const browser = await launch({ webgpu: true, clip: writeClip('bench.y4m', portrait()) });

/** Everyone in one page, each in a worker of its own. */
async function openContestants() {
  const opened = await openPackage(browser, server);
  const { page } = opened;
  // A certain score agrees to many digits whatever computes it.
  await page.evaluate(async () => (globalThis.detector = await load({ backend: 'cpu', assetBase: '/bench/classifier/' })));
  pictures.crop = await unsure(page, pictures.crop, 0.5);
  await page.evaluate(() => detector.dispose());
  const adapter = await page.evaluate(async ([wasm, webgpu, cores]) => {
    const { classifierInput, detectorInput, peer, pixels, takeTurns } = await import('/bench/page.js');
    const [rgba, letterbox, crop] = await Promise.all(['frame', 'letterbox', 'crop'].map(pixels));
    const frame = new ImageData(rgba, 640, 480);
    globalThis.crop = new ImageData(crop, 224, 224);
    globalThis.letterbox = new ImageData(letterbox, 128, 128);
    globalThis.inputs = { detector: detectorInput(letterbox), classifier: classifierInput(crop) };
    globalThis.takeTurns = takeTurns;
    globalThis.ours = { cpu: await load({ backend: 'cpu' }), webgpu: await load({ backend: 'webgpu' }) };
    globalThis.peers = {
      ort_1t: peer({ ...wasm, threads: 1 }),
      ort_threads: peer({ ...wasm, threads: cores }),
      ort_webgpu: peer({ ...webgpu, threads: 1 }),
    };
    globalThis.turn = (name) => async () => {
      if (ours[name]) {
        const { timings } = await ours[name].score(frame);
        const { scoreMs, expertsMs, totalMs } = timings;
        // A check asks the experts about one view a frame, a score about all four.
        return { ...timings, classifierMs: scoreMs - expertsMs, viewMs: expertsMs / 4, checkMs: totalMs - 0.75 * expertsMs };
      }
      const { detector, classifier } = await peers[name].ask(inputs);
      return { detectMs: detector.ms, classifierMs: classifier.ms };
    };
    // The software adapter has no name, only what it is made of.
    const { vendor, architecture, isFallbackAdapter } = (await navigator.gpu.requestAdapter()).info;
    return [ours.webgpu.adapter || `${vendor} ${architecture}`, isFallbackAdapter && '(emulated)'].filter(Boolean).join(' ');
  }, [PEERS.wasm, PEERS.webgpu, cores]);
  return { ...opened, adapter };
}

/** The largest difference of a score, or of a face's confidence, between anyone and our CPU module. */
async function compare(page) {
  const all = await page.evaluate(async () => {
    const sigmoid = (logit) => 1 / (1 + Math.exp(-logit));
    const results = {};
    for (const [name, detector] of Object.entries(ours)) {
      const alone = await load({ backend: name, assetBase: '/bench/classifier/' });
      results[name] = { classifier: await alone.scoreCrop(crop), confidence: (await detector.score(letterbox)).face.confidence };
      alone.dispose();
    }
    for (const [name, peer] of Object.entries(peers)) {
      const { detector, classifier } = await peer.ask(inputs);
      // The detector's scores are its first two maps.
      const best = Math.max(...detector.outputs.slice(0, 2).flatMap((map) => [...map]));
      results[name] = { classifier: sigmoid(classifier.outputs[0][0]), confidence: sigmoid(best) };
    }
    return results;
  });
  let largest = 0;
  for (const [name, figures] of Object.entries(all)) {
    for (const [what, theirs] of Object.entries(figures)) {
      const ours = all.cpu[what];
      const difference = Math.abs(theirs - ours);
      assert.ok(difference <= TOLERANCE, `${what} of ${name}: ${theirs}, ours on the CPU ${ours}: these are not the same networks, and no comparison`);
      largest = Math.max(largest, difference);
    }
  }
  return largest;
}

async function turns(page, names, rounds, pauseMs) {
  const run = (rounds) => page.evaluate(
    ([names, rounds, pauseMs]) => takeTurns(Object.fromEntries(names.map((name) => [name, turn(name)])), rounds, pauseMs),
    [names, rounds, pauseMs],
  );
  // Compilers tier up and pipelines are made during the first ones.
  await run(rounds > 10 ? 5 : 1);
  const results = await run(rounds);
  return (name, key) => spread(results[name].map((timings) => timings[key]));
}

/** A fresh browser context for each: nothing is cached, compiled or warm. */
async function firstScores(backend, count) {
  const results = { ours: [], ort: [] };
  const requests = {};
  for (let at = 0; at < count; at++) {
    for (const who of at % 2 ? ['ort', 'ours'] : ['ours', 'ort']) {
      server.requests.length = 0;
      const { page, context, faults } = await open(browser, `${server.url}/bench/first/${who}/${backend}`, { camera: false });
      await page.waitForFunction(() => globalThis.first, null, { timeout: 300_000 });
      results[who].push(await page.evaluate(() => globalThis.first));
      requests[who] = [...new Set(server.requests)];
      await context.close();
      assert.deepEqual(faults, []);
    }
  }
  const median = (who, key) => spread(results[who].map((first) => first[key])).median;
  const [ours, ort] = [median('ours', 'scoredMs'), median('ort', 'scoredMs')];
  const figures = {
    ours, ort, ratio: round(ours / ort), ours_loaded: median('ours', 'loadedMs'), ort_loaded: median('ort', 'loadedMs'),
    spread: { ours: spread(results.ours.map((first) => first.scoredMs)), ort: spread(results.ort.map((first) => first.scoredMs)) },
  };
  return { figures, requests };
}

/** Everything that a page asked for but itself and the benchmark's own pictures and scripts. */
const weigh = (paths) => {
  const sizes = paths.filter((path) => !path.startsWith('/bench/') && path !== '/favicon.ico').map((path) => [path, compressed(server.read(path))]);
  return Object.fromEntries(sizes);
};
const sum = (sizes) => Object.values(sizes).reduce((total, size) => total + size, 0);

async function memory(backend, frames) {
  const { page, context } = await openPackage(browser, server);
  const look = await watchMemory(context, page);
  await page.evaluate(async (backend) => {
    const { pixels } = await import('/bench/page.js');
    globalThis.detector = await load({ backend });
    globalThis.frame = new ImageData(await pixels('frame'), 640, 480);
    // No parallel promises: a frame is done before the next one comes, as in a check.
    globalThis.frames = async (count) => { for (let at = 0; at < count; at++) await detector.score(frame); };
  }, backend);
  const since = Math.min(SETTLED, frames >> 1);
  await page.evaluate((count) => frames(count), since);
  const before = await look();
  for (let done = since; done < frames; done += 500) await page.evaluate((count) => frames(count), Math.min(500, frames - done));
  const held = await look();
  await context.close();
  return { frames, held, grown: { since, heapBytes: held.heapBytes - before.heapBytes, wasmBytes: held.wasmBytes - before.wasmBytes } };
}

const say = (text) => console.error(`bench: ${text}`);
say(`load of the machine ${load}`);
const { page, context, adapter } = await openContestants();
const agreement = await compare(page);
say(`scores agree within ${agreement.toExponential(1)}; taking turns`);
const onCpu = await turns(page, ['cpu', 'ort_1t', 'ort_threads'], Number(options.rounds), 30);
const onGpu = await turns(page, ['webgpu', 'ort_webgpu'], Number(options['gpu-rounds']), 30);
await context.close();
say('first scores');
const first = { cpu: await firstScores('cpu', Number(options.first)), webgpu: await firstScores('webgpu', Math.ceil(Number(options.first) / 2)) };
say(`memory over ${options.frames} frames`);
const remembered = { cpu: await memory('cpu', Number(options.frames)), webgpu: await memory('webgpu', Math.ceil(Number(options.frames) / 50)) };
const checked = await check(browser, server);
const version = browser.version();
await browser.close();
await server.close();

say('sizes');
const weights = {
  cpu: weigh(first.cpu.requests.ours), webgpu: weigh(first.webgpu.requests.ours),
  ort_wasm: weigh(first.cpu.requests.ort), ort_webgpu: weigh(first.webgpu.requests.ort),
};
const runtime = (sizes) => sum(Object.fromEntries(Object.entries(sizes).filter(([path]) => !path.startsWith('/onnx/'))));
const path = (figures, name) => Object.fromEntries(['read', 'detect', 'crop', 'classifier', 'view', 'experts', 'score', 'total', 'check'].map((stage) => [`${stage}_ms`, figures(name, `${stage}Ms`).median]));
const spreads = {
  ours_ms: onCpu('cpu', 'classifierMs'), ort_1t_ms: onCpu('ort_1t', 'classifierMs'), ort_threads_ms: onCpu('ort_threads', 'classifierMs'),
};
const gpuSpreads = { ours_ms: onGpu('webgpu', 'scoreMs'), ort_ms: onGpu('ort_webgpu', 'classifierMs') };
const result = {
  machine: {
    cpu: cpus()[0].model.trim(), cores, load: Number(load), browser: `Chromium ${version}`,
    ort: JSON.parse(readFileSync(join(root, 'tests/package.json'), 'utf8')).devDependencies['onnxruntime-web'],
  },
  agreement,
  cpu: {
    ours_ms: spreads.ours_ms.median,
    ort_1t_ms: spreads.ort_1t_ms.median,
    ratio: round(spreads.ours_ms.median / spreads.ort_1t_ms.median, 3),
    ort_threads_ms: spreads.ort_threads_ms.median,
    threads: cores,
    ort_1t_detector_ms: onCpu('ort_1t', 'detectMs').median,
    spread: spreads,
  },
  webgpu: {
    ours_ms: gpuSpreads.ours_ms.median,
    ort_ms: gpuSpreads.ort_ms.median,
    ratio: round(gpuSpreads.ours_ms.median / gpuSpreads.ort_ms.median, 3),
    adapter,
    ort_detector_ms: onGpu('ort_webgpu', 'detectMs').median,
    spread: gpuSpreads,
  },
  path: { cpu: path(onCpu, 'cpu'), webgpu: path(onGpu, 'webgpu') },
  first_score_ms: { cpu: first.cpu.figures, webgpu: first.webgpu.figures },
  download_brotli_bytes: {
    cpu_total: sum(weights.cpu), webgpu_total: sum(weights.webgpu), ort_wasm: sum(weights.ort_wasm), ort_webgpu: sum(weights.ort_webgpu),
    ort_wasm_runtime: runtime(weights.ort_wasm), ort_webgpu_runtime: runtime(weights.ort_webgpu), files: weights,
  },
  memory: remembered,
  check: checked,
};
writeFileSync(join(root, 'target/bench.json'), `${JSON.stringify(result, null, 2)}\n`);
const text = table(result);
if (!options['no-readme']) writeTable(join(root, 'README.md'), text);
console.log(text);
