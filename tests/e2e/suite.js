//! What the tests of pages share: one server a file, one browser a group, and no page that ends with a fault.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe } from 'node:test';
import { launch, open } from './browser.js';
import { serve } from './server.js';

/** Serves while the file's tests run; each test finds it whole, and its list of requests empty. */
export let server;
before(async () => (server = await serve()));
after(() => server.close());
beforeEach(() => {
  server.intercept = () => undefined;
  server.requests.length = 0;
});

/**
 * Tests with one browser, launched with what `options()` gives; every page must end without a fault. `its.open` opens the
 * page at `path`, and runs `prepare` in it.
 */
export function withBrowser(name, options, body, { path = '/', prepare } = {}) {
  describe(name, () => {
    const its = { opened: [] };
    before(async () => (its.browser = await launch(await options())));
    after(() => its.browser?.close());
    its.open = async (pageOptions) => {
      const one = await open(its.browser, `${server.url}${path}`, pageOptions);
      its.opened.push(one);
      if (prepare) await one.page.evaluate(prepare);
      return one.page;
    };
    afterEach(async () => {
      for (const { context, faults } of its.opened.splice(0)) {
        await context.close();
        assert.deepEqual(faults, []);
      }
    });
    body(its);
  });
}
