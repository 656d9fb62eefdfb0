//! Every page of the site, in the order of its navigation. Paths are those of the built site.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const www = fileURLToPath(new URL('..', import.meta.url));
export const root = join(www, '..');

/** Pages with a file of HTML each; `label` stands in the header of all pages. */
export const TOOLS = [
  { path: 'index.html', label: 'Single frames' },
  { path: 'check.html', label: 'A whole check' },
  { path: 'playground.html', label: 'Playground' },
];

/** Pages with a file of Markdown each, `docs/NAME.md`, whose first heading is their title. */
export const DOCS = [
  'index',
  'camera-screen',
  'checks',
  'errors',
  'operating-points',
  'frameworks',
  'serving',
  'privacy',
  'accessibility',
  'limits',
  'field',
  'model-card',
  'benchmarks',
  'reference',
].map((name) => {
  const source = `www/docs/${name}.md`;
  const title = readFileSync(join(root, source), 'utf8').match(/^# (.+)$/m)?.[1];
  if (!title) throw new Error(`${source} has no first heading`);
  return { path: `docs/${name}.html`, source, title };
});

/** From one page of the site to another file of it: `link('docs/limits.html', 'index.html')` is `../index.html`. */
export const link = (from, to) => '../'.repeat(from.split('/').length - 1) + (from.includes('/') ? to : `./${to}`);
