//! URLs -> bytes of the manifest, the weights and the WebAssembly module. Does not check them: Rust does.

import { LivenessError, type LivenessErrorCode } from './errors.js';

/** File names of the weights in this package. Each URL is a literal, or bundlers would not find the file. */
const SHIPPED: Readonly<Record<string, URL>> = {
  'manifest.json': new URL('../weights/manifest.json', import.meta.url),
  'detector.safetensors': new URL('../weights/detector.safetensors', import.meta.url),
  'classifier.safetensors': new URL('../weights/classifier.safetensors', import.meta.url),
};

/** The smallest module that uses 128-bit SIMD, which the engine is compiled with. */
const SIMD_PROBE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
]);

/** A manifest and the files that it names, unchecked. */
export interface Weights {
  readonly manifestJson: string;
  readonly files: Record<string, Uint8Array>;
}

/**
 * Fetches the manifest and then, side by side, the weights that it names.
 *
 * @throws LivenessError `MODEL_FETCH` if a file does not arrive. A manifest that is not JSON is passed on: the engine
 * refuses it with `MODEL_INTEGRITY`.
 */
export async function fetchWeights(assetBase: string | undefined): Promise<Weights> {
  const manifestJson = await (await get(locate('manifest.json', assetBase), 'MODEL_FETCH')).text();
  const names = fileNames(manifestJson);
  const bytes = await Promise.all(
    names.map(async (name) => body(await get(locate(name, assetBase), 'MODEL_FETCH'), 'MODEL_FETCH')),
  );
  return { manifestJson, files: Object.fromEntries(names.map((name, i) => [name, bytes[i]!])) };
}

/**
 * Fetches and compiles the engine, whatever MIME type the server gives it.
 *
 * @throws LivenessError `ENGINE_FETCH` if it does not arrive or is not WebAssembly, `NOT_SUPPORTED` without SIMD,
 * `WASM_BLOCKED_BY_CSP` if the policy forbids it.
 */
export async function compileEngine(url: URL): Promise<WebAssembly.Module> {
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
  const response = await get(url, 'ENGINE_FETCH');
  const type = response.headers.get('content-type') ?? '';
  try {
    // Streaming compilation refuses any other type, and hosts that do not know .wasm are common.
    if (type.startsWith('application/wasm')) return await WebAssembly.compileStreaming(response);
    return await WebAssembly.compile(await body(response, 'ENGINE_FETCH'));
  } catch (cause) {
    if (cause instanceof LivenessError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new LivenessError('ENGINE_FETCH', `${url.href} (served as ${type || 'no type'}) could not be compiled: ${reason}`, { cause });
  }
}

/** Names of the weight files. Tolerates any JSON, because judging the manifest is the engine's task. */
function fileNames(manifestJson: string): string[] {
  try {
    const networks = (JSON.parse(manifestJson) as { networks?: Record<string, { file?: unknown }> }).networks ?? {};
    return Object.values(networks).flatMap((n) => (typeof n?.file === 'string' ? [n.file] : []));
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

async function get(url: URL, code: LivenessErrorCode): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { credentials: 'same-origin' });
  } catch (cause) {
    throw new LivenessError(code, `${url.href} could not be fetched: check the connection, and that the page's policy allows it.`, { cause });
  }
  if (!response.ok) throw new LivenessError(code, `${url.href} answered ${response.status}: check that the file is deployed.`);
  return response;
}

async function body(response: Response, code: LivenessErrorCode): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    throw new LivenessError(code, `${response.url} broke off while it was downloaded: check the connection.`, { cause });
  }
}
