//! Bound checks from end to end: a ticket from the example server, a check in a real browser, its transcript back over HTTP.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { launch, open } from './browser.js';
import { providePackage } from './detector.js';
import { portrait, writeClip } from './pictures.js';
import { root } from './server.js';

let [folder, server, url, browser] = [];

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bonafide-bound-'));
  symlinkSync(join(root, 'pkg'), join(folder, 'pkg'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>bound</title>');
  const program = join(dirname(process.env.TRAINER), 'bonafide-example-server');
  server = spawn(program, [join(folder, 'tickets.redb'), join(root, 'pkg/weights'), folder, '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  [url] = await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('exit', (code) => reject(new Error(`the example server ended with ${code}`)));
    createInterface(server.stdout).once('line', (line) => resolve([line]));
  });
  browser = await launch({ clip: writeClip('bound.y4m', portrait()) });
});
after(async () => {
  await browser?.close();
  server?.removeAllListeners('exit').kill();
  if (folder) rmSync(folder, { recursive: true });
});

/** Runs in the page: makes `post(path, body)`, which sends JSON or text and gives the answer. */
const providePost = () => {
  globalThis.post = async (path, body) => {
    const text = typeof body === 'string';
    const headers = { 'content-type': text ? 'text/plain' : 'application/json' };
    return (await fetch(path, { method: 'POST', body: text ? body : JSON.stringify(body), headers })).json();
  };
};

test('a check answers its ticket once; a changed or repeated transcript, and another ticket, do not pass', async () => {
  const { page, context, faults } = await open(browser, url);
  await page.evaluate(providePackage);
  await page.evaluate(providePost);
  const ask = (path, body) => page.evaluate(([path, body]) => post(path, body), [path, body]);
  const ticket = await ask('/api/tickets', { operatingPoint: 'balanced' });
  const other = await ask('/api/tickets', { operatingPoint: 'balanced' });
  const { outcome, transcript, digest } = await page.evaluate(async (ticket) => {
    globalThis.detector = await load({ backend: 'cpu' });
    const result = await detector.check(await film(), ticket);
    const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(result.transcript.json));
    return { ...result, digest: [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, '0')).join('') };
  }, ticket);
  assert.equal(transcript.sha256, digest);
  assert.ok(transcript.json.match(/"[^"]*"/g).every((text) => text.length <= 66), 'no text in it is longer than a hash: no picture');

  // Before the true one: what somebody on the way could make of it.
  const flipped = transcript.json.replace(`"outcome":"${outcome}"`, `"outcome":"${outcome === 'attack' ? 'bona-fide' : 'attack'}"`);
  assert.notEqual(flipped, transcript.json);
  const moved = transcript.json.replace(ticket.nonce, other.nonce);
  assert.equal((await ask('/api/transcripts', flipped.replace(ticket.nonce, other.nonce))).code, 'OTHER_VERDICT');

  const answer = await ask('/api/transcripts', transcript.json);
  assert.deepEqual([answer.accepted, answer.verdict?.outcome], [true, outcome]);
  assert.deepEqual(await ask('/api/transcripts', transcript.json), answer, 'answers get lost: the same transcript gets the same one again');
  assert.equal((await ask('/api/transcripts', flipped)).accepted, false);
  // The forgery used the other ticket up.
  assert.equal((await ask('/api/transcripts', moved)).code, 'REPLAYED');
  await context.close();
  assert.deepEqual(faults, []);
});

test('a nonce that is none is INVALID_INPUT, and without one there is no transcript', async () => {
  const { page, context } = await open(browser, url);
  await page.evaluate(providePackage);
  const [codes, transcript] = await page.evaluate(async () => {
    const detector = await load({ backend: 'cpu' });
    const video = await film();
    const codes = [];
    for (const nonce of ['', 'x'.repeat(100_000), 7, null]) codes.push((await codeOf(detector.check(video, { nonce })))?.code);
    return [codes, (await detector.check(video)).transcript];
  });
  assert.deepEqual([codes, transcript], [['INVALID_INPUT', 'INVALID_INPUT', 'INVALID_INPUT', 'INVALID_INPUT'], undefined]);
  await context.close();
});

test('the element asks for a ticket before each check, and its result answers it', async () => {
  const { page, context, faults } = await open(browser, url);
  await page.evaluate(providePost);
  const [ended, answers, nonces, refused] = await page.evaluate(async () => {
    await import('/pkg/dist/element/index.js');
    const nonces = [];
    const answers = [];
    const element = Object.assign(document.createElement('liveness-check'), {
      backend: 'cpu',
      operatingPoint: 'strict',
      async ticket() {
        const ticket = await post('/api/tickets', { operatingPoint: 'low_friction' });
        nonces.push(ticket.nonce);
        return ticket;
      },
    });
    const ending = () => new Promise((resolve) => {
      element.addEventListener('liveness-result', ({ detail }) => resolve(detail), { once: true });
      element.addEventListener('liveness-error', ({ detail }) => resolve(detail), { once: true });
    });
    document.body.append(element);
    const ended = [];
    for (let check = 0; check < 2; check++) {
      element.start();
      const { transcript, operatingPoint } = await ending();
      answers.push(await post('/api/transcripts', transcript.json));
      ended.push(operatingPoint);
    }
    const refused = [];
    for (const ticket of [() => fetch('http://[').then(), () => 7, 7]) {
      element.ticket = ticket;
      element.start();
      const { code, retryable } = await ending();
      refused.push([code, retryable]);
    }
    return [ended, answers, nonces, refused];
  });
  assert.deepEqual([ended, answers.map(({ accepted }) => accepted)], [['low_friction', 'low_friction'], [true, true]]);
  assert.equal(new Set(nonces).size, 2);
  assert.deepEqual(refused, [['TICKET_FAILED', true], ['INVALID_INPUT', false], ['INVALID_INPUT', false]]);
  await context.close();
  assert.deepEqual(faults, []);
});
