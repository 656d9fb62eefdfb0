//! The package as files: what importing it does outside a browser, and what it ships.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from './server.js';

test('importing in Node does nothing, and loading there says what is missing', () => {
  const code = `
    const { LivenessDetector, LivenessError, openCamera } = await import('bonafide');
    const codes = [];
    for (const start of [() => LivenessDetector.load(), () => openCamera()]) {
      await start().catch((e) => codes.push(e instanceof LivenessError && e.code));
    }
    console.log(codes.join());`;
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', code], { cwd: join(root, 'tests'), encoding: 'utf8' });
  assert.equal(out.trim(), 'NOT_SUPPORTED,NOT_SUPPORTED');
});

test('every file that package.json names is there', () => {
  const manifest = JSON.parse(readFileSync(join(root, 'pkg/package.json'), 'utf8'));
  const named = Object.values(manifest.exports).flatMap((entry) => (typeof entry === 'string' ? [entry] : Object.values(entry)));
  for (const path of named.filter((path) => !path.includes('*'))) assert.ok(existsSync(join(root, 'pkg', path)), `${path} is missing`);
  for (const backend of ['cpu', 'webgpu']) {
    assert.ok(existsSync(join(root, `pkg/dist/wasm/bonafide_${backend}_bg.wasm`)), `no ${backend} module`);
  }
  assert.ok(readdirSync(join(root, 'pkg/weights')).includes('manifest.json'));
});

test('the sources of the package hold no threshold and no pixel arithmetic', () => {
  for (const file of readdirSync(join(root, 'pkg/src')).filter((name) => name.endsWith('.ts'))) {
    const source = readFileSync(join(root, 'pkg/src', file), 'utf8');
    assert.doesNotMatch(source, /getImageData|\/ 255|threshold\s*[:=]\s*[\d.]/, file);
  }
});
