//! The server of the benchmark: the package, ONNX Runtime Web, the networks in both forms, and pages to meet them on.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { root, serve } from '../server.js';

const here = dirname(fileURLToPath(import.meta.url));
const ortFolder = dirname(createRequire(import.meta.url).resolve('onnxruntime-web/ort-wasm-simd-threaded.wasm'));
const onnxFolder = process.env.ONNX ?? join(root, 'target/onnx');
const TYPES = { '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm', '.html': 'text/html; charset=utf-8' };

/** The builds of ONNX Runtime Web with the fewest requests: one script and one WebAssembly module each. */
export const PEERS = {
  wasm: { build: 'ort.wasm.bundle.min.mjs', provider: 'wasm' },
  webgpu: { build: 'ort.webgpu.bundle.min.mjs', provider: 'webgpu' },
};

const FIRST = {
  // The whole path, from a frame, in the worker that the package starts.
  ours: (backend) => `
    import { LivenessDetector } from '/pkg/dist/index.js';
    const frame = fetch('/bench/frame.rgba').then((answer) => answer.arrayBuffer());
    const detector = await LivenessDetector.load({ backend: '${backend}' });
    const loadedMs = performance.now();
    const { score } = await detector.score(new ImageData(new Uint8ClampedArray(await frame), 640, 480));
    globalThis.first = { loadedMs, scoredMs: performance.now(), score };`,
  // Detector and classifier, on ready inputs, in the page itself: no worker to start, and no experts.
  ort: (backend) => `
    import { start } from '/bench/peer.js';
    import { classifierInput, detectorInput, pixels } from '/bench/page.js';
    const inputs = Promise.all([pixels('letterbox'), pixels('crop')]);
    const peer = await start(${JSON.stringify({ ...PEERS[backend === 'cpu' ? 'wasm' : backend], threads: 1 })});
    const loadedMs = performance.now();
    const [letterbox, crop] = await inputs;
    await peer.run('detector', detectorInput(letterbox));
    const { outputs: [[logit]] } = await peer.run('classifier', classifierInput(crop));
    globalThis.first = { loadedMs, scoredMs: performance.now(), score: 1 / (1 + Math.exp(-logit)) };`,
};

const html = (script) => `<!doctype html><title>bench</title><script type="module">${script}</script>`;

/** The manifest that ships, with the experts silenced: so that the classifier can be compared by itself. */
function classifierAlone() {
  const manifest = JSON.parse(readFileSync(join(root, 'pkg/weights/manifest.json'), 'utf8'));
  const { fusion } = manifest;
  fusion.offset = 0;
  fusion.classifier.weight = 1;
  fusion.experts.weight = 0;
  for (const point of Object.values(manifest.operatingPoints)) delete point.refuse;
  return JSON.stringify(manifest);
}

/**
 * Serves, with every page isolated, as threads demand. `pictures` are RGBA by name, at /bench/NAME.rgba;
 * /bench/first/WHO/BACKEND scores once and leaves `globalThis.first`.
 */
export async function serveBench(pictures) {
  for (const network of ['detector', 'classifier']) {
    if (!existsSync(join(onnxFolder, `${network}.onnx`))) throw new Error(`${onnxFolder} has no ${network}.onnx: run make bench, which exports it`);
  }
  const server = await serve({
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-embedder-policy': 'require-corp',
    'cross-origin-resource-policy': 'same-origin',
  });
  const kept = new Map();
  const file = (path) => {
    if (!kept.has(path)) kept.set(path, readFileSync(path));
    return kept.get(path);
  };
  const packaged = server.read;
  server.read = (path) => {
    if (path.startsWith('/ort/')) return file(join(ortFolder, path.slice(5)));
    if (path.startsWith('/onnx/')) return file(join(onnxFolder, path.slice(6)));
    if (path.startsWith('/bench/')) return file(join(here, path.slice(7)));
    return packaged(path);
  };
  server.intercept = (path) => {
    // The page's policy is not ONNX Runtime Web's affair, and inline scripts are the benchmark's.
    const answer = (type, body) => ({ type, body, headers: { 'content-security-policy': '' } });
    if (path === '/bench/blank.html') return answer(TYPES['.html'], html(''));
    const first = path.match(/^\/bench\/first\/(ours|ort)\/(cpu|webgpu)$/);
    if (first) return answer(TYPES['.html'], html(FIRST[first[1]](first[2])));
    const only = path.match(/^\/bench\/classifier\/([\w.-]+)$/);
    if (only) return answer('application/octet-stream', only[1] === 'manifest.json' ? classifierAlone() : server.read(`/pkg/weights/${only[1]}`));
    const picture = path.match(/^\/bench\/(\w+)\.rgba$/);
    if (picture) return answer('application/octet-stream', Buffer.from(pictures[picture[1]].data));
    if (/^\/(ort|onnx|bench)\/[\w.-]+$/.test(path)) return answer(TYPES[extname(path)] ?? 'application/octet-stream', server.read(path));
    return undefined;
  };
  return server;
}
