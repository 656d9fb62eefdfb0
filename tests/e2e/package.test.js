//! The package as files: what importing it does outside a browser, and what it ships.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { root } from './server.js';

const require = createRequire(import.meta.url);

test('importing in Node does nothing, and loading there says what is missing', () => {
  const code = `
    const { LivenessDetector, LivenessError, openCamera } = await import('bonafide-liveness');
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
    const name = path.replace('.', 'bonafide-liveness');
    const out = execFileSync(process.execPath, ['-e', `import('${name}').then(() => console.log('imported'))`], { cwd: join(root, 'tests'), encoding: 'utf8' });
    assert.equal(out, 'imported\n', name);
  }
});

test('what a page uses can be required as well, inert: test runners and servers know nothing else', () => {
  const code = `
    const { LivenessDetector, LivenessError, openCamera } = require('bonafide-liveness');
    const { LivenessCheckElement } = require('bonafide-liveness/element');
    const { createElement } = require('react');
    const { renderToString } = require('react-dom/server');
    console.log(typeof LivenessCheckElement, renderToString(createElement(require('bonafide-liveness/react').LivenessCheck)), typeof require('bonafide-liveness/vue').LivenessCheck);
    for (const start of [() => LivenessDetector.load(), () => openCamera()]) start().catch((e) => console.log(e instanceof LivenessError && e.code));`;
  const out = execFileSync(process.execPath, ['--no-experimental-require-module', '-e', code], { cwd: join(root, 'tests'), encoding: 'utf8' });
  assert.equal(out, 'function <liveness-check></liveness-check> object\nNOT_SUPPORTED\nNOT_SUPPORTED\n');
});

test('nothing that ships holds syntax at which a browser without SIMD stops reading: those are to hear NOT_SUPPORTED', () => {
  const files = readdirSync(join(root, 'pkg/dist'), { recursive: true }).filter((file) => file.endsWith('.js'));
  assert.ok(files.length > 10);
  for (const file of files) {
    const source = readFileSync(join(root, 'pkg/dist', file), 'utf8');
    // Safari has lookbehind and static blocks since 16.4, as SIMD; v flags and `using` later.
    assert.doesNotMatch(source, /\(\?<[=!]|\bstatic \{|^\s*(await )?using \w+ =|\/[dgimsuy]*v[dgimsuy]*\.(test|exec)\(/m, file);
  }
});

test('both bindings render the bare tag on a server', () => {
  const code = `
    import { createElement } from 'react';
    import { renderToString } from 'react-dom/server';
    import { createSSRApp, h } from 'vue';
    import { renderToString as renderVue } from 'vue/server-renderer';
    import { LivenessCheck as ForReact } from 'bonafide-liveness/react';
    import { LivenessCheck as ForVue } from 'bonafide-liveness/vue';
    const given = { challenge: true, autoStart: true, lang: 'de', onResult() {} };
    console.log(renderToString(createElement(ForReact, { ...given, className: 'mine' })));
    console.log(await renderVue(createSSRApp({ render: () => h(ForVue, { ...given, class: 'mine' }) })));`;
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', code], { cwd: join(root, 'tests'), encoding: 'utf8' });
  assert.equal(out, '<liveness-check lang="de" class="mine"></liveness-check>\n<liveness-check lang="de" class="mine"></liveness-check>\n');
});

test('types of every subpath, as bundlers and Node resolve them', () => {
  const current = join(root, 'node_modules/typescript/bin/tsc');
  // The last that knows how TypeScript resolved before packages had exports.
  const older = join(dirname(createRequire(require.resolve('@arethetypeswrong/core')).resolve('typescript')), '../bin/tsc');
  for (const [tsc, module, moduleResolution, consumer = 'types'] of [
    [current, 'ESNext', 'Bundler'], [current, 'Node16', 'Node16'], [current, 'NodeNext', 'NodeNext'], [current, 'Node16', 'Node16', 'types/commonjs'],
    [older, 'ESNext', 'Bundler'], [older, 'Node16', 'Node16'], [older, 'CommonJS', 'Node10'], [older, 'Node16', 'Node16', 'types/commonjs'],
  ]) {
    const args = [tsc, '-p', join(root, 'tests', consumer), '--module', module, '--moduleResolution', moduleResolution];
    const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    assert.deepEqual([status, stdout], [0, ''], `${moduleResolution}, ${consumer}`);
  }
});

test('every file that package.json names is there', () => {
  const manifest = JSON.parse(readFileSync(join(root, 'pkg/package.json'), 'utf8'));
  const paths = (entry) => (typeof entry === 'string' ? [entry] : Object.values(entry).flatMap(paths));
  const named = [...paths(manifest.exports), ...paths(manifest.typesVersions), manifest.main, manifest.module, manifest.types];
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
  assert.deepEqual(registering.sort(), ['cjs/element.js', 'element.js']);
  for (const file of registering) assert.ok(sideEffects.includes(`./dist/${file}`), `${file} is not among the sideEffects ${sideEffects}`);
});

test('the sources of the package hold no threshold and no pixel arithmetic', () => {
  for (const file of readdirSync(join(root, 'pkg/src')).filter((name) => name.endsWith('.ts'))) {
    const source = readFileSync(join(root, 'pkg/src', file), 'utf8');
    // What a canvas gives back of a pattern is looked at there, not a picture.
    const forbidden = file === 'pixels.ts' ? /\/ 255|threshold\s*[:=]\s*[\d.]/ : /getImageData|\/ 255|threshold\s*[:=]\s*[\d.]/;
    assert.doesNotMatch(source, forbidden, file);
  }
});
