//! What a page downloads, minified by esbuild and compressed with brotli 11, may not grow past these. Each limit is some
//! percent above what was measured (`make package-check` prints it), so that growth is a decision.

import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

/** As a consumer's bundler would: ES modules, shared chunks; what is not JavaScript is copied, and counts. */
const bundle = (more) => (config) => ({
  ...config,
  ...more,
  format: 'esm',
  splitting: true,
  loader: { '.wasm': 'copy', '.json': 'copy', '.safetensors': 'copy' },
});

const weights = ['manifest.json', ...['detector', 'classifier', 'minifasnet-v2', 'minifasnet-v1se', 'cover'].map((network) => `${network}.safetensors`)].map((file) => `weights/${file}`);
const engine = (backend) => [`dist/worker-${backend}.js`, `dist/wasm/bonafide_${backend}_bg.wasm`];
// Beside English, which is part of the element.
const languages = readdirSync(join(import.meta.dirname, 'src/element/languages')).map((file) => basename(file, '.ts')).filter((name) => name !== 'en');

export default [
  { name: 'bonafide-liveness: JavaScript of the page', path: 'dist/index.js', limit: '14.8 kB', modifyEsbuildConfig: bundle() },
  {
    // The others are downloaded one at a time, when they are shown.
    name: 'bonafide-liveness/element, in English',
    path: 'dist/element/index.js',
    limit: '23.8 kB',
    modifyEsbuildConfig: bundle({ external: languages.map((language) => `./element/languages/${language}.js`) }),
  },
  { name: 'a check on the CPU: JavaScript, engine, weights', path: ['dist/index.js', ...engine('cpu'), ...weights], limit: '2.1 MB', modifyEsbuildConfig: bundle() },
  { name: 'the depth view, when it is first asked for', path: 'weights/decoder.safetensors', limit: '0.33 MB', modifyEsbuildConfig: bundle() },
  { name: 'a check on WebGPU: JavaScript, engine, weights', path: ['dist/index.js', ...engine('webgpu'), ...weights], limit: '3.6 MB', modifyEsbuildConfig: bundle() },
];
