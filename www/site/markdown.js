//! Markdown of this repository -> the site's HTML. marked parses (a CommonMark parser without dependencies), highlight.js
//! colours code by classes, which a strict `style-src` lets through; both run at build time only.

import { posix } from 'node:path';
import highlighter from 'highlight.js/lib/core';
import bash from 'highlight.js/lib/languages/bash';
import css from 'highlight.js/lib/languages/css';
import ini from 'highlight.js/lib/languages/ini';
import typescript from 'highlight.js/lib/languages/typescript';
import xml from 'highlight.js/lib/languages/xml';
import { Marked } from 'marked';
import { DOCS, link, TOOLS } from './pages.js';

const LANGUAGES = { bash, css, ts: typescript, tsx: typescript, jsx: typescript, js: typescript, toml: ini, html: xml, vue: xml };
for (const [name, language] of Object.entries(LANGUAGES)) highlighter.registerLanguage(name, language);
// What scripts in HTML are coloured as.
highlighter.registerLanguage('javascript', typescript);

/** Files of the repository that are pages of the site. Others are named in the text, not linked: the site has no address for them. */
const PAGES = new Map([
  ...DOCS.map(({ source, path }) => [source, path]),
  ...TOOLS.map(({ path }) => [`www/${path}`, path]),
  ['MODEL_CARD.md', 'docs/model-card.html'],
  ['README.md', 'docs/index.html'],
  ['pkg/README.md', 'docs/index.html'],
]);

export const escape = (text) => text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);

/** HTML -> its text. */
export const plain = (html) => html.replace(/<[^>]*>/g, '');

/** As GitHub makes them, so that a link works there and here. */
export const slug = (text) => text.toLowerCase().replace(/<[^>]*>|&[a-z]+;/g, '').replace(/[^\p{L}\p{N}\s_-]/gu, '').trim().replace(/\s/g, '-');

/** Code with classes for its colours. A language that is not named above stays plain. */
export function code(text, language) {
  const shown = language in LANGUAGES ? highlighter.highlight(text, { language }).value : escape(text);
  return `<pre><code>${shown}</code></pre>\n`;
}

/**
 * Renders Markdown.
 *
 * `from` is the file that it stands in, relative to the repository: links are relative to it. `page` is the path of the
 * page that it goes to; `rise` is taken from the level of its headings; `used` holds the page's anchors so far.
 */
export function markdown(text, { from, page, rise = 0, used }) {
  const marked = new Marked({ gfm: true });
  let heading = 'Figures';
  marked.use({
    renderer: {
      heading({ tokens, depth }) {
        const inner = this.parser.parseInline(tokens);
        heading = plain(inner);
        const level = Math.max(1, depth - rise);
        let id = slug(inner);
        for (let n = 1; used.has(id); n++) id = `${slug(inner)}-${n}`;
        used.add(id);
        return level === 1 ? `<h1>${inner}</h1>\n` : `<h${level} id="${id}">${inner}</h${level}>\n`;
      },
      code: ({ text, lang }) => code(text, (lang ?? '').split(' ')[0]),
      link({ href, tokens }) {
        const inner = this.parser.parseInline(tokens);
        const to = resolve(href, from, page);
        return to === null ? inner : `<a href="${escape(to)}">${inner}</a>`;
      },
      image({ href }) {
        throw new Error(`${from} shows ${href}: the site has no pictures of Markdown yet`);
      },
      table({ header, rows }) {
        const cells = header.map(({ tokens, align }) => ({ html: this.parser.parseInline(tokens), align }));
        const inner = (row) => row.map(({ tokens }) => this.parser.parseInline(tokens));
        return table(cells, rows.map(inner), heading);
      },
    },
  });
  return marked.parse(text);
}

/**
 * A table that turns into cards on a phone, where each cell names its column. Roles are written out, since a table that
 * is displayed as blocks is none any more for some browsers.
 */
function table(header, rows, heading) {
  const named = header.some(({ html }) => html !== '');
  const head = header
    .map(({ html, align }) => (html ? `<th role="columnheader" scope="col"${aligned(align)}>${html}</th>` : '<td role="cell"></td>'))
    .join('');
  const body = rows
    .map((row) => {
      const cells = row.map((html, i) => {
        const { html: column, align } = header[i];
        // The row's name, then what it says of each column.
        if (i === 0) return html ? `<th role="rowheader" scope="row">${html}</th>` : '<td role="cell"></td>';
        const label = column ? ` data-label="${plain(column)}"` : '';
        return `<td role="cell"${aligned(align)}${label}>${html && `<span>${html}</span>`}</td>`;
      });
      return `<tr role="row">${cells.join('')}</tr>`;
    })
    .join('\n');
  const top = named ? `<thead role="rowgroup"><tr role="row">${head}</tr></thead>` : '';
  const wide = header.length > 5;
  // What scrolls sideways must be reached by keyboard.
  const frame = wide ? ` class="wide" role="group" tabindex="0" aria-label="${heading}, as a table"` : ' class="narrow"';
  return `<div${frame}><table role="table">${top}<tbody role="rowgroup">\n${body}\n</tbody></table></div>\n`;
}

const aligned = (align) => (align === 'right' ? ' class="number"' : '');

/** A link as the page needs it; `null` for a file that is no page. */
function resolve(href, from, page) {
  if (/^[a-z]+:/.test(href) || href.startsWith('#')) return href;
  const [file, anchor] = href.split('#');
  const target = PAGES.get(posix.join(posix.dirname(from), file));
  if (!target && from.startsWith('www/docs/')) throw new Error(`${from} links to ${href}, which is no page of the site`);
  return target ? link(page, target) + (anchor ? `#${anchor}` : '') : null;
}

/** A section of a Markdown text, by its heading's anchor, without the heading; and the heading's level. */
export function section(text, anchor, file) {
  const lines = text.split('\n');
  let fenced = false;
  const headings = lines.flatMap((line, at) => {
    if (line.startsWith('```')) fenced = !fenced;
    const found = !fenced && line.match(/^(#+) (.+)$/);
    return found ? [{ at, level: found[1].length, id: slug(found[2]) }] : [];
  });
  const first = headings.findIndex(({ id }) => id === anchor);
  if (first < 0) throw new Error(`${file} has no section #${anchor}: a page of the site includes it`);
  const { at, level } = headings[first];
  const next = headings.slice(first + 1).find((heading) => heading.level <= level);
  return { text: lines.slice(at + 1, next?.at).join('\n'), level };
}
