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

  const answer = await ask('/api/transcripts', transcript.json);
  assert.deepEqual([answer.accepted, answer.verdict?.outcome], [true, outcome]);
  assert.deepEqual(await ask('/api/transcripts', transcript.json), answer, 'answers get lost: the same transcript gets the same one again');
  assert.equal((await ask('/api/transcripts', flipped)).accepted, false);
  // Neither as it is nor with another verdict for another ticket, whose own check it is not.
  for (const json of [transcript.json, flipped]) assert.equal((await ask('/api/transcripts', json.replace(ticket.nonce, other.nonce))).code, 'REPLAYED');
  await context.close();
  assert.deepEqual(faults, []);
});

test('a server reveals the steps, one when it is waited for, and what the page attaches is bound', async () => {
  const { page, context, faults } = await open(browser, url);
  await page.evaluate(providePackage);
  await page.evaluate(providePost);
  const [waited, prompts, left, attached, unbound] = await page.evaluate(async () => {
    const detector = await load({ backend: 'cpu' });
    const video = await film();
    const ticket = await post('/api/tickets', { operatingPoint: 'balanced', steps: ['turn-left', 'turn-right'], reveal: true });
    const stop = new AbortController();
    const [states, prompts] = [[], new Set()];
    const onUpdate = ({ waitsForStep, prompt }) => {
      if (states.at(-1) !== waitsForStep) states.push(waitsForStep);
      if (!prompt) return;
      prompts.add(prompt);
      stop.abort();
    };
    // The film never turns its head: it is asked to, and no more.
    const left = await codeOf(detector.check(video, { ...ticket, signal: stop.signal, onUpdate }));
    const again = (await post('/api/steps', { nonce: ticket.nonce, known: 0 })).step;
    const attach = { release: 'shop 4.2', signals: true };
    const passive = await post('/api/tickets', { operatingPoint: 'balanced', passiveSeconds: 2 });
    const { transcript, signals, elapsedMs, outcome } = await detector.check(video, { ...passive, attach });
    const answer = await post('/api/transcripts', transcript.json);
    const attached = [answer.accepted, JSON.parse(transcript.json).attached, signals, outcome === 'attack' || elapsedMs >= 2000];
    return [states, [...prompts, again], left.code, attached, (await detector.check(video, { attach })).transcript];
  });
  // The first frame that counts is the one from which it waits; the answer comes some frames later.
  assert.deepEqual([waited.slice(-2), left, unbound], [[true, false], 'CANCELLED', undefined]);
  assert.ok(prompts.length === 2 && prompts[0] === prompts[1] && ['turn-left', 'turn-right'].includes(prompts[0]), String(prompts));
  const [accepted, { release, signals }, told, watched] = attached;
  assert.deepEqual([accepted, release, watched], [true, 'shop 4.2', true]);
  assert.deepEqual(signals, told);
  await context.close();
  assert.deepEqual(faults, []);
});

test('a server that reveals no step is STEP_UNAVAILABLE, and options that do not fit are INVALID_INPUT', async () => {
  const { page, context } = await open(browser, url);
  await page.evaluate(providePackage);
  const [failed, refused] = await page.evaluate(async () => {
    const detector = await load({ backend: 'cpu' });
    const video = await film();
    const [nonce, revealed] = ['A'.repeat(24), ['turn-left']];
    const all = async (options) => {
      const codes = [];
      for (const one of options) codes.push(await codeOf(detector.check(video, one)));
      return codes.map((error) => error && [error.code, error.retryable]);
    };
    const failed = await all([
      // Not issued here, nothing there, no server at all; and a function that gives none.
      { nonce, revealed, stepUrl: '/api/steps' },
      { nonce, revealed, stepUrl: '/nothing' },
      { nonce, revealed, stepUrl: 'http://127.0.0.1:9/' },
      { revealed, onStep: () => 'jump' },
      { revealed, onStep: () => undefined },
    ]);
    const onStep = () => 'turn-left';
    const refused = await all([
      { revealed },
      { revealed, stepUrl: '/api/steps' },
      { revealed: [], onStep },
      { revealed: 2, onStep },
      { revealed, challenge: true, onStep },
      { nonce, revealed, stepUrl: 7 },
      { revealed, onStep: 'turn-left' },
      { passiveSeconds: 0 },
      { passiveSeconds: 1.5 },
      { passiveSeconds: 'long' },
      { attach: 'all' },
      { nonce, attach: { release: 7 } },
    ]);
    return [failed, refused];
  });
  assert.deepEqual(failed, failed.map(() => ['STEP_UNAVAILABLE', true]));
  assert.deepEqual(refused, refused.map(() => ['INVALID_INPUT', false]));
  await context.close();
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
