//! Every rule of axe on a page, or on a part of it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Fails with what axe finds in `part`, a selector; `state` says in the failure what the page was showing. */
export async function accessible(page, state, part = 'html') {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe);
  const violations = await page.evaluate(async (part) => {
    const { violations } = await globalThis.axe.run(part, { preload: false });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join('; ')}`);
  }, part);
  assert.deepEqual(violations, [], state);
}
