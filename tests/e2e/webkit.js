//! Starts WebKitGTK's MiniBrowser, with WebKit's mock camera, over WebDriver: the nearest to Safari that runs on Linux.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { said, stop } from './program.js';

/** Path of WebKit's driver; `undefined` if there is none. */
export const webkitPath = [process.env.WEBKIT, '/usr/bin/WebKitWebDriver'].find((path) => path && existsSync(path));

/** A window: `goto(url)`, `evaluate(f, ...args)`, which gives what `f`'s promise gives, and `faults`, all errors that no code caught. */
export async function launchWebKit() {
  const screen = spawn('Xvfb', ['-displayfd', '1', '-screen', '0', '1280x800x24', '-nolisten', 'tcp'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const display = `:${await said(screen, screen.stdout, /^(\d+)\n/)}`;
  const port = 20_000 + (process.pid % 20_000);
  const driver = spawn(webkitPath, [`--port=${port}`], { stdio: 'ignore', env: { ...process.env, DISPLAY: display } });
  const send = async (method, path, body) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method, body: body && JSON.stringify(body) });
    const { value } = await answer.json();
    if (!answer.ok) throw new Error(`${value.error}: ${value.message}`);
    return value;
  };
  while (!(await send('GET', '/status').catch(() => false))) {
    if (driver.exitCode !== null) throw new Error(`${webkitPath} ended with ${driver.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const options = { 'webkitgtk:browserOptions': { args: ['--automation', '--enable-mock-capture-devices=true'] } };
  const { sessionId } = await send('POST', '/session', { capabilities: { alwaysMatch: options } });
  const session = `/session/${sessionId}`;
  await send('POST', `${session}/timeouts`, { script: 240_000 });
  const evaluate = async (f, ...args) => {
    const script = `const done = arguments[arguments.length - 1];
      Promise.resolve().then(() => (${f})(...arguments[0])).then((value) => done({ value: value ?? null }), (e) => done({ error: String(e?.stack ? e + '\\n' + e.stack : e) }));`;
    const { value, error } = await send('POST', `${session}/execute/async`, { script, args: [args] });
    if (error !== undefined) throw new Error(error);
    return value;
  };
  return {
    async goto(url) {
      await send('POST', `${session}/url`, { url });
      await evaluate(() => {
        globalThis.faults = [];
        addEventListener('error', (event) => faults.push(event.message));
        addEventListener('unhandledrejection', (event) => faults.push(String(event.reason)));
      });
    },
    evaluate,
    faults: () => evaluate(() => faults),
    async close() {
      await send('DELETE', session);
      await stop(driver);
      await stop(screen);
    },
  };
}
