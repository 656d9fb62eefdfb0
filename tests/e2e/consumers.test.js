//! The package as people install it: packed, installed into copies of the examples, built by their bundlers, served, and run
//! with a camera until a verdict. Their other dependencies are as locked.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
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
  assert.equal(manifest.dependencies.bonafide, JSON.parse(readFileSync(join(root, 'pkg/package.json'), 'utf8')).version);
  manifest.dependencies.bonafide = `file:${tarball}`;
  writeFileSync(join(app, 'package.json'), JSON.stringify(manifest));
  const locked = () => {
    const { '': _, 'node_modules/bonafide': ours, ...others } = JSON.parse(readFileSync(join(app, 'package-lock.json'), 'utf8')).packages;
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

/** Opens the page and makes a check in it. Nothing may be asked of another origin, thrown, or complained of in the console. */
async function check(name, { url, close }, path = '/') {
  const { page, context, faults } = await open(browser, url + path);
  try {
    page.on('console', (message) => {
      // The browser's own remark on a machine without a GPU.
      if (['error', 'warning'].includes(message.type()) && message.text() !== 'No available adapters.') faults.push(message.text());
    });
    page.on('response', (response) => response.status() >= 400 && faults.push(`${response.status()} ${response.url()}`));
    // Again, now that its first words are heard as well.
    await page.reload();
    assert.equal(await page.innerText('output'), 'not checked yet');
    await page.click(START);
    const said = await page.waitForFunction(() => document.querySelector('output').innerText.match(/^(bona-fide|attack|inconclusive|[A-Z_]+)$/)?.[0], null, { timeout: 120_000 });
    const outcome = await said.jsonValue();
    // A machine that is too busy to look at enough frames says so: that is a verdict too.
    assert.match(outcome, /^(bona-fide|attack|inconclusive)$/);
    assert.equal(await page.isDisabled('[type=submit]'), outcome !== 'bona-fide');
    await screenshot(page, `consumer-${name}`);
    assert.deepEqual(faults, []);
  } finally {
    await context.close();
    await close();
  }
}

test('plain HTML, without a bundler: the element', { timeout: 300_000 }, async () => {
  await check('html', await serveFolder(install('html')));
});

test('React 19 with vite, in TypeScript: built, and from its development server', { timeout: 300_000 }, async () => {
  const app = install('react');
  run('npm', ['run', 'build'], app);
  await check('react', await serveFolder(join(app, 'dist')));
  await check('react-dev', await start(['node_modules/vite/bin/vite.js', '--port', '0'], app));
});

test('Vue 3 with vite', { timeout: 300_000 }, async () => {
  const app = install('vue');
  run('npm', ['run', 'build'], app);
  await check('vue', await serveFolder(join(app, 'dist')));
});

test('React 18 with webpack', { timeout: 300_000 }, async () => {
  const app = install('webpack');
  run('npm', ['run', 'build'], app);
  await check('webpack', await serveFolder(app));
});

test('the classes beneath the element, with esbuild', { timeout: 300_000 }, async () => {
  const app = install('esbuild');
  run('npm', ['run', 'build'], app);
  await check('esbuild', await serveFolder(app));
});

test('Next.js: rendered on the server, checked in the browser', { timeout: 600_000 }, async () => {
  const app = install('next');
  run('npm', ['run', 'build'], app);
  const server = await start(['node_modules/next/dist/bin/next', 'start', '--port', '0'], app);
  try {
    assert.match(await (await fetch(server.url)).text(), /<liveness-check><\/liveness-check>/);
  } catch (error) {
    await server.close();
    throw error;
  }
  await check('next', server);
});
