//! A whole check in the camera screen, from the press of its button: what it costs the page's thread, by a trace.

import { openPackage } from '../detector.js';
import { round } from './figures.js';

/** From which mark to which each part lasts. */
const PARTS = { load: ['bench-loading', 'bench-asking'], camera: ['bench-asking', 'bench-running'], check: ['bench-running', 'bench-result'] };

/** Frames a second, and the longest task of each part, which may be far below the 50 ms that browsers call long. */
export async function check(browser, server) {
  const { page, context } = await openPackage(browser, server);
  // A face that is judged in a second would leave little to measure: a challenge that nobody answers lasts.
  await page.evaluate(async () => {
    await import('/pkg/dist/element/index.js');
    globalThis.element = Object.assign(document.createElement('liveness-check'), { backend: 'cpu', challenge: true });
    document.body.append(element);
  });
  await browser.startTracing(page, { categories: ['toplevel', 'blink.user_timing'] });
  const { framesSeen, elapsedMs } = await page.evaluate(() => {
    const ended = new Promise((resolve) => element.addEventListener('liveness-result', ({ detail }) => resolve(detail)));
    element.addEventListener('liveness-state', ({ detail }) => performance.mark(`bench-${detail}`));
    element.start();
    return ended;
  });
  const trace = JSON.parse(await browser.stopTracing()).traceEvents;
  await context.close();
  const tasks = Object.entries(PARTS).map(([part, marks]) => [part, longestTask(trace, ...marks)]);
  return { frames_per_second: round((framesSeen / elapsedMs) * 1000), longest_task: Object.fromEntries(tasks) };
}

/**
 * The longest task of the thread that set two marks, between them: milliseconds by the clock, and of any task on a core, which
 * is less where the machine is busy with other things.
 */
function longestTask(trace, from, to) {
  const [begin, end] = [from, to].map((mark) => trace.find((event) => event.name === mark));
  const tasks = trace.filter(
    ({ name, pid, tid, ts, dur }) => /RunTask$/.test(name) && pid === begin.pid && tid === begin.tid && ts + dur > begin.ts && ts < end.ts,
  );
  const longest = (key) => round(tasks.reduce((most, task) => Math.max(most, task[key] ?? 0), 0) / 1000, 1);
  return { tasks: tasks.length, ms: longest('dur'), on_core_ms: longest('tdur') };
}
