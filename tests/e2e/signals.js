//! Which signals fire on which source, in how many of some checks: `make signals CHECKS=10`. Prints the table that SECURITY.md
//! holds.

import { availableParallelism } from 'node:os';
import { SIGNALS } from 'bonafide-liveness';
import { launch } from './browser.js';
import { openPackage, pack } from './detector.js';
import { portrait } from './pictures.js';
import { serve } from './server.js';
import { provideSources, SOURCES } from './sources.js';

/**
 * Makes some checks on one source in a page of its own: of each its signals. Where the machine has much to do, a check may end
 * after too few frames to tell their timing: `until` is how many checks at most are made in its stead.
 */
export async function signalsOf(browser, server, { open = () => film(), busy = false }, { checks = 1, until = 1 } = {}) {
  const { page, context, faults } = await openPackage(browser, server);
  await page.evaluate(provideSources, pack(portrait()));
  await page.evaluate((spinners) => (globalThis.spinners = Array.from({ length: spinners }, () => new Worker('/spin.js'))), busy ? availableParallelism() : 0);
  const video = await page.evaluateHandle(open);
  const told = await page.evaluate(
    async ([video, checks, until]) => {
      const detector = await load({ backend: 'cpu' });
      const told = [];
      const unmeasured = (signals) => signals.some(({ name, measured }) => name === 'frame-timing' && !measured);
      while (told.length < checks) {
        let { signals } = await detector.check(video);
        for (let made = 1; made < until && unmeasured(signals); made++) ({ signals } = await detector.check(video));
        told.push(signals);
      }
      return told;
    },
    [video, checks, until],
  );
  await context.close();
  return { told, faults };
}

/** Serves as `serve` does, and a worker that never rests. */
export async function serveSources() {
  const server = await serve();
  server.intercept = (path) => (path === '/spin.js' ? { type: 'text/javascript', body: 'for (;;);' } : undefined);
  return server;
}

async function main() {
  const checks = Number(process.env.CHECKS ?? 10);
  if (!Number.isInteger(checks) || checks < 1) throw new Error(`CHECKS is a number of checks, not ${process.env.CHECKS}.`);
  const server = await serveSources();
  console.log(`| source | ${SIGNALS.map((name) => `\`${name}\``).join(' | ')} |\n|---|${SIGNALS.map(() => '---:|').join('')}`);
  let [honest, alarms] = [0, 0];
  for (const [name, source] of Object.entries(SOURCES)) {
    const browser = await launch({ clip: source.clip() });
    const { told } = await signalsOf(browser, server, source, { checks });
    await browser.close();
    const cells = SIGNALS.map((_, i) => {
      const measured = told.filter((signals) => signals[i].measured);
      const fired = measured.filter((signals) => signals[i].fired).length;
      if (measured.length === 0) return '-';
      return fired === 0 ? '' : measured.length < checks ? `${fired} of ${measured.length}` : fired;
    });
    console.log(`| ${name} | ${cells.join(' | ')} |`);
    if (source.fires.length > 0) continue;
    honest += checks;
    alarms += told.filter((signals) => signals.some(({ fired }) => fired)).length;
  }
  console.log(`\n${checks} checks of each source. False alarms where a film stands for a camera: ${alarms} of ${honest} checks.`);
  await server.close();
}

if (process.argv[1] === import.meta.filename) await main();
