//! The site's pages for vite: HTML files as they are, Markdown rendered, all of them in the one layout.

import { join, relative } from 'node:path';
import { article } from './article.js';
import { layout } from './layout.js';
import { DOCS, TOOLS, www } from './pages.js';

const inFolder = (path) => join(www, path);

/** What vite builds. */
export const input = [...TOOLS, ...DOCS].map(({ path }) => inFolder(path));

/** The plugin. Pages of Markdown have no file of their own in `www`: vite asks for them by the path they will have. */
export function site() {
  const documents = new Map(DOCS.map((page) => [inFolder(page.path), page]));
  return {
    name: 'bonafide-site',
    resolveId: (id) => (documents.has(id) ? id : undefined),
    load(id) {
      const page = documents.get(id);
      if (!page) return undefined;
      const { html, sources } = article(page);
      for (const source of sources) this.addWatchFile(source);
      return html;
    },
    transformIndexHtml: {
      order: 'pre',
      handler: (html, { filename }) => layout(relative(www, filename), html),
    },
  };
}
