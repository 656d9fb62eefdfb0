//! The package as people install it: packed, installed into copies of the examples, built by their bundlers, served, and run
//! with a camera until a verdict. Their other dependencies are as locked.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { checkBindings } from './bindings/bindings.js';
import { launch, open, screenshot } from './browser.js';
import { portrait, writeClip } from './pictures.js';
import { root, serveFolder } from './server.js';

const ENV = { ...process.env, NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: undefined };
const START = 'liveness-check .primary, #check';

/** Outside the repository, whose node_modules would be found from any folder in it. */
const work = mkdtempSync(join(tmpdir(), 'bonafide-consumers-'));
let tarball, browser;

before(async () => {
  const [{ filename }] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', work], join(root, 'pkg')));
  tarball = join(work, filename);
  browser = await launch({ clip: writeClip('consumer.y4m', portrait()) });
});
after(async () => {
  await browser?.close();
  rmSync(work, { recursive: true, force: true });
});

/** Runs a program to its end; what it printed is in the error if it fails. */
function run(program, args, cwd) {
  try {
    return execFileSync(program, args, { cwd, env: ENV, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 26 });
  } catch (error) {
    throw new Error(`${program} ${args.join(' ')} in ${cwd}:\n${error.stdout}${error.stderr}`);
  }
}

/** A copy of an example with the packed package in it. */
function install(name) {
  const app = join(work, name);
  cpSync(join(root, 'www/examples', name), app, { recursive: true, filter: (path) => !/\/(node_modules|dist|public|\.next)$/.test(path) });
  const manifest = JSON.parse(readFileSync(join(app, 'package.json'), 'utf8'));
  assert.equal(manifest.dependencies['bonafide-liveness'], JSON.parse(readFileSync(join(root, 'pkg/package.json'), 'utf8')).version);
  manifest.dependencies['bonafide-liveness'] = `file:${tarball}`;
  writeFileSync(join(app, 'package.json'), JSON.stringify(manifest));
  const locked = () => {
    const { '': _, 'node_modules/bonafide-liveness': ours, ...others } = JSON.parse(readFileSync(join(app, 'package-lock.json'), 'utf8')).packages;
    return { ours, others };
  };
  const before = name === 'html' ? {} : locked().others;
  run('npm', ['install', '--prefer-offline', '--omit-lockfile-registry-resolved', '--no-audit', '--no-fund'], app);
  const { ours, others } = locked();
  assert.deepEqual(Object.keys(others).sort(), Object.keys(before).sort(), 'the package brings dependencies');
  assert.deepEqual(others, before, `${name}/package-lock.json is stale: make locks`);
  assert.equal(ours.dependencies, undefined);
  return app;
}

/** Starts a program that serves, and gives the address that it prints. */
async function start(args, cwd) {
  const server = spawn(process.execPath, args, { cwd, env: ENV, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const url = await new Promise((resolve, reject) => {
    const hear = (chunk) => {
      said += chunk.toString().replaceAll(/\x1b\[[\d;]*m/g, '');
      const address = said.match(/http:\/\/localhost:\d+/);
      if (address && /ready/i.test(said)) resolve(address[0]);
    };
    server.stdout.on('data', hear);
    server.stderr.on('data', hear);
    server.on('exit', () => reject(new Error(`${args.join(' ')} ended:\n${said}`)));
  });
  const close = () => new Promise((resolve) => (server.on('exit', resolve), server.kill()));
  return { url, close };
}

/**
 * Opens a page and does something in it. Nothing may be asked of another origin, thrown, answered with an error, or complained
 * of in the console. A development server's page keeps a socket to it, to be told of changes.
 */
async function visit(url, body, { development = false } = {}) {
  const { page, context, faults } = await open(browser, url);
  try {
    page.on('console', (message) => {
      // The browser's own remark on a machine without a GPU.
      if (['error', 'warning'].includes(message.type()) && message.text() !== 'No available adapters.') faults.push(message.text());
    });
    page.on('response', (response) => response.status() >= 400 && faults.push(`${response.status()} ${response.url()}`));
    // Again, now that its first words are heard as well.
    await page.reload();
    await body(page);
    const own = `socket to ws://${new URL(url).host}/`;
    assert.deepEqual(faults.filter((fault) => !(development && fault.startsWith(own))), []);
  } finally {
    await context.close();
  }
}

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

/** Uses what serves, and stops it. */
async function using(server, body) {
  const { url, close } = await server;
  try {
    await body(url);
  } finally {
    await close();
  }
}

const vite = (app) => start(['node_modules/vite/bin/vite.js', '--port', '0'], app);

test('what the README shows is what runs here', () => {
  const readme = readFileSync(join(root, 'pkg/README.md'), 'utf8');
  const plain = (text) => text.replaceAll(/\s+/g, ' ');
  const shown = { react: ['jsx', 'react/src/SignUp.tsx'], vue: ['vue', 'vue/src/SignUp.vue'], build: ['js', 'esbuild/build.js'], html: ['js', 'html/index.html'] };
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
