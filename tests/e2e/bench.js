//! Prints milliseconds per score in a real browser beside what a page downloads for it. Minimum of many runs: the
//! machine may be busy with other things.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { launch } from './browser.js';
import { openPackage, pack } from './detector.js';
import { portrait } from './pictures.js';
import { root, serve } from './server.js';

const photo = pack(portrait());
const server = await serve();
const browser = await launch({ webgpu: true });
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
