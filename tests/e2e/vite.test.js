//! The quick start as people make it: its page and its configuration, taken from the documentation, with each vite since 5, whose
//! versions lie in tests/vite. Built, and from the development server, with a camera until a verdict.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { install, run, using, visit, vite } from './consumer.js';
import { samples } from './documented.js';
import { root } from './server.js';

const QUICK_START = 'www/docs/index.md';
const [page] = samples(QUICK_START, 'html');
const [configuration] = samples(QUICK_START, 'js');
/** What the development server needs, in the words of the package's page. */
const [, line] = samples('pkg/README.md', 'js').join().match(/export default \{ (optimizeDeps: .*) \};/);

/** Presses the start, and gives what the page then logs: a verdict, or the code and the message of an error. */
async function outcome(url, more) {
  let said;
  await visit(url, async (page) => {
    const logged = page.waitForEvent('console', { predicate: (message) => message.type() === 'log', timeout: 120_000 });
    await page.locator('liveness-check').getByRole('button').first().click();
    said = (await logged).text();
  }, more);
  return said;
}

/** Which one, a busy machine may change. */
const verdict = async (url, more) => assert.match(await outcome(url, more), /^(bona-fide|attack|inconclusive) \[.*\]$/);

test('the quick start has the line that the README names', () => assert.ok(configuration.includes(line), configuration));

for (const version of readdirSync(join(root, 'tests/vite'))) {
  test(`vite ${version}`, { timeout: 600_000 }, async () => {
    const app = install(`tests/vite/${version}`);
    writeFileSync(join(app, 'index.html'), page);
    const build = () => run(process.execPath, ['node_modules/vite/bin/vite.js', 'build'], app);

    build();
    await using(vite(app, 'preview'), (url) => verdict(url));
    if (version >= 8) await using(vite(app), (url) => verdict(url, { development: true }));
    else {
      // The worker's answer, and the browser's remark on it.
      const said = await using(vite(app), (url) => outcome(url, { development: true, expected: /404/ }));
      assert.ok(said.startsWith('ENGINE_FETCH ') && said.includes(line), said);
    }

    writeFileSync(join(app, 'vite.config.mjs'), configuration);
    await using(vite(app), (url) => verdict(url, { development: true }));
    build();
    const built = readdirSync(join(app, 'dist/assets')).filter((file) => file.endsWith('.js')).map((file) => readFileSync(join(app, 'dist/assets', file), 'utf8'));
    assert.doesNotMatch(built.join(), /["'`]data:/, 'a policy of `connect-src \'self\'` would block it');
  });
}
