//! Starts Chromium with the camera and the graphics adapter that a test asks for.

import { mkdirSync, readFileSync } from 'node:fs';
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
 * with the browser's own test picture. `webgpu` turns the software adapter on, `grant` gives every page the camera, and
 * `flags` are the browser's own.
 */
export async function launch({ clip, cameras = 0, webgpu = false, grant = false, flags = [] } = {}) {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  const camera = clip ? ['--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${clip}`] : [];
  if (cameras) camera.push(`--use-fake-device-for-media-stream=device-count=${cameras}`);
  if (grant) camera.push('--use-fake-ui-for-media-stream');
  return chromium.launch({ executablePath, args: [...QUIET, ...camera, ...(webgpu ? ['--enable-unsafe-webgpu'] : []), ...flags] });
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
  page.on('websocket', (socket) => faults.push(`socket to ${socket.url()}`));
  page.on('pageerror', (error) => faults.push(`uncaught: ${error.message}`));
  page.on('console', (message) => {
    if (/Content Security Policy|unsafe-eval/i.test(message.text())) faults.push(`policy: ${message.text()}`);
  });
  await page.goto(url);
  return { page, context, faults };
}

/** Says no to the camera, as the user would: the pages of a context have no prompt to press. A camera in use ends. */
export async function denyCamera(page) {
  const session = await page.context().newCDPSession(page);
  const { targetInfo } = await session.send('Target.getTargetInfo');
  await session.send('Browser.setPermission', {
    permission: { name: 'camera' },
    setting: 'denied',
    origin: new URL(page.url()).origin,
    browserContextId: targetInfo.browserContextId,
  });
}

/** Kills the browser's GPU process: every WebGPU device is lost, as by a driver that resets. */
export async function crashGpu(browser) {
  const session = await browser.newBrowserCDPSession();
  await session.send('Browser.crashGpuProcess');
}

/**
 * A tab that can be hidden, which playwright's own pages cannot: `evaluate(f, ...args)` runs a function in it, `hide()` puts
 * another tab in front. The browser needs `grant`, since nobody answers its question for the camera.
 */
export async function openTab(browser, url) {
  const session = await browser.newBrowserCDPSession();
  const { targetId } = await session.send('Target.createTarget', { url });
  const { sessionId } = await session.send('Target.attachToTarget', { targetId, flatten: false });
  const waiting = new Map();
  session.on('Target.receivedMessageFromTarget', ({ message }) => {
    const { id, result, error } = JSON.parse(message);
    waiting.get(id)?.(error ? { exceptionDetails: error } : result);
  });
  const evaluate = async (f, ...args) => {
    const params = { expression: `(${f})(...${JSON.stringify(args)})`, awaitPromise: true, returnByValue: true };
    const id = waiting.size;
    const answered = new Promise((resolve) => waiting.set(id, resolve));
    await session.send('Target.sendMessageToTarget', { sessionId, message: JSON.stringify({ id, method: 'Runtime.evaluate', params }) });
    const { result, exceptionDetails } = await answered;
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.message);
    return result.value;
  };
  const hide = () => session.send('Target.createTarget', { url: 'about:blank' });
  while (!(await evaluate((url) => document.readyState === 'complete' && location.href === url, url))) await new Promise((resolve) => setTimeout(resolve, 50));
  return { evaluate, hide };
}

/** Keeps a picture of the page, for people to look at. */
export async function screenshot(page, name) {
  const folder = join(root, 'target/screenshots');
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}

/** Drops a file on the page's stage. Without a type where none is given, as some systems drop files. */
export async function dropFile(page, path, name, type = '') {
  await page.evaluate(([base64, name, type]) => {
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name, { type }));
    document.querySelector('#stage').dispatchEvent(new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer: data }));
  }, [readFileSync(path).toString('base64'), name, type]);
}
