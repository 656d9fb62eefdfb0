//! Starts Chromium with the camera and the graphics adapter that a test asks for.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { root } from './server.js';

const QUIET = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * A browser. `clip` is a file that plays as its camera; without one there is no camera, unless `cameras` says how many
 * with the browser's own test picture. `webgpu` turns the software adapter on.
 */
export async function launch({ clip, cameras = 0, webgpu = false } = {}) {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  const camera = clip ? ['--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${clip}`] : [];
  if (cameras) camera.push(`--use-fake-device-for-media-stream=device-count=${cameras}`);
  return chromium.launch({ executablePath, args: [...QUIET, ...camera, ...(webgpu ? ['--enable-unsafe-webgpu'] : [])] });
}

/**
 * A page that notes what must never happen: requests to other origins, violations of the policy, uncaught errors.
 */
export async function open(browser, url, { camera = true, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1180, height: 820 }, ...options });
  if (camera) await context.grantPermissions(['camera'], { origin: new URL(url).origin });
  const page = await context.newPage();
  const origin = new URL(url).origin;
  const faults = [];
  context.on('request', (request) => {
    const to = new URL(request.url());
    if (to.protocol !== 'blob:' && to.protocol !== 'data:' && to.origin !== origin) faults.push(`request to ${to.origin}`);
  });
  page.on('pageerror', (error) => faults.push(`uncaught: ${error.message}`));
  page.on('console', (message) => {
    if (/Content Security Policy|unsafe-eval/i.test(message.text())) faults.push(`policy: ${message.text()}`);
  });
  await page.goto(url);
  return { page, context, faults };
}

/** Says no to the camera, as the user would: the pages of a context have no prompt to press. */
export async function denyCamera(browser, context, page) {
  const session = await context.newCDPSession(page);
  await session.send('Browser.setPermission', {
    permission: { name: 'camera' },
    setting: 'denied',
    origin: new URL(page.url()).origin,
  });
}

/** Keeps a picture of the page, for people to look at. */
export async function screenshot(page, name) {
  const folder = join(root, 'target/screenshots');
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}
