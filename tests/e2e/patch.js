//! The package's bundles with a piece of their code changed, as a server's `intercept`.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './server.js';

/** Serves a bundle of the package with a piece of its code changed. */
export function patch(file, from, to) {
  const source = readFileSync(join(root, 'pkg/dist', file), 'utf8');
  assert.ok(source.includes(from), `${file} has no ${from}`);
  return (path) => (path.endsWith(`/dist/${file}`) ? { type: 'text/javascript', body: source.replace(from, to) } : undefined);
}

/** What is waited for in minutes takes a test too long. */
export const shorten = (file, constant, from, to) => patch(file, `const ${constant} = ${from};`, `const ${constant} = ${to};`);
