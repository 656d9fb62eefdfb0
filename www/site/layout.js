//! What every page has around its own content: head, policy, header, footer. Pages hold a title, a `<main>`, and what
//! is theirs alone.

import { DOCS, link, TOOLS } from './pages.js';

/** WebAssembly only, no eval, nothing from or to any other origin. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "connect-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob:",
  "media-src 'self' blob: mediastream:",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

const MARK =
  '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4 9V6a2 2 0 0 1 2-2h3M15 4h3a2 2 0 0 1 2 2v3M20 15v3a2 2 0 0 1-2 2h-3M9 20H6a2 2 0 0 1-2-2v-3" /><path d="m8.5 12.2 2.4 2.4 4.8-5" /></svg>';

/** A page's own document -> the one that is served. */
export function layout(path, html) {
  const [, head, body] = html.match(/<head>(.*)<\/head>\s*<body>(.*)<\/body>/s) ?? [];
  if (!body?.includes('<main')) throw new Error(`${path} has no head, or no body with a <main>`);
  const style = path.startsWith('docs/') ? 'docs' : 'style';
  const [docs] = DOCS;
  const current = path.startsWith('docs/') ? docs.path : path;
  const entry = ({ path: to, label }) =>
    `<li><a href="${link(path, to)}"${to === path ? ' aria-current="page"' : to === current ? ' aria-current="true"' : ''}>${label}</a></li>`;
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
    <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
    <meta name="referrer" content="no-referrer" />
    <meta name="color-scheme" content="light dark" />
    ${head.trim()}
    <link rel="icon" href="/icon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="/src/base.css" />
    <link rel="stylesheet" href="/src/${style}.css" />
  </head>
  <body>
    <a class="skip" href="#main">Skip to the content</a>
    <header class="top">
      <p class="brand">${MARK} Bonafide</p>
      <nav class="tag" aria-label="Site"><ul>${[...TOOLS, { path: docs.path, label: 'Documentation' }].map(entry).join('')}</ul></nav>
    </header>
    ${body.trim().replace('<main', '<main id="main"')}
    <footer>
      <p>
        The model learnt from simulated attacks alone. A client’s verdict can be forged by whoever owns the client.
        <strong>No frame leaves the page.</strong>
      </p>
    </footer>
  </body>
</html>
`;
}
