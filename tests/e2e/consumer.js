//! What the tests of consumers share: the package as `npm pack` makes it, apps outside the repository that install it, what serves
//! them, and a browser with a camera that looks at a face.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { launch, open } from './browser.js';
import { portrait, writeClip } from './pictures.js';
import { root } from './server.js';

const ENV = { ...process.env, NEXT_TELEMETRY_DISABLED: '1', NG_CLI_ANALYTICS: 'false', NODE_ENV: undefined };

/** Outside the repository, whose node_modules would be found from any folder in it. */
const work = mkdtempSync(join(tmpdir(), 'bonafide-consumers-'));
let tarball, browser;

after(async () => {
  await (await browser)?.close();
  rmSync(work, { recursive: true, force: true });
});

/** Runs a program to its end; what it printed is in the error if it fails. */
export function run(program, args, cwd) {
  try {
    return execFileSync(program, args, { cwd, env: ENV, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 26 });
  } catch (error) {
    throw new Error(`${program} ${args.join(' ')} in ${cwd}:\n${error.stdout}${error.stderr}`);
  }
}

function pack() {
  const [{ filename }] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', work], join(root, 'pkg')));
  return join(work, filename);
}

/** A copy of an app in the repository, with its dependencies as locked and the packed package. */
export function install(folder) {
  tarball ??= pack();
  const app = join(work, folder.replaceAll('/', '-'));
  cpSync(join(root, folder), app, { recursive: true, filter: (path) => !/\/(node_modules|dist|public|\.next|\.angular)$/.test(path) });
  const manifest = JSON.parse(readFileSync(join(app, 'package.json'), 'utf8'));
  assert.equal(manifest.dependencies['bonafide-liveness'], JSON.parse(readFileSync(join(root, 'pkg/package.json'), 'utf8')).version);
  manifest.dependencies['bonafide-liveness'] = `file:${tarball}`;
  writeFileSync(join(app, 'package.json'), JSON.stringify(manifest));
  const lock = join(app, 'package-lock.json');
  const locked = () => {
    const { '': _, 'node_modules/bonafide-liveness': ours, ...others } = JSON.parse(readFileSync(lock, 'utf8')).packages;
    return { ours, others };
  };
  const before = existsSync(lock) ? locked().others : {};
  run('npm', ['install', '--prefer-offline', '--omit-lockfile-registry-resolved', '--no-audit', '--no-fund'], app);
  const { ours, others } = locked();
  assert.deepEqual(Object.keys(others).sort(), Object.keys(before).sort(), 'the package brings dependencies');
  assert.deepEqual(others, before, `${folder}/package-lock.json is stale: make locks`);
  assert.equal(ours.dependencies, undefined);
  return app;
}

/** Starts a program that serves, and gives the address that it prints. */
export async function start(args, cwd) {
  const server = spawn(process.execPath, args, { cwd, env: ENV, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const url = await new Promise((resolve, reject) => {
    const hear = (chunk) => {
      said += chunk.toString().replaceAll(/\x1b\[[\d;]*m/g, '');
      const address = said.match(/http:\/\/localhost:\d+/);
      // Next.js prints the address before it listens, vite when it does.
      if (address && /ready|➜ +Local/i.test(said)) resolve(address[0]);
    };
    server.stdout.on('data', hear);
    server.stderr.on('data', hear);
    server.on('exit', () => reject(new Error(`${args.join(' ')} ended:\n${said}`)));
  });
  const close = () => new Promise((resolve) => (server.on('exit', resolve), server.kill()));
  return { url, close };
}

/** Uses what serves, and stops it; gives what `body` does. */
export async function using(server, body) {
  const { url, close } = await server;
  try {
    return await body(url);
  } finally {
    await close();
  }
}

/** An app's vite: its development server, or `preview` of what it built. */
export const vite = (app, ...command) => start(['node_modules/vite/bin/vite.js', ...command, '--port', '0'], app);

/**
 * Opens a page and does something in it. Nothing may be asked of another origin, thrown, answered with an error, or complained
 * of in the console, unless it is `expected`. A development server's page keeps a socket to it, to be told of changes.
 */
export async function visit(url, body, { development = false, expected } = {}) {
  browser ??= launch({ clip: writeClip('consumer.y4m', portrait()) });
  const { page, context, faults } = await open(await browser, url);
  try {
    page.on('console', (message) => {
      // The browser's own remarks: on a machine without a GPU, on a page without an icon.
      const own = message.text() === 'No available adapters.' || message.location().url.endsWith('/favicon.ico');
      if (['error', 'warning'].includes(message.type()) && !own) faults.push(message.text());
    });
    page.on('response', (response) => response.status() >= 400 && faults.push(`${response.status()} ${response.url()}`));
    // Again, now that its first words are heard as well.
    await page.reload();
    await body(page);
    const own = `socket to ws://${new URL(url).host}/`;
    assert.deepEqual(faults.filter((fault) => !(development && fault.startsWith(own)) && !expected?.test(fault)), []);
  } finally {
    await context.close();
  }
}
