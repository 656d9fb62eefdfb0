//! Which language the element speaks: tags as BCP 47 reads them, wherever they are written, and heard when they change.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { server, withBrowser } from './suite.js';

/** Runs in the page: an element within a shadow root, and the language that it settles on. */
async function prepare() {
  await import('/pkg/dist/element/index.js');
  globalThis.outer = document.createElement('section');
  globalThis.element = document.createElement('liveness-check');
  outer.attachShadow({ mode: 'open' }).append(element);
  document.body.append(outer);
  globalThis.frame = element.shadowRoot.querySelector('.frame');
}

const speaks = (page, language) => page.waitForFunction((language) => frame.lang === language, language, { timeout: 10_000 });

withBrowser('language', () => ({}), (its) => {
  for (const [tag, language] of [
    ['de-AT', 'de'], ['DE', 'de'], ['pt_BR', 'pt'], ['de-CH-1996', 'de'], ['ar-EG', 'ar'], ['cmn-CN', 'zh'], ['zh-cmn-Hans-CN', 'zh'], ['zh-yue', 'en'], ['de_DE.UTF-8', 'de'], ['de-DE@euro', 'de'], [' de ', 'de'],
    ['zh', 'zh'], ['zh-CN', 'zh'], ['zh-SG', 'zh'], ['zh-Hans-HK', 'zh'],
    ['zh-Hant', 'en'], ['zh-TW', 'en'], ['zh-HK', 'en'], ['ja-Latn', 'en'], ['yue', 'en'],
    ['ko-Hang', 'ko'], ['apc', 'ar'], ['ary-MA', 'ar'], ['ko-Latn', 'en'],
    ['tlh', 'en'], ['!', 'en'], ['constructor', 'en'], ['en-GB', 'en'],
  ]) {
    test(`${tag} is ${language}`, async () => {
      const page = await its.open();
      await page.evaluate(() => (element.lang = 'fr'));
      await speaks(page, 'fr');
      await page.evaluate((tag) => (element.lang = tag), tag);
      await speaks(page, language);
    });
  }

  test('a change is heard on the element, on what is around it, and beyond shadow roots', async () => {
    const page = await its.open();
    await page.evaluate(() => (document.documentElement.lang = 'ja'));
    await speaks(page, 'ja');
    await page.evaluate(() => (outer.lang = 'ko'));
    await speaks(page, 'ko');
    await page.evaluate(() => (element.lang = 'es'));
    await speaks(page, 'es');
    await page.evaluate(() => (element.removeAttribute('lang'), outer.removeAttribute('lang')));
    await speaks(page, 'ja');
    // Removed, it hears nothing; back, it catches up.
    await page.evaluate(() => (outer.remove(), (document.documentElement.lang = 'de'), document.body.append(outer)));
    await speaks(page, 'de');
  });

  test('one whose file is late is shown when it comes; English stands in for one that does not', async () => {
    const page = await its.open();
    let answer;
    server.intercept = (path) => (path.endsWith('/languages/de.js') ? { type: 'text/javascript', body: (response) => (answer = () => response.end(server.read(path))) } : undefined);
    await page.evaluate(() => (element.lang = 'de'));
    // English in the meantime.
    await page.waitForFunction(() => frame.lang === 'en' && element.shadowRoot.querySelector('.primary').innerText === 'Start');
    answer();
    await speaks(page, 'de');
    server.intercept = (path) => (path.includes('/languages/fr.js') ? { status: 503 } : undefined);
    await page.evaluate(() => (element.lang = 'fr'));
    await speaks(page, 'en');
  });

  test("of the browser's languages the first that is there counts, again when they change", async () => {
    const page = await its.open();
    await page.evaluate(() => Object.defineProperty(navigator, 'languages', { value: ['zh-TW', 'tlh', 'ko-KR', 'de'], configurable: true }));
    await page.evaluate(() => dispatchEvent(new Event('languagechange')));
    await speaks(page, 'ko');
    await page.evaluate(() => Object.defineProperty(navigator, 'languages', { value: ['zh-TW', 'en', 'de'] }));
    await page.evaluate(() => dispatchEvent(new Event('languagechange')));
    await speaks(page, 'en');
  });
}, { path: '/blank.html', prepare });
