//! The code in the documentation: every sample compiles against the package's types, and those that people copy first run.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { DOCS } from '../../www/site/pages.js';
import { samples } from './documented.js';
import { portrait, writeClip } from './pictures.js';
import { root } from './server.js';
import { server, withBrowser } from './suite.js';

test('no sample awaits at the top of a module: bundlers build for browsers without that by default', () => {
  for (const file of ['README.md', 'pkg/README.md', ...DOCS.map(({ source }) => source)]) {
    for (const text of ['ts', 'js', 'html'].flatMap((language) => samples(file, language))) {
      // esbuild's own script runs in Node, and imports from node:fs or esbuild.
      if (/cpSync/.test(text)) continue;
      assert.doesNotMatch(text, /^(?!.*\basync\b)\S.*\bawait\b/m, file);
    }
  }
});

test('every sample compiles, strictly', () => {
  const folder = join(root, 'target/e2e/samples');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const files = ['README.md', 'pkg/README.md', ...DOCS.map(({ source }) => source)];
  let count = 0;
  for (const file of files) {
    samples(file, 'ts').forEach((text, at) => {
      count++;
      writeFileSync(join(folder, `${file.replaceAll('/', '-')}-${at + 1}.ts`), `${text}\nexport {};\n`);
    });
  }
  assert.ok(count >= 6, `only ${count} samples were found`);
  const compilerOptions = {
    ...JSON.parse(readFileSync(join(root, 'www/tsconfig.json'), 'utf8')).compilerOptions,
    types: [],
    noUnusedLocals: false,
    paths: { 'bonafide-liveness': [join(root, 'pkg/dist/index.d.ts')], 'bonafide-liveness/*': [join(root, 'pkg/dist/*/index.d.ts')] },
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'lib/tsc.js');
  try {
    execFileSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' });
  } catch ({ stdout }) {
    assert.fail(stdout);
  }
});

withBrowser('samples, run', () => ({ clip: writeClip('face.y4m', portrait()) }), (its) => {
  /** A page of the sample alone, with the package where a bundler would have put it; what it logs. */
  const run = async (body) => {
    const text = body.replaceAll("'./node_modules/bonafide-liveness/", "'/pkg/").replaceAll("'bonafide-liveness'", "'/pkg/dist/index.js'").replaceAll("'bonafide-liveness/element'", "'/pkg/dist/element/index.js'");
    const [, markup, script] = text.match(/^([\s\S]*?)<script type="module">([\s\S]*)<\/script>/) ?? [null, '', text];
    server.intercept = (path) =>
      path === '/sample.html'
        ? { type: 'text/html', body: `<!doctype html><title>sample</title>${markup}<script type="module" src="/sample.js"></script>` }
        : path === '/sample.js'
          ? { type: 'text/javascript', body: script }
          : undefined;
    const page = await its.open();
    const logged = [];
    page.on('console', (message) => logged.push(message.text()));
    await page.goto(`${server.url}/sample.html`);
    return { page, logged };
  };
  /** Which one, a busy machine may change. */
  const verdict = async (logged) => {
    const is = (line) => /^(bona-fide|attack|inconclusive) \[.*\]$/.test(line);
    for (let i = 0; i < 600 && !logged.some(is); i++) await new Promise((resolve) => setTimeout(resolve, 100));
    assert.ok(logged.some(is), `no verdict was logged, but: ${logged.join('\n')}`);
  };

  for (const file of ['README.md', 'pkg/README.md']) {
    test(`the first of ${file} prints a verdict`, async () => {
      const { logged } = await run(samples(file, 'ts')[0]);
      await verdict(logged);
    });
  }

  test('the first of the quick start shows the camera screen and logs its result', async () => {
    const { page, logged } = await run(samples('www/docs/index.md', 'html')[0]);
    await page.locator('liveness-check').getByRole('button').first().click();
    await verdict(logged);
  });
}, { path: '/blank.html' });
