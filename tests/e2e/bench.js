//! Prints milliseconds per score in a real browser, and what a check costs the page's thread, beside what a page downloads. Minimum of many runs: the
//! machine may be busy with other things.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { launch } from './browser.js';
import { openPackage, pack } from './detector.js';
import { portrait, writeClip } from './pictures.js';
import { root, serve } from './server.js';

const photo = pack(portrait());
const server = await serve();
const browser = await launch({ webgpu: true, clip: writeClip('bench.y4m', portrait()) });
const { page } = await openPackage(browser, server);

for (const [backend, runs] of [['cpu', 60], ['webgpu', 5]]) {
  const timings = await page.evaluate(async ([backend, runs, { base64, width, height }]) => {
    const detector = await load({ backend });
    const data = imageData(base64, width, height);
    const all = [];
    for (let i = 0; i < runs + 2; i++) all.push((await detector.score(data)).timings);
    const depths = [];
    for (let i = 0; i < runs / 5; i++) depths.push((await detector.depth(data)).timings.depthMs);
    return { all: all.slice(2), depth: Math.min(...depths), adapter: detector.adapter };
  }, [backend, runs, photo]);
  const of = (key) => timings.all.map((t) => t[key]).sort((a, b) => a - b);
  const line = ['totalMs', 'detectMs', 'cropMs', 'scoreMs'].map((key) => `${key} ${of(key)[0].toFixed(1)}`).join('  ');
  console.log(`${backend.padEnd(7)} ${line}  (minimum of ${runs}; median total ${of('totalMs')[runs >> 1].toFixed(1)})  depthMs ${timings.depth.toFixed(1)}${timings.adapter ? `  ${timings.adapter}` : ''}`);
}
// The whole camera screen, from the press of its button. A face that is judged in a second would leave little to measure: a
// challenge that nobody answers lasts.
await page.evaluate(async () => {
  await import('/pkg/dist/element/index.js');
  globalThis.element = Object.assign(document.createElement('liveness-check'), { backend: 'cpu', challenge: true });
  document.body.append(element);
  globalThis.long = { longtask: [], 'long-animation-frame': [] };
  const observer = new PerformanceObserver((list) => list.getEntries().forEach(({ entryType, duration }) => long[entryType].push(duration)));
  for (const type of Object.keys(long)) observer.observe({ type });
});
await browser.startTracing(page, { categories: ['toplevel', 'blink.user_timing'] });
const { framesSeen, elapsedMs } = await page.evaluate(async () => {
  const ended = new Promise((resolve) => element.addEventListener('liveness-result', ({ detail }) => resolve(detail)));
  element.addEventListener('liveness-state', ({ detail }) => performance.mark(`bench-${detail}`));
  element.start();
  return ended;
});
const trace = JSON.parse(await browser.stopTracing()).traceEvents;
const rate = (framesSeen / elapsedMs) * 1000;
console.log(`\ncheck   ${framesSeen} frames in ${(elapsedMs / 1000).toFixed(1)} s, ${rate.toFixed(1)} a second (the camera gives 15)`);
for (const [what, from, to] of [['load', 'bench-loading', 'bench-asking'], ['camera', 'bench-asking', 'bench-running'], ['check', 'bench-running', 'bench-result']]) {
  const { count, wall, busy } = longestTask(trace, from, to);
  console.log(`${what.padEnd(7)} longest of ${count} tasks of the page's thread: ${wall.toFixed(1)} ms; by time on a core: ${busy.toFixed(1)} ms`);
}
for (const [type, durations] of Object.entries(await page.evaluate(() => long))) {
  console.log(`        ${type}: ${durations.length ? `${durations.length} of 50 ms or more, the longest ${Math.max(...durations).toFixed(0)} ms` : 'none of 50 ms or more'}`);
}
await browser.close();
await server.close();

console.log('\nfile                              bytes    brotli 11');
const size = (folder, match) => {
  for (const name of readdirSync(join(root, folder)).filter((n) => match.test(n)).sort()) {
    const bytes = readFileSync(join(root, folder, name));
    const options = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } };
    console.log(`${name.padEnd(30)} ${String(bytes.length).padStart(9)} ${String(brotliCompressSync(bytes, options).length).padStart(9)}`);
  }
};
size('pkg/dist/wasm', /^bonafide.*\.(wasm|js)$/);
size('pkg/weights', /safetensors|json/);
size('pkg/dist', /\.js$/);

/**
 * The longest task of the thread that set two marks, between them: milliseconds by the clock, and of any task on a core, which
 * is less where the machine is busy with other things.
 */
function longestTask(trace, from, to) {
  const mark = (name) => trace.find((event) => event.name === name);
  const [begin, end] = [mark(from), mark(to)];
  const tasks = trace.filter(
    ({ name, pid, tid, ts, dur }) => /RunTask$/.test(name) && pid === begin.pid && tid === begin.tid && ts + dur > begin.ts && ts < end.ts,
  );
  const longest = (key) => tasks.reduce((most, task) => Math.max(most, task[key] ?? 0), 0) / 1000;
  return { count: tasks.length, wall: longest('dur'), busy: longest('tdur') };
}
