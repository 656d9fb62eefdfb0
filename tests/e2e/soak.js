//! Checks over and over with random faults, for as long as MINUTES says: memory, tracks, workers and GPU objects that are left
//! behind, and failures. `make soak MINUTES=30 SEED=1`. Fails unless there are none.

import { execFileSync } from 'node:child_process';
import { launch } from './browser.js';
import { openPackage, pack } from './detector.js';
import { portrait, writeClip } from './pictures.js';
import { serve } from './server.js';

const minutes = Number(process.env.MINUTES ?? 30);
const seed = Number(process.env.SEED ?? 1);
/** The same again on WebGPU's software adapter, which takes seconds for each check: one page in so many. */
const GPU_EVERY = 8;

if (!(minutes > 0)) throw new Error(`MINUTES is a number above 0, not ${process.env.MINUTES}.`);

/** Runs in the page: counts what is opened, and makes `round(seed, backend)`. */
async function provideSoak() {
  const { LivenessError } = await import('/pkg/dist/index.js');
  await import('/pkg/dist/element/index.js');
  const [tracks, workers] = [new Set(), new Set()];
  const { getUserMedia } = MediaDevices.prototype;
  MediaDevices.prototype.getUserMedia = async function (...wish) {
    const stream = await getUserMedia.apply(this, wish);
    for (const track of stream.getTracks()) tracks.add(track);
    return stream;
  };
  globalThis.Worker = class extends Worker {
    constructor(...given) {
      super(...given);
      workers.add(this);
    }
    terminate() {
      workers.delete(this);
      super.terminate();
    }
  };
  /** What is still open. */
  globalThis.left = () => ({ tracks: [...tracks].filter(({ readyState }) => readyState === 'live').length, workers: workers.size, elements: document.querySelectorAll('*').length });

  const FAULTS = {
    'none': () => {},
    'none, a challenge': () => {},
    'cancel': (element) => element.cancel(),
    'removal': (element) => element.remove(),
    'track stopped': (element) => element.shadowRoot.querySelector('video').srcObject?.getTracks().forEach((track) => track.stop()),
    'track lost': (element) => element.shadowRoot.querySelector('video').srcObject?.getVideoTracks()[0].dispatchEvent(new Event('ended')),
    'page hidden': () => {
      Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
      delete document.visibilityState;
    },
    'worker broken': () => [...workers].at(-1)?.dispatchEvent(new ErrorEvent('error', { message: 'soak' })),
    'source taken': (element) => (element.shadowRoot.querySelector('video').srcObject = null),
    'second start': (element) => element.start(),
    'language changed': (element) => (element.lang = 'ar'),
  };

  /** One element: loads, checks, meets a fault somewhere, and is removed. How it ended. */
  globalThis.round = async (seed, backend) => {
    let state = seed;
    const next = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
    next();
    const names = Object.keys(FAULTS);
    const fault = names[Math.floor(next() * names.length)];
    const element = Object.assign(document.createElement('liveness-check'), { backend, challenge: fault.includes('challenge') || next() < 0.2 });
    const after = Math.floor(next() * 12);
    const ended = new Promise((resolve) => {
      let looks = 0;
      element.addEventListener('liveness-progress', () => looks++ === after && FAULTS[fault](element));
      element.addEventListener('liveness-result', ({ detail }) => resolve(detail.outcome));
      element.addEventListener('liveness-error', ({ detail }) => resolve(detail instanceof LivenessError ? detail.code : `untyped: ${detail}`));
      element.addEventListener('liveness-state', ({ detail }) => detail === 'idle' && resolve('idle'));
      setTimeout(resolve, 120_000, 'hangs');
    });
    document.body.append(element);
    element.start();
    const how = await ended;
    element.remove();
    return { fault, how };
  };
}

const server = await serve();
const browser = await launch({ clip: writeClip('soak.y4m', portrait()), webgpu: true });
const { page, faults } = await openPackage(browser, server);
await page.evaluate(provideSoak);
const session = await page.context().newCDPSession(page);
await session.send('HeapProfiler.enable');

/** Megabytes in memory of the browser's processes: WebAssembly's and the GPU's as well, which the page cannot see. */
function resident() {
  const all = execFileSync('ps', ['-eo', 'pid=,ppid=,rss='], { encoding: 'utf8' }).trim().split('\n').map((line) => line.trim().split(/\s+/).map(Number));
  const ours = new Set([process.pid]);
  let [sum, grew] = [0, true];
  while (grew) {
    grew = false;
    for (const [pid, parent, kilobytes] of all) {
      if (!ours.has(parent) || ours.has(pid)) continue;
      ours.add(pid);
      sum += kilobytes;
      grew = true;
    }
  }
  return Math.round(sum / 1024);
}

/** Megabytes of the page's JavaScript, and counts of what it holds, after a collection. */
async function measure() {
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  const counters = await session.send('Memory.getDOMCounters');
  return {
    heapMb: Number((usedSize / 2 ** 20).toFixed(2)),
    nodes: counters.nodes,
    listeners: counters.jsEventListeners,
    // GPU devices and WebAssembly memory live as long as the worker that has them.
    processesMb: resident(),
    ...(await page.evaluate(() => left())),
  };
}

const endings = {};
const failures = [];
const from = Date.now();
let [rounds, first, last, told] = [0, undefined, undefined, 0];
while (Date.now() - from < minutes * 60_000) {
  const backend = rounds % GPU_EVERY === GPU_EVERY - 1 ? 'webgpu' : 'cpu';
  const { fault, how } = await page.evaluate(([seed, backend]) => round(seed, backend), [seed * 7919 + rounds, backend]);
  rounds++;
  const key = `${backend}, ${fault}: ${how}`;
  endings[key] = (endings[key] ?? 0) + 1;
  if (how === 'hangs' || how.startsWith('untyped')) failures.push(`round ${rounds}: ${key}`);
  if (rounds % 10 === 0) {
    last = await measure();
    // What is loaded once (languages, compiled code) is there by then.
    if (rounds === 20) first = last;
    if (last.tracks || last.workers) failures.push(`round ${rounds}: left behind ${JSON.stringify(last)}`);
    if (Date.now() - told > 30_000) {
      told = Date.now();
      console.log(`${((told - from) / 60_000).toFixed(1)} min, ${rounds} checks: ${JSON.stringify(last)}`);
    }
  }
}
// Workers that were told to end may still be ending, and the last element's timers hold it for seconds.
await page.waitForTimeout(6_000);
last = await measure();
if (last.tracks || last.workers) failures.push(`at the end: left behind ${JSON.stringify(last)}`);
first ??= last;
for (const [what, most] of Object.entries({ heapMb: 2, nodes: 100, listeners: 50, processesMb: 200 })) {
  if (last[what] - first[what] > most) failures.push(`${what} grew from ${first[what]} to ${last[what]} in ${rounds - 20} checks`);
}
failures.push(...faults);
console.log(`\n${rounds} checks in ${((Date.now() - from) / 60_000).toFixed(1)} minutes, seed ${seed}`);
console.log(`after 20 checks ${JSON.stringify(first)}\nat the end      ${JSON.stringify(last)}`);
for (const [ending, count] of Object.entries(endings).sort()) console.log(`  ${count} x ${ending}`);
console.log(failures.length ? `FAILURES:\n${failures.join('\n')}` : 'no failure, nothing left behind');
await browser.close();
await server.close();
process.exitCode = failures.length ? 1 : 0;
