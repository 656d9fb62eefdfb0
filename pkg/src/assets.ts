//! URLs -> bytes of the manifest, the weights and the WebAssembly module. Does not check them: Rust does.

import { instead } from './delivery.js';
import { body, count, get, stalled } from './download.js';
import { LivenessError } from './errors.js';
import type { Progress } from './progress.js';
import { unless } from './within.js';

/** File names of the weights in this package. Each URL is a literal, or bundlers would not find the file. */
const SHIPPED: Readonly<Record<string, URL>> = {
  'manifest.json': new URL('../weights/manifest.json', import.meta.url),
  'detector.safetensors': new URL('../weights/detector.safetensors', import.meta.url),
  'classifier.safetensors': new URL('../weights/classifier.safetensors', import.meta.url),
  'minifasnet-v2.safetensors': new URL('../weights/minifasnet-v2.safetensors', import.meta.url),
  'minifasnet-v1se.safetensors': new URL('../weights/minifasnet-v1se.safetensors', import.meta.url),
  'cover.safetensors': new URL('../weights/cover.safetensors', import.meta.url),
  'decoder.safetensors': new URL('../weights/decoder.safetensors', import.meta.url),
};

/** The smallest module that uses 128-bit SIMD, which the engine is compiled with. */
const SIMD_PROBE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
]);

/** How long the beginning of an engine that was refused may take: it has arrived already. */
const LOOK_MS = 1_000;

/** A manifest and the files that it names, unchecked. */
export interface Weights {
  readonly manifestJson: string;
  readonly files: Record<string, Uint8Array>;
}

/** The network that is fetched when it is first asked for: the depth view's. */
const DECODER = 'decoder';

/**
 * Fetches the manifest and then, side by side, the weights that it names, but for the depth view's. `cache` as `get` takes it.
 *
 * @throws LivenessError `MODEL_FETCH` if a file does not arrive. A manifest that is not JSON is passed on: the engine
 * refuses it with `MODEL_INTEGRITY`.
 */
export async function fetchWeights(assetBase: string | undefined, progress: Progress, cache?: RequestCache): Promise<Weights> {
  const manifest = await get(locate('manifest.json', assetBase), 'MODEL_FETCH', cache);
  const manifestJson = new TextDecoder().decode(await body(manifest, 'MODEL_FETCH'));
  if (/script/.test(manifest.response.headers.get('content-type') ?? '')) {
    const message = `A bundler made a script of the weights' manifest (${manifest.response.url}): serve the folder weights of this package as it is, and name it by assetBase.`;
    throw new LivenessError('MODEL_FETCH', message, { reason: 'not-deployed', retryable: false });
  }
  const named = weightFiles(manifestJson, (network) => network !== DECODER);
  progress.expect(named.reduce((sum, { bytes }) => sum + bytes, 0));
  const files = await Promise.all(
    named.map(async ({ name }) => {
      const download = await get(locate(name, assetBase), 'MODEL_FETCH', cache);
      return [name, await body(download, 'MODEL_FETCH', progress.arrived)] as const;
    }),
  );
  return { manifestJson, files: Object.fromEntries(files) };
}

/**
 * Fetches the depth view's weights, if the manifest names any.
 *
 * @throws LivenessError `MODEL_FETCH` if the file does not arrive.
 */
export async function fetchDecoder(manifestJson: string, assetBase: string | undefined, cache?: RequestCache): Promise<Weights['files']> {
  const files: Record<string, Uint8Array> = {};
  for (const { name } of weightFiles(manifestJson, (network) => network === DECODER)) {
    files[name] = await body(await get(locate(name, assetBase), 'MODEL_FETCH', cache), 'MODEL_FETCH');
  }
  return files;
}

/**
 * Fetches and compiles the engine, whatever MIME type the server gives it.
 *
 * @throws LivenessError `ENGINE_FETCH` if it does not arrive or is not WebAssembly, `NOT_SUPPORTED` without SIMD,
 * `WASM_BLOCKED_BY_CSP` if the policy forbids it.
 */
export async function compileEngine(url: URL, progress: Progress, cache?: RequestCache): Promise<WebAssembly.Module> {
  if (!WebAssembly.validate(SIMD_PROBE)) {
    throw new LivenessError('NOT_SUPPORTED', 'This browser has no WebAssembly SIMD: update it to a version from 2023 or later.');
  }
  try {
    // A valid module of 31 bytes can fail for one reason only, whatever the browser's error is called.
    new WebAssembly.Module(SIMD_PROBE);
  } catch (cause) {
    const remedy = "allow 'wasm-unsafe-eval' in script-src, on the worker's script too.";
    throw new LivenessError('WASM_BLOCKED_BY_CSP', `The content security policy forbids WebAssembly: ${remedy}`, { cause });
  }
  const download = await get(url, 'ENGINE_FETCH', cache);
  const { response } = download;
  let first: Promise<Uint8Array> | Uint8Array = new Uint8Array();
  const type = response.headers.get('content-type') ?? '';
  try {
    // Streaming compilation refuses any other type, one with a parameter too, and hosts that do not know .wasm are common.
    if (type.trim().toLowerCase() !== 'application/wasm') {
      const bytes = await body(download, 'ENGINE_FETCH', progress.arrived);
      first = bytes;
      return await WebAssembly.compile(bytes);
    }
    // Counted on a copy, since browsers keep compiled code for the response itself only.
    const counted = count(download, progress.arrived);
    first = counted.first;
    // Firefox never ends the compilation of a module that is cut off.
    const never = counted.all.then(async (all) => {
      if (cutOff(new Uint8Array(await all.arrayBuffer()))) throw new WebAssembly.CompileError('the module is cut off');
      return new Promise<never>(() => {});
    });
    const module = await unless(download.stall.signal, Promise.race([WebAssembly.compileStreaming(response), never]));
    await counted.all;
    return module;
  } catch (cause) {
    if (cause instanceof LivenessError) throw cause;
    if (download.stall.signal.aborted) throw stalled(url.href, 'ENGINE_FETCH', cause);
    // After a refusal Firefox may give the copy nothing more, not even its beginning: then that stays unknown.
    const unknown = new Promise<Uint8Array>((resolve) => setTimeout(() => resolve(new Uint8Array(1)), LOOK_MS));
    const error = instead('ENGINE_FETCH', response, await Promise.race([first, unknown]));
    if (error) throw error;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new LivenessError('ENGINE_FETCH', `${url.href} (served as ${type || 'no type'}) could not be compiled: ${reason}`, { cause, ...(cause instanceof WebAssembly.CompileError && { reason: 'not-deployed', retryable: false }) });
  }
}

/** Whether a module ends within one of its sections, each of which says how long it is (WebAssembly specification, 5.5.2). */
function cutOff(module: Uint8Array): boolean {
  // After the magic number and the version.
  let at = 8;
  while (at < module.length) {
    // The section's kind; then its length in LEB128.
    at++;
    let [length, shift, byte] = [0, 0, 0x80];
    while (byte & 0x80) {
      byte = module[at++] ?? 0;
      length += (byte & 0x7f) * 2 ** shift;
      shift += 7;
    }
    at += length;
  }
  return at !== module.length;
}

/** Names and sizes of the wanted networks' files. Tolerates any JSON, because judging the manifest is the engine's task. */
function weightFiles(manifestJson: string, wanted: (network: string) => boolean): { name: string; bytes: number }[] {
  try {
    const { networks = {} } = JSON.parse(manifestJson) as { networks?: Record<string, { file?: unknown; bytes?: unknown }> };
    const size = (bytes: unknown) => (typeof bytes === 'number' && bytes > 0 ? bytes : 0);
    return Object.entries(networks).flatMap(([network, n]) =>
      wanted(network) && typeof n?.file === 'string' ? [{ name: n.file, bytes: size(n.bytes) }] : [],
    );
  } catch {
    return [];
  }
}

function locate(name: string, base: string | undefined): URL {
  if (base !== undefined) return new URL(name, base);
  const url = SHIPPED[name];
  if (!url) throw new LivenessError('MODEL_INTEGRITY', `The shipped manifest names ${name}, which this package does not have: reinstall it.`);
  return url;
}
