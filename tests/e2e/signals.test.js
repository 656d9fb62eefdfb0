//! The signals of a check, on a camera and on what is injected in its stead: each fires where it must, and nowhere else.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { SIGNALS } from 'bonafide-liveness';
import { launch } from './browser.js';
import { openPackage } from './detector.js';
import { serveSources, signalsOf } from './signals.js';
import { SOURCES } from './sources.js';

let server;
before(async () => (server = await serveSources()));
after(() => server.close());

for (const clip of new Set(Object.values(SOURCES).map(({ clip }) => clip))) {
  const sources = Object.entries(SOURCES).filter(([, source]) => source.clip === clip);
  test(`on ${sources.map(([name]) => name).join('; on ')}`, async (t) => {
    const browser = await launch({ clip: clip() });
    t.after(() => browser.close());
    for (const [name, source] of sources) {
      await t.test(name, async () => {
        const { told, faults } = await signalsOf(browser, server, source, { until: 10 });
        assert.deepEqual(faults, []);
        assert.deepEqual(told[0].map(({ name }) => name), SIGNALS);
        const fired = told[0].filter(({ fired }) => fired).map(({ name }) => name);
        assert.deepEqual(fired, SIGNALS.filter((name) => source.fires.includes(name)), JSON.stringify(told[0]));
        for (const { name, measured } of told[0]) assert.ok(measured, `${name} was not measured`);
      });
    }
  });
}

test('names that virtual cameras are known by, and not those of cameras', async () => {
  const browser = await launch();
  try {
    const { page } = await openPackage(browser, server);
    const words = await page.evaluate(async () => {
      const { label } = await import('/pkg/build/signals/track.js');
      const names = ['OBS Virtual Camera', 'ManyCam', 'DroidCam Source 3', 'fake_device_0', 'FaceTime HD Camera', 'OBSBOT Tiny 2', 'HP TrueVision HD (04f2:b6ab)', 'front camera 1', ''];
      return names.map((name) => [name, label({ label: name }).fired]);
    });
    assert.deepEqual(words.filter(([, fired]) => fired).map(([name]) => name), ['OBS Virtual Camera', 'ManyCam', 'DroidCam Source 3', 'fake_device_0', '']);
  } finally {
    await browser.close();
  }
});

test('a page that breaks what is measured costs the signals, not the verdict', async () => {
  const [[, source]] = Object.entries(SOURCES);
  const browser = await launch({ clip: source.clip() });
  try {
    const { told } = await signalsOf(browser, server, {
      open: async () => {
        const video = await film();
        const broken = () => {
          throw new TypeError('broken');
        };
        MediaStreamTrack.prototype.getSettings = broken;
        navigator.mediaDevices.enumerateDevices = () => new Promise(() => {});
        OffscreenCanvasRenderingContext2D.prototype.getImageData = broken;
        document.createElement = broken;
        return video;
      },
    });
    const unmeasured = told[0].filter(({ measured }) => measured === null).map(({ name }) => name);
    assert.deepEqual(unmeasured, ['repeated-frames', 'unlisted-device', 'settings', 'page-functions']);
    assert.ok(told[0].every(({ fired }) => !fired), JSON.stringify(told[0]));
  } finally {
    await browser.close();
  }
});
