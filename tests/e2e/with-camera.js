//! A page with a loaded detector, and a camera that plays what a test painted.

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { launch } from './browser.js';
import { openPackage } from './detector.js';
import { writeFilm } from './pictures.js';
import { serve } from './server.js';

let server;
before(async () => (server = await serve()));
after(() => server.close());

/** Tests with a film of scenes (see `writeFilm`) as the camera, in one page with a loaded `detector` and a `film()` that opens the camera. */
export function withCamera(name, scenes, body) {
  describe(name, () => {
    const its = {};
    let browser, opened;
    before(async () => {
      browser = await launch({ clip: writeFilm(`check-${name.replaceAll(' ', '-')}.y4m`, scenes()) });
      opened = await openPackage(browser, server);
      its.page = opened.page;
      await its.page.evaluate(async () => {
        globalThis.detector = await load({ backend: 'cpu' });
        globalThis.video = await film();
        /** Checks until `happens(progress)`; then does `then()` once. What the check came to, as plain data. */
        globalThis.checkUntil = async (happens, then, options = {}) => {
          let done = false;
          const onUpdate = (progress) => {
            if (done || !happens(progress)) return;
            done = true;
            then();
          };
          return codeOf(detector.check(video, { ...options, onUpdate }));
        };
        /** Checks to the end: the result, with all hints and fractions on the way. */
        globalThis.wholeCheck = async () => {
          const [hints, fractions] = [[], []];
          const result = await detector.check(video, { onHint: (hint) => hints.push(hint), onUpdate: ({ fraction }) => fractions.push(fraction) });
          return { ...result, hints, fractions };
        };
      });
    });
    after(async () => {
      await browser?.close();
      assert.deepEqual(opened?.faults, []);
    });
    body(its);
  });
}
