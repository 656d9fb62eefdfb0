//! The README's pictures, from the built site: `make pictures` writes them to `www/pictures`. WebP at twice the size that
//! they are shown in, so that text is sharp; the browser itself encodes them.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { launch } from './browser.js';
import { portrait, writeClip, writePng } from './pictures.js';
import { root, serve } from './server.js';

const folder = join(root, 'www/pictures');
mkdirSync(folder, { recursive: true });
const server = await serve();
const browser = await launch({ clip: writeClip('face.y4m', portrait()) });

/** Opens a page of the site, and keeps a picture of `part` of it once `until` is so. */
async function picture(name, path, viewport, begin, part) {
  const context = await browser.newContext({ viewport, colorScheme: 'light', deviceScaleFactor: 2, permissions: ['camera'], reducedMotion: 'reduce' });
  const page = await context.newPage();
  await page.goto(`${server.url}/${path}`);
  await begin(page);
  const png = await (part ? page.locator(part) : page).screenshot();
  await page.goto(`${server.url}/blank.html`);
  const webp = await page.evaluate(async (base64) => {
    const bitmap = await createImageBitmap(new Blob([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], { type: 'image/png' }));
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    canvas.getContext('2d').drawImage(bitmap, 0, 0);
    const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: 'image/webp', quality: 0.82 })).arrayBuffer());
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  }, png.toString('base64'));
  const bytes = Buffer.from(webp, 'base64');
  writeFileSync(join(folder, `${name}.webp`), bytes);
  console.log(`www/pictures/${name}.webp  ${(bytes.length / 1024).toFixed(0)} KiB`);
  await context.close();
}

const PATIENCE = { timeout: 60_000 };

await picture('element-check', 'check.html', { width: 380, height: 640 }, async (page) => {
  // Movements, so that the check lasts until the picture is taken.
  await page.check('#challenge');
  await page.locator('liveness-check').getByRole('button').first().click();
  await page.waitForFunction(() => {
    const shadow = document.querySelector('liveness-check').shadowRoot;
    return /^(Turn|Move)/.test(shadow.querySelector('[role=status]').innerText) && Number(shadow.querySelector('[role=progressbar]').ariaValueNow) > 0;
  }, null, PATIENCE);
}, 'liveness-check');
await picture('demo', 'index.html', { width: 1000, height: 580 }, async (page) => {
  await page.setInputFiles('#file', writePng('readme.png', portrait()));
  await page.waitForSelector('#stage[data-state="scored"]', PATIENCE);
  // Timings are those of this machine at this moment, on its first frame: `make bench` measures them.
  await page.evaluate(() => (document.querySelector('.facts').hidden = true));
});

await browser.close();
await server.close();
