//! The demo page, built, in a real browser: a score from a camera, and every state in which there is none.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { denyCamera, dropFile, open, screenshot } from './browser.js';
import { judged } from './detector.js';
import { emptyScene, portrait, samplePath, writeClip, writePng } from './pictures.js';
import { server, withBrowser } from './suite.js';

const PATIENCE = { timeout: 60_000 };

/** Waits until the stage is in a state, and fails with the one it is in. */
async function reach(page, state) {
  await page.waitForSelector(`#stage[data-state="${state}"]`, PATIENCE).catch(async () => {
    assert.fail(`the page is in state ${await page.getAttribute('#stage', 'data-state')}, not ${state}: ${await page.innerText('main')}`);
  });
}

withBrowser('a camera with a face', () => ({ clip: writeClip('face.y4m', portrait()) }), (its) => {
  test('the page reads a score, draws the box and says where it was computed', async () => {
    const page = await its.open();
    await screenshot(page, 'idle');
    await page.click('#start');
    await reach(page, 'scored');
    const score = Number(await page.getAttribute('#result', 'data-score'));
    assert.ok(score >= 0 && score <= 1, `score ${score}`);
    assert.match(await page.innerText('#verdict'), /bona fide|Doubtful|attack/);
    assert.match(await page.innerText('#backend'), /CPU/);
    assert.match(await page.innerText('#total-ms'), /^\d+(\.\d)? ms$/);
    const drawn = await page.evaluate(() => {
      const canvas = document.querySelector('#overlay');
      return canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((v) => v > 0);
    });
    assert.ok(drawn, 'no face box was drawn');
    await screenshot(page, 'camera');
  });

  test('the depth view: fetched when switched on, drawn beside the face, gone when switched off', async () => {
    const page = await its.open();
    await page.click('#start');
    await reach(page, 'scored');
    const requests = () => server.requests.filter((path) => /decoder.*safetensors$/.test(path)).length;
    assert.equal(requests(), 0);
    assert.ok(await page.isHidden('#depth-legend'));
    await page.check('#depth-switch');
    await page.waitForSelector('#depth', PATIENCE);
    assert.equal(requests(), 1);
    assert.match(await page.innerText('#depth-legend'), /decides nothing/);
    assert.match(await page.innerText('#depth-ms'), /^\d+(\.\d)? ms$/);
    const shades = await page.evaluate(() => {
      const canvas = document.querySelector('#depth-map');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      return { width: canvas.width, darkest: Math.min(...data.filter((_, i) => i % 4 === 1)), brightest: Math.max(...data.filter((_, i) => i % 4 === 1)) };
    });
    assert.equal(shades.width, 224);
    assert.ok(shades.brightest - shades.darkest > 40, JSON.stringify(shades));
    // Both are mirrored, or the map would face the other way than the person.
    const turned = (id) => page.evaluate((id) => getComputedStyle(document.querySelector(id)).transform, id);
    assert.equal(await turned('#depth-map'), await turned('#video'));
    await screenshot(page, 'depth');
    await page.uncheck('#depth-switch');
    await page.evaluate(() => (document.querySelector('#total-ms').textContent = ''));
    await page.waitForFunction(() => document.querySelector('#total-ms').textContent !== '', null, PATIENCE);
    assert.ok((await page.isHidden('#depth')) && (await page.isHidden('#depth-legend')));
  });

  test('a depth view that does not arrive says so, and scoring goes on', async () => {
    server.intercept = (path) => (/decoder.*safetensors$/.test(path) ? { status: 404, body: 'gone' } : undefined);
    const page = await its.open();
    await page.check('#depth-switch');
    await page.click('#start');
    await reach(page, 'scored');
    assert.match(await page.innerText('#depth-problem'), /did not arrive/);
    assert.equal(await page.isChecked('#depth-switch'), false);
    await screenshot(page, 'depth-failed');
    server.intercept = () => undefined;
    await page.check('#depth-switch');
    await page.waitForSelector('#depth', PATIENCE);
    assert.equal(await page.innerText('#depth-problem'), '');
  });

  test('it keeps scoring, and stops when told', async () => {
    const page = await its.open();
    await page.click('#start');
    await reach(page, 'scored');
    await page.evaluate(() => (document.querySelector('#total-ms').textContent = ''));
    await page.waitForFunction(() => document.querySelector('#total-ms').textContent !== '', null, PATIENCE);
    await page.click('#stop');
    await reach(page, 'idle');
    assert.equal(await page.evaluate(() => document.querySelector('video').srcObject), null);
  });

  test('the camera screen has a page of its own, which shows what a check gives', async () => {
    const page = await its.open();
    await page.click('nav a:text("A whole check")');
    await page.waitForURL(/check\.html$/);
    await screenshot(page, 'check-idle');
    await page.locator('liveness-check').getByRole('button').first().click();
    await page.waitForFunction(() => document.querySelector('#result').textContent.startsWith('{'), null, PATIENCE);
    const result = JSON.parse(await page.innerText('#result'));
    judged(result);
    assert.equal(result.operatingPoint, 'balanced');
    await screenshot(page, 'check-result');
    await page.selectOption('#language', 'ar');
    await page.waitForFunction(() => document.querySelector('liveness-check').getAttribute('lang') === 'ar');
    await screenshot(page, 'check-arabic');
  });

  test('only the CPU module is downloaded', async () => {
    const page = await its.open();
    await page.click('#start');
    await reach(page, 'scored');
    const modules = server.requests.filter((path) => path.endsWith('.wasm'));
    assert.equal(modules.length, 1, modules.join());
    assert.match(modules[0], /bonafide_cpu/);
    assert.ok(!server.requests.some((path) => /webgpu/.test(path)), 'something of the WebGPU engine was downloaded');
  });

  test('a module served with a wrong type still runs', async () => {
    server.intercept = (path) => (path.endsWith('.wasm') ? { type: 'text/plain', body: server.read(path) } : undefined);
    const page = await its.open();
    await page.click('#start');
    await reach(page, 'scored');
  });

  test('weights that do not arrive, then do', async () => {
    server.intercept = (path) => (/classifier.*safetensors$/.test(path) ? { status: 404, body: 'gone' } : undefined);
    const page = await its.open();
    await reach(page, 'model-failed');
    await screenshot(page, 'model-failed');
    server.intercept = () => undefined;
    await page.click('button:text("Try again")');
    await reach(page, 'idle');
    await page.click('#start');
    await reach(page, 'scored');
  });

  test('weights that are damaged', async () => {
    server.intercept = (path) => (/classifier.*safetensors$/.test(path) ? { body: Buffer.alloc(1000) } : undefined);
    const page = await its.open();
    await reach(page, 'model-refused');
    await screenshot(page, 'model-refused');
  });

  test('an engine that does not arrive', async () => {
    server.intercept = (path) => (path.endsWith('.wasm') ? { status: 503 } : undefined);
    const page = await its.open();
    await reach(page, 'engine-failed');
    await screenshot(page, 'engine-failed');
  });

  test('loading, on a slow line', async () => {
    let release;
    const held = new Promise((resolve) => (release = resolve));
    const page = await its.open();
    await page.route(/safetensors$/, async (route) => (await held, route.continue()));
    await page.reload();
    await page.click('#start');
    await reach(page, 'loading');
    await screenshot(page, 'loading');
    release();
    await reach(page, 'scored');
  });

  test('the camera refused', async () => {
    const { page, context } = await open(its.browser, `${server.url}/`, { camera: false });
    await denyCamera(page);
    await page.click('#start');
    await reach(page, 'camera-denied');
    await screenshot(page, 'camera-denied');
    await context.close();
  });

  test('WebGPU asked for where there is none, then the CPU', async () => {
    const page = await its.open();
    await page.check('input[value=webgpu]', { force: true });
    await reach(page, 'no-webgpu');
    await screenshot(page, 'no-webgpu');
    await page.click('button:text("Use the CPU")');
    await reach(page, 'idle');
    assert.ok(await page.isChecked('input[value=cpu]'));
    await page.click('#start');
    await reach(page, 'scored');
  });
});

withBrowser('a camera with an empty scene', () => ({ clip: writeClip('empty.y4m', emptyScene()) }), (its) => {
  test('the page says that there is no face', async () => {
    const page = await its.open();
    await page.click('#start');
    await reach(page, 'no-face');
    assert.match(await page.innerText('#chip'), /no face/i);
    assert.equal(await page.getAttribute('#result', 'data-score'), '');
    await screenshot(page, 'no-face');
  });
});

withBrowser('no camera', () => ({}), (its) => {
  test('the page says so, and a photo works without one', async () => {
    const page = await its.open();
    await page.click('#start');
    await reach(page, 'no-camera');
    await screenshot(page, 'no-camera');
    await page.setInputFiles('#file', samplePath(2));
    await reach(page, 'scored');
    await screenshot(page, 'photo');
  });

  test('a photo dropped on the page', async () => {
    const page = await its.open();
    await dropFile(page, writePng('dropped.png', portrait()), 'photo.png', 'image/png');
    await reach(page, 'scored');
  });

  test('a photo without a face, and a file that is no photo', async () => {
    const page = await its.open();
    await page.setInputFiles('#file', writePng('empty.png', emptyScene()));
    await reach(page, 'no-face');
    await screenshot(page, 'photo-no-face');
    await page.setInputFiles('#file-2', { name: 'note.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('not a photo') });
    await reach(page, 'bad-photo');
    await screenshot(page, 'bad-photo');
  });

  test('the layout holds on a narrow phone, in the dark, and by keyboard', async () => {
    const page = await its.open({ viewport: { width: 320, height: 640 } });
    await screenshot(page, 'phone-idle');
    const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok((await overflow()) <= 0, 'the page scrolls sideways at 320 px');
    await page.setInputFiles('#file', samplePath(1));
    await reach(page, 'scored');
    assert.ok((await overflow()) <= 0, 'the page scrolls sideways at 320 px with a photo');
    await page.evaluate(() => scrollTo(0, 0));
    await page.screenshot({ path: new URL('../../target/screenshots/phone-photo.png', import.meta.url).pathname, fullPage: true });

    await page.check('#depth-switch');
    await page.waitForSelector('#depth', PATIENCE);
    assert.ok((await overflow()) <= 0, 'the page scrolls sideways at 320 px with the depth view');
    await page.screenshot({ path: new URL('../../target/screenshots/phone-depth.png', import.meta.url).pathname, fullPage: true });

    const dark = await its.open({ colorScheme: 'dark' });
    await dark.setInputFiles('#file', samplePath(4));
    await reach(dark, 'scored');
    await screenshot(dark, 'dark-photo');
    await dark.check('#depth-switch');
    await dark.waitForSelector('#depth', PATIENCE);
    await screenshot(dark, 'dark-depth');

    const keys = await its.open();
    const reached = [];
    for (let i = 0; i < 8; i++) {
      await keys.keyboard.press('Tab');
      reached.push(await keys.evaluate(() => document.activeElement.id || document.activeElement.value || document.activeElement.textContent));
    }
    const header = ['Skip to the content', 'Single frames', 'A whole check', 'Playground', 'Documentation'];
    assert.deepEqual(reached, [...header, 'start', 'file', 'auto']);
  });
});

withBrowser('a software GPU', () => ({ clip: writeClip('face.y4m', portrait()), webgpu: true }), (its) => {
  test('auto stays on the CPU; WebGPU by name scores the same camera', async () => {
    const page = await its.open();
    await page.click('#start');
    await reach(page, 'scored');
    assert.match(await page.innerText('#backend'), /CPU/);
    const onCpu = Number(await page.getAttribute('#result', 'data-score'));
    server.requests.length = 0;
    await page.check('input[value=webgpu]', { force: true });
    await page.waitForFunction(() => /WebGPU/.test(document.querySelector('#backend').textContent), null, { timeout: 120_000 });
    await reach(page, 'scored');
    const onGpu = Number(await page.getAttribute('#result', 'data-score'));
    assert.ok(Math.abs(onCpu - onGpu) < 0.02, `CPU ${onCpu}, WebGPU ${onGpu}`);
    const modules = server.requests.filter((path) => path.endsWith('.wasm'));
    assert.equal(modules.length, 1, modules.join());
    assert.match(modules[0], /bonafide_webgpu/);
    await screenshot(page, 'webgpu');
  });
});
