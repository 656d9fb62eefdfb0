//! A Markdown file of `www/docs` -> the content of its page. Takes what the repository says elsewhere from there:
//!
//!     <!-- include FILE -->             a whole file without its first heading
//!     <!-- include FILE#section -->     one section without its heading
//!     <!-- include FILE^Words -->       the paragraph that begins with these words in bold
//!     <!-- reference -->                the package's types

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { escape, markdown, plain, section } from './markdown.js';
import { DOCS, link, root } from './pages.js';
import { reference } from './reference.js';

const DIRECTIVE = /^<!-- (include|reference)(?: ([^#^\s]+)(?:([#^])(.+))?)? -->$/m;

/** The page's document, which `layout` completes, and every file that they were made from. */
export function article(page) {
  const sources = new Set();
  const read = (file) => {
    sources.add(join(root, file));
    return readFileSync(join(root, file), 'utf8');
  };
  const used = new Set();
  const parts = read(page.source).split(DIRECTIVE);
  let body = '';
  // Of every five parts the first is the page's own, the rest are what the directive says.
  for (let i = 0; i < parts.length; i += 5) {
    body += markdown(parts[i], { from: page.source, page: page.path, used });
    if (i + 1 === parts.length) break;
    const [what, file, mark, name] = parts.slice(i + 1, i + 5);
    if (what === 'reference') body += reference({ read, page: page.path, used });
    else body += markdown(...included(read(file), file, mark, name, { page: page.path, used }));
  }
  return { html: frame(page, body), sources: [...sources] };
}

function included(text, file, mark, name, options) {
  if (mark === '#') {
    const { text: found, level } = section(text, name, file);
    return [found, { ...options, from: file, rise: level - 1 }];
  }
  if (mark === '^') {
    const paragraph = text.split(/\n\s*\n/).find((part) => part.startsWith(`**${name}`));
    if (!paragraph) throw new Error(`${file} has no paragraph that begins with **${name}: a page of the site includes it`);
    return [paragraph.replace(/^/gm, '> '), { ...options, from: file }];
  }
  return [text.replace(/^# .+$/m, ''), { ...options, from: file }];
}

function frame(page, body) {
  const sections = [...body.matchAll(/<h2 id="([^"]+)">(.+?)<\/h2>/g)].map(([, id, html]) => `<li><a href="#${id}">${plain(html)}</a></li>`);
  const inside = sections.length > 1 ? `<ul>${sections.join('')}</ul>` : '';
  const entry = ({ path, title }) =>
    `<li><a href="${link(page.path, path)}"${path === page.path ? ' aria-current="page"' : ''}>${escape(title)}</a>${path === page.path ? inside : ''}</li>`;
  const at = DOCS.indexOf(page);
  const turn = (to, words) => (to ? `<a href="${link(page.path, to.path)}"><small>${words}</small> ${escape(to.title)}</a>` : '<span></span>');
  return `<head><title>${escape(page.title)} · Bonafide</title></head>
<body>
<main class="doc">
  <article>
    <p class="jump"><a href="#pages">All pages of the documentation</a></p>
${body}
    <p class="turn">${turn(DOCS[at - 1], 'Before')}${turn(DOCS[at + 1], 'Next')}</p>
  </article>
  <nav id="pages" aria-label="Documentation"><ul>${DOCS.map(entry).join('')}</ul></nav>
</main>
</body>
`;
}
