//! Serves the built page at `/` and the package as it ships at `/pkg/`, under the page's own content security policy, and
//! breaks on request what a test wants broken.

import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.wasm': 'application/wasm',
};

const locate = (path) =>
  path.startsWith('/pkg/') ? join(root, path) : join(root, 'www/dist', path.endsWith('/') ? `${path}index.html` : path);

/**
 * Starts a server on a free port; `headers` go with every answer, in place of its own.
 *
 * `intercept(path)` may return `{ status, type, headers, body }` to answer in the files' stead; assign it at any time. A body
 * that is a function gets the response, to write as it likes.
 * `requests` lists every path asked for, `read(path)` gives the bytes that a path stands for.
 */
export async function serve(headers = {}) {
  const state = { intercept: () => undefined, requests: [], read: (path) => readFileSync(locate(path)) };
  // The policy goes out as a header too: a worker takes its policy from its own response, not from the page's meta tag.
  const policy = readFileSync(join(root, 'www/dist/index.html'), 'utf8').match(/content="(default-src[^"]+)"/)[1];
  const always = { 'content-security-policy': policy, 'cache-control': 'no-store', ...headers };
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, 'http://localhost').pathname));
    state.requests.push(path);
    let special;
    try {
      special = state.intercept(path);
    } catch (error) {
      // No page waits for a test that is wrong.
      special = { status: 500, type: 'text/plain', body: `${error.stack}` };
      console.error(error);
    }
    if (special) {
      response.writeHead(special.status ?? 200, { ...always, 'content-type': special.type ?? 'application/octet-stream', ...special.headers });
      if (typeof special.body === 'function') special.body(response);
      else response.end(special.body ?? '');
      return;
    }
    if (path === '/blank.html') {
      response.writeHead(200, { ...always, 'content-type': TYPES['.html'] });
      response.end('<!doctype html><title>blank</title>');
      return;
    }
    const file = locate(path);
    if (!existsSync(file) || !statSync(file).isFile()) {
      response.writeHead(404, always);
      response.end('not found');
      return;
    }
    response.writeHead(200, { ...always, 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' });
    createReadStream(file).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  state.url = `http://localhost:${server.address().port}`;
  state.close = () => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve)));
  return state;
}

/** Serves the files of a folder on a free port, as any host would. */
export async function serveFolder(folder) {
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, 'http://localhost').pathname));
    const file = join(folder, path.endsWith('/') ? `${path}index.html` : path);
    if (!existsSync(file) || !statSync(file).isFile()) return response.writeHead(404).end();
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' });
    createReadStream(file).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve)));
  return { url: `http://localhost:${server.address().port}`, close };
}
