//! The compiled modules in build/ -> what ships in dist/: one file for each worker, and for the page its entries and what they
//! share. A browser would otherwise fetch some forty files, most of them known only once another has come.

import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { defineConfig } from 'rolldown';

const here = import.meta.dirname;

/** What wasm-bindgen writes lies where it ships from, beside its .wasm. */
const glue = { name: 'glue', resolveId: (id) => (id.startsWith('./wasm/') ? join(here, 'dist', id) : null) };

const languages = readdirSync(join(here, 'src/element/languages')).map((file) => `element/languages/${basename(file, '.ts')}`);
const page = ['index', 'element/index', 'react/index', 'vue/index', ...languages];

const common = { cwd: here, external: ['react', 'vue'], plugins: [glue], checks: { moduleLevelDirective: false } };
const input = (names) => Object.fromEntries(names.map((name) => [name, `build/${name}.js`]));
const output = { dir: 'dist', format: 'esm', entryFileNames: '[name].js', chunkFileNames: '[name].js' };

/**
 * For test runners and servers that only `require`: the same classes, which say NOT_SUPPORTED where there is no browser. Exports are
 * named, or a language's file would be its texts, and its `default` nothing.
 */
const required = { name: 'required', generateBundle() { this.emitFile({ type: 'asset', fileName: 'package.json', source: '{ "type": "commonjs" }\n' }); } };

export default defineConfig([
  { ...common, input: input(page), output },
  { ...common, platform: 'node', plugins: [...common.plugins, required], input: input(page), output: { ...output, dir: 'dist/cjs', format: 'cjs', exports: 'named' } },
  // Each whole in its file, whatever it has in common with the page: a worker's imports wait for the worker.
  ...['worker', 'worker-cpu', 'worker-webgpu'].map((name) => ({ ...common, input: input([name]), output: { ...output, codeSplitting: false } })),
]);
