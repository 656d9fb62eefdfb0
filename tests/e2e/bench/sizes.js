//! Files -> what they weigh on the wire: brotli 11, with the window that a host would use for them.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { root } from '../server.js';

// Compressing ONNX Runtime Web's modules takes a minute, and they do not change.
const path = join(root, 'target/e2e/brotli.json');
const known = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};

/** Bytes of a file after brotli 11. */
export function compressed(bytes) {
  const key = createHash('sha256').update(bytes).digest('hex');
  if (known[key] === undefined) {
    const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
    known[key] = brotliCompressSync(bytes, { params }).length;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, JSON.stringify(known));
  }
  return known[key];
}
