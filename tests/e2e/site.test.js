//! Every page of the built site: it loads, it can be used, its links lead somewhere; what the documentation says is so.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { test } from 'node:test';
import { DOCS, TOOLS } from '../../www/site/pages.js';
import { accessible } from './accessible.js';
import { screenshot } from './browser.js';
import { root } from './server.js';
import { server, withBrowser } from './suite.js';

const dist = join(root, 'www/dist');
const read = (path) => readFileSync(join(root, path), 'utf8');
const PAGES = [...TOOLS, ...DOCS].map(({ path }) => path);

/** Between them both themes, both layouts, and the width in between. */
const SIZES = [
  ['phone', { width: 320, height: 640 }, 'light'],
  ['tablet', { width: 768, height: 1024 }, 'light'],
  ['desk-dark', { width: 1280, height: 800 }, 'dark'],
];

withBrowser('every page', () => ({}), (its) => {
  for (const path of PAGES) {
    test(`${path} loads without an error, fits and is accessible`, async () => {
      const context = await its.browser.newContext();
      const page = await context.newPage();
      const faults = [];
      page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
      page.on('pageerror', (error) => faults.push(error.message));
      page.on('request', (request) => request.url().startsWith(server.url) || request.url().startsWith('blob:') || faults.push(request.url()));
      await page.goto(`${server.url}/${path}`, { waitUntil: 'networkidle' });
      for (const [size, viewport, colorScheme] of SIZES) {
        await page.setViewportSize(viewport);
        await page.emulateMedia({ colorScheme });
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(overflow <= 0, `${size}: ${overflow} px too wide`);
        if (size !== 'tablet') await accessible(page, size);
        await screenshot(page, `site-${path.replaceAll('/', '-').replace('.html', '')}-${size}`);
      }
      assert.deepEqual(faults, []);
      await context.close();
    });
  }

  test('the documentation says on its first screen, on a phone too, that a verdict can be forged', async () => {
    const page = await its.open({ viewport: { width: 320, height: 640 } });
    for (const path of ['docs/index.html', 'docs/limits.html']) {
      await page.goto(`${server.url}/${path}`);
      const first = page.locator('blockquote').first();
      assert.match(await first.innerText(), /forged\s+by\s+whoever owns the\s+client/);
      assert.ok((await first.boundingBox()).y < 640, path);
    }
  });
});

withBrowser('tables on a phone', () => ({}), (its) => {
  test('an empty cell says nothing, not even the name of its column', async () => {
    const page = await its.open({ viewport: { width: 320, height: 640 } });
    const [full, empty] = await page.evaluate(() => {
      const cell = document.querySelector('td[data-label]');
      const before = getComputedStyle(cell).display;
      cell.replaceChildren();
      return [before, getComputedStyle(cell).display];
    });
    assert.deepEqual([full, empty], ['grid', 'none']);
  });
}, { path: '/docs/errors.html' });

test('every page that was built is in the navigation, and every link leads to a page, a file or a heading that is there', () => {
  const built = readdirSync(dist, { recursive: true }).filter((name) => name.endsWith('.html'));
  assert.deepEqual(built.sort(), [...PAGES].sort());
  const html = new Map(PAGES.map((path) => [path, readFileSync(join(dist, path), 'utf8')]));
  const ids = new Map([...html].map(([path, text]) => [path, [...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)]));
  let links = 0;
  for (const [path, text] of html) {
    assert.equal(new Set(ids.get(path)).size, ids.get(path).length, `${path} has an id twice`);
    for (const [, to] of text.matchAll(/ (?:href|src)="([^"]+)"/g)) {
      links++;
      if (/^[a-z]+:/.test(to)) {
        assert.match(to, /^https:/, `${path} links to ${to}`);
        continue;
      }
      const [file, anchor] = to.split('#');
      const target = file ? posix.join(posix.dirname(path), file) : path;
      assert.ok(existsSync(join(dist, target)), `${path} links to ${to}, which is not there`);
      if (anchor) assert.ok(ids.get(target)?.includes(anchor), `${path} links to ${to}, and ${target} has no #${anchor}`);
    }
  }
  assert.ok(links > 300, `only ${links} links were found`);
});

test('every section of the package’s own page is on some page of the site', () => {
  const docs = DOCS.map(({ source }) => read(source)).join('\n');
  for (const [, heading] of read('pkg/README.md').matchAll(/^## (.+)$/gm)) {
    const anchor = heading.toLowerCase().replace(/[^\w\s-]/g, '').replace(/\s/g, '-');
    assert.ok(docs.includes(`<!-- include pkg/README.md#${anchor} -->`), `pkg/README.md, "${heading}": no page of www/docs includes #${anchor}`);
  }
});

test('the reference tells all that the package exports', async () => {
  const ids = new Set([...readFileSync(join(dist, 'docs/reference.html'), 'utf8').matchAll(/<h3 id="([\w-]+)"/g)].map(([, id]) => id));
  const values = Object.keys(await import('bonafide-liveness'));
  const lists = [...read('pkg/src/index.ts').matchAll(/^export (?:type )?\{([^}]*)\}/gm)].map(([, list]) => list);
  const types = lists.flatMap((list) => list.match(/\b[A-Z]\w+/g));
  assert.ok(values.length > 5 && types.length > 10);
  for (const name of [...values, ...types, 'LivenessCheckElement', 'OwnStrings', 'Strings']) assert.ok(ids.has(name), `${name} is not in the reference`);
});

test('figures on the site are those of the files that they come from', () => {
  const cells = (markdown) => [...markdown.matchAll(/\| ([\d.]+ %[^|]*?) (?=\|)/g)].map(([, cell]) => cell);
  const shown = (page) => readFileSync(join(dist, page), 'utf8').replace(/<[^>]+>/g, '');
  for (const [source, page] of [['MODEL_CARD.md', 'docs/model-card.html'], ['README.md', 'docs/benchmarks.html']]) {
    const figures = cells(read(source));
    assert.ok(figures.length > 3, `${source} has ${figures.length} figures`);
    for (const figure of figures) assert.ok(shown(page).includes(figure), `${page} lacks ${figure} of ${source}`);
  }
  // Nor does a page that people write hold any of them.
  for (const { source } of DOCS) {
    const own = read(source).replace(/```[\s\S]*?```/g, '');
    assert.doesNotMatch(own, /\d(\.\d+)? %/, `${source} holds a figure of its own: include it from where it is measured`);
  }
});

test('every test that SECURITY.md names is there', () => {
  // Of a file that stands in a row without its folder, some file of that name.
  const files = execFileSync('git', ['ls-files', '*.rs', '*.js'], { cwd: root, encoding: 'utf8' }).trim().split('\n');
  const rows = read('SECURITY.md').matchAll(/^\|.*\| ([^|]+) \|$/gm);
  let named = 0;
  for (const [, cell] of rows) {
    for (const [, path, names] of cell.matchAll(/([\w./-]+\.(?:rs|js))((?:,? `\w+`)*)/g)) {
      const found = files.filter((file) => file === path || (!path.includes('/') && file.endsWith(`/${path}`)));
      assert.ok(found.length, `${path} is not there`);
      for (const [, name] of names.matchAll(/`(\w+)`/g)) {
        named++;
        assert.ok(found.some((file) => read(file).includes(`fn ${name}(`)), `${path} has no test ${name}`);
      }
    }
  }
  assert.ok(named > 25, `only ${named} tests were found`);
});
