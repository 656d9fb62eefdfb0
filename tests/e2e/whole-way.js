//! The tests that every browser beside Chromium passes: the engine scores as it does there, from each kind of picture, and the
//! element reaches a verdict on the browser's own test picture, which has no face.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch } from './browser.js';
import { openPackage, pack, providePackage } from './detector.js';
import { portrait } from './pictures.js';
import { serve } from './server.js';

/** Why the tests that need a program are left out, if SKIP names it. */
export const skips = (name) => (process.env.SKIP ?? '').split(' ').includes(name) && 'SKIP says so';

/** `start` gives a tab as `launchFirefox` does. */
export function wholeWay(name, skip, start) {
  describe(name, { skip, timeout: 300_000 }, () => {
    let server, browser;
    before(async () => {
      server = await serve();
      browser = await start();
      await browser.goto(`${server.url}/blank.html`);
    });
    after(async () => {
      await browser?.close();
      await server?.close();
    });

    test('finds the face and gives the score that Chromium gives', async () => {
      const seen = async ({ base64, width, height }) => {
        const detector = await load({ backend: 'cpu' });
        const picture = imageData(base64, width, height);
        const found = [];
        for (const source of [picture, await createImageBitmap(picture)]) {
          const { face, score } = await detector.score(source);
          found.push({ face, score });
        }
        detector.dispose();
        return found;
      };
      const photo = pack(portrait());
      await browser.evaluate(providePackage);
      const here = await browser.evaluate(seen, photo);
      const chromium = await launch();
      try {
        const { page } = await openPackage(chromium, server);
        assert.deepEqual(here, await page.evaluate(seen, photo));
      } finally {
        await chromium.close();
      }
      assert.ok(here[0].face.confidence > 0.5);
    });

    test('shows the camera screen, looks at the camera, and says that there is no face', async () => {
      const { states, result } = await browser.evaluate(async () => {
        await import('/pkg/dist/element/index.js');
        const element = document.createElement('liveness-check');
        const states = [];
        element.addEventListener('liveness-state', ({ detail }) => states.push(detail));
        const ended = new Promise((resolve, reject) => {
          element.addEventListener('liveness-result', ({ detail }) => resolve(detail));
          element.addEventListener('liveness-error', ({ detail }) => reject(detail));
        });
        document.body.append(element);
        element.start();
        const result = await ended;
        return { states, result };
      });
      assert.deepEqual(states, ['loading', 'asking', 'running', 'result']);
      assert.deepEqual([result.outcome, result.reasons[0]], ['inconclusive', 'no-face']);
      assert.ok(result.framesSeen > 10, `${result.framesSeen} frames`);
      assert.deepEqual(await browser.faults(), []);
    });
  });
}
