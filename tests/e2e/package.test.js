//! The package as files: what importing it does outside a browser, and what it ships.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
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

test('every subpath imports in Node, and does nothing there', () => {
  const { exports } = JSON.parse(readFileSync(join(root, 'pkg/package.json'), 'utf8'));
  const scripts = Object.keys(exports).filter((path) => !/\*|json$/.test(path));
  assert.ok(scripts.length >= 4);
  for (const path of scripts) {
    // One process each: the first import must stand alone.
    const name = path.replace('.', 'bonafide');
    const out = execFileSync(process.execPath, ['-e', `import('${name}').then(() => console.log('imported'))`], { cwd: join(root, 'tests'), encoding: 'utf8' });
    assert.equal(out, 'imported\n', name);
  }
});

test('both bindings render the bare tag on a server', () => {
  const code = `
    import { createElement } from 'react';
    import { renderToString } from 'react-dom/server';
    import { createSSRApp, h } from 'vue';
    import { renderToString as renderVue } from 'vue/server-renderer';
    import { LivenessCheck as ForReact } from 'bonafide/react';
    import { LivenessCheck as ForVue } from 'bonafide/vue';
    const given = { challenge: true, autoStart: true, lang: 'de', onResult() {} };
    console.log(renderToString(createElement(ForReact, { ...given, className: 'mine' })));
    console.log(await renderVue(createSSRApp({ render: () => h(ForVue, { ...given, class: 'mine' }) })));`;
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', code], { cwd: join(root, 'tests'), encoding: 'utf8' });
  assert.equal(out, '<liveness-check lang="de" class="mine"></liveness-check>\n<liveness-check lang="de" class="mine"></liveness-check>\n');
});

test('types of every subpath, as bundlers and Node resolve them', () => {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  for (const [module, moduleResolution] of [['ESNext', 'Bundler'], ['Node16', 'Node16']]) {
    const args = [tsc, '-p', join(root, 'tests/types'), '--module', module, '--moduleResolution', moduleResolution];
    const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    assert.deepEqual([status, stdout], [0, ''], moduleResolution);
  }
});

test('every file that package.json names is there', () => {
  const manifest = JSON.parse(readFileSync(join(root, 'pkg/package.json'), 'utf8'));
  const named = Object.values(manifest.exports).flatMap((entry) => (typeof entry === 'string' ? [entry] : Object.values(entry)));
  named.push(...manifest.files.filter((path) => !path.startsWith('!')));
  for (const path of named.filter((path) => !path.includes('*'))) assert.ok(existsSync(join(root, 'pkg', path)), `${path} is missing`);
  for (const backend of ['cpu', 'webgpu']) {
    assert.ok(existsSync(join(root, `pkg/dist/wasm/bonafide_${backend}_bg.wasm`)), `no ${backend} module`);
  }
  assert.ok(readdirSync(join(root, 'pkg/weights')).includes('manifest.json'));
});

test('bundlers are told of the file that registers the element, or they would drop it', () => {
  const { sideEffects } = JSON.parse(readFileSync(join(root, 'pkg/package.json'), 'utf8'));
  const files = readdirSync(join(root, 'pkg/dist'), { recursive: true }).filter((file) => file.endsWith('.js'));
  const registering = files.filter((file) => readFileSync(join(root, 'pkg/dist', file), 'utf8').includes('customElements.define('));
  assert.equal(registering.length, 1);
  assert.ok(sideEffects.includes(`./dist/${registering[0]}`), `${registering[0]} is not among the sideEffects ${sideEffects}`);
});

test('the sources of the package hold no threshold and no pixel arithmetic', () => {
  for (const file of readdirSync(join(root, 'pkg/src')).filter((name) => name.endsWith('.ts'))) {
    const source = readFileSync(join(root, 'pkg/src', file), 'utf8');
    assert.doesNotMatch(source, /getImageData|\/ 255|threshold\s*[:=]\s*[\d.]/, file);
  }
});
