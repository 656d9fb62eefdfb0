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
    return { all: all.slice(2), adapter: detector.adapter };
  }, [backend, runs, photo]);
  const of = (key) => timings.all.map((t) => t[key]).sort((a, b) => a - b);
  const line = ['totalMs', 'detectMs', 'cropMs', 'scoreMs'].map((key) => `${key} ${of(key)[0].toFixed(1)}`).join('  ');
  console.log(`${backend.padEnd(7)} ${line}  (minimum of ${runs}; median total ${of('totalMs')[runs >> 1].toFixed(1)})${timings.adapter ? `  ${timings.adapter}` : ''}`);
}
// A face that is judged in a second would leave little to measure: a challenge that nobody answers lasts.
const checked = await page.evaluate(async () => {
  const { openCamera } = await import('/pkg/dist/index.js');
  const detector = await load({ backend: 'cpu' });
  const video = Object.assign(document.createElement('video'), { muted: true, srcObject: (await openCamera()).stream });
  await video.play();
  const long = [];
  const observer = new PerformanceObserver((list) => long.push(...list.getEntries().map(({ duration }) => duration)));
  observer.observe({ type: 'longtask' });
  const { outcome, framesSeen, elapsedMs } = await detector.check(video, { challenge: { steps: ['turn-left'] } });
  await new Promise((resolve) => setTimeout(resolve, 200));
  observer.disconnect();
  return { outcome, framesSeen, elapsedMs, long };
});
const rate = (checked.framesSeen / checked.elapsedMs) * 1000;
const longest = checked.long.length ? `longest of ${checked.long.length} tasks above 50 ms: ${Math.max(...checked.long)} ms` : 'no task above 50 ms';
console.log(`check   ${checked.framesSeen} frames in ${(checked.elapsedMs / 1000).toFixed(1)} s, ${rate.toFixed(1)} a second; on the page's thread ${longest}`);
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
