//! The package as people install it: packed, installed into copies of the examples, built by their bundlers, served, and run
//! with a camera until a verdict. Their other dependencies are as locked.

import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkBindings } from './bindings/bindings.js';
import { screenshot } from './browser.js';
import { install as installApp, run, start, using, visit, vite } from './consumer.js';
import { root, serveFolder } from './server.js';

const START = 'liveness-check .primary, #check';

const install = (name) => installApp(`www/examples/${name}`);

/** Makes a check in an example's page. */
const check = (name, url, kind) =>
  visit(url, async (page) => {
    assert.equal(await page.innerText('output'), 'not checked yet');
    await page.click(START);
    const said = await page.waitForFunction(() => document.querySelector('output').innerText.match(/^(bona-fide|attack|inconclusive|[A-Z_]+)$/)?.[0], null, { timeout: 120_000 });
    const outcome = await said.jsonValue();
    // A machine that is too busy to look at enough frames says so: that is a verdict too.
    assert.match(outcome, /^(bona-fide|attack|inconclusive)$/);
    assert.equal(await page.isDisabled('[type=submit]'), outcome !== 'bona-fide');
    await screenshot(page, `consumer-${name}`);
  }, kind);

/** Puts a page for `checkBindings` into an app. */
function addBindings(app, framework, script) {
  cpSync(join(root, `tests/e2e/bindings/${framework}.js`), join(app, 'src/bindings.js'));
  writeFileSync(join(app, 'bindings.html'), `<!doctype html><link rel="icon" href="data:," /><body><script type="module" src="${script}"></script>`);
}

const bindings = (url, version, kind) =>
  visit(`${url}/bindings.html`, async (page) => {
    await page.waitForFunction(() => 'handle' in globalThis);
    assert.match(await page.evaluate(() => globalThis.version), version);
    await checkBindings(page);
  }, kind);

test('what the README shows is what runs here', () => {
  const readme = readFileSync(join(root, 'pkg/README.md'), 'utf8');
  const plain = (text) => text.replaceAll(/\s+/g, ' ');
  const shown = { react: ['jsx', 'react/src/SignUp.tsx'], vue: ['vue', 'vue/src/SignUp.vue'], build: ['js', 'esbuild/build.js'], html: ['js', 'html/index.html'], angular: ['json', 'angular/angular.json'] };
  for (const [what, [language, file]] of Object.entries(shown)) {
    const source = plain(readFileSync(join(root, 'www/examples', file), 'utf8'));
    const blocks = [...readme.matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, 'g'))].map(([, block]) => block.split('\n\n').map((part) => plain(part).trim()));
    assert.ok(blocks.some((parts) => parts.every((part) => source.includes(part))), `the README's ${what} is not in ${file}`);
  }
});

test('plain HTML, without a bundler: the element', { timeout: 600_000 }, async () => {
  await using(serveFolder(install('html')), (url) => check('html', `${url}/`));
});

test('React 19 with vite, in TypeScript: built, and from its development server', { timeout: 600_000 }, async () => {
  const app = install('react');
  run('npm', ['run', 'build'], app);
  await using(serveFolder(join(app, 'dist')), (url) => check('react', `${url}/`));
  addBindings(app, 'react', '/src/bindings.js');
  await using(vite(app), async (url) => {
    await check('react-dev', `${url}/`, { development: true });
    await bindings(url, /^19/, { development: true });
  });
});

test('Vue 3 with vite: built, and from its development server', { timeout: 600_000 }, async () => {
  const app = install('vue');
  run('npm', ['run', 'build'], app);
  await using(serveFolder(join(app, 'dist')), (url) => check('vue', `${url}/`));
  addBindings(app, 'vue', '/src/bindings.js');
  await using(vite(app), (url) => bindings(url, /^3/, { development: true }));
});

test('React 18 with webpack', { timeout: 600_000 }, async () => {
  const app = install('webpack');
  addBindings(app, 'react', './dist/bindings.js');
  // Both pages in one run of webpack.
  const config = "export default { mode: 'production', entry: { main: './src/main.js', bindings: './src/bindings.js' } };";
  writeFileSync(join(app, 'both.config.js'), config);
  run('npm', ['run', 'build', '--', '--config', 'both.config.js'], app);
  await using(serveFolder(app), async (url) => {
    await check('webpack', `${url}/`);
    await bindings(url, /^18/);
  });
});

test('the classes beneath the element, with esbuild', { timeout: 600_000 }, async () => {
  const app = install('esbuild');
  run('npm', ['run', 'build'], app);
  await using(serveFolder(app), (url) => check('esbuild', `${url}/`));
});

test('Next.js: rendered on the server, checked in the browser', { timeout: 600_000 }, async () => {
  const app = install('next');
  run('npm', ['run', 'build'], app);
  await using(start(['node_modules/next/dist/bin/next', 'start', '--port', '0'], app), async (url) => {
    assert.match(await (await fetch(url)).text(), /<liveness-check><\/liveness-check>/);
    await check('next', `${url}/`);
  });
});

test('Angular: built, in a folder of its own, and from its development server', { timeout: 600_000 }, async () => {
  const app = install('angular');
  const ng = ['node_modules/@angular/cli/bin/ng.js'];
  run(process.execPath, [...ng, 'build', '--base-href', '/sign-up/browser/'], app);
  await using(serveFolder(join(app, 'dist')), (url) => check('angular', `${url}/sign-up/browser/`));

  const file = join(app, 'angular.json');
  const workspace = JSON.parse(readFileSync(file, 'utf8'));
  const { options } = workspace.projects['sign-up'].architect.serve;
  // Where a CI runs it, it would bundle nothing in advance.
  workspace.cli = { cache: { environment: 'all' } };
  writeFileSync(file, JSON.stringify(workspace));
  await using(start([...ng, 'serve', '--port', '0'], app), (url) => check('angular-dev', `${url}/`, { development: true }));

  const { prebundle } = options;
  delete options.prebundle;
  writeFileSync(file, JSON.stringify(workspace));
  const refused = { development: true, expected: /404/ };
  await using(start([...ng, 'serve', '--port', '0'], app), (url) =>
    visit(`${url}/`, async (page) => {
      const error = page.evaluate(() => new Promise((resolve) => addEventListener('liveness-error', ({ detail }) => resolve(detail.message))));
      await page.click(START);
      const said = await error;
      assert.ok(said.replaceAll(/\s/g, '').includes(`"prebundle":${JSON.stringify(prebundle)}`), said);
    }, refused));
});
