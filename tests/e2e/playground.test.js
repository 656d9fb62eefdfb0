//! The playground: files of people in, what the calls tell out, and nothing sent.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessible } from './accessible.js';
import { dropFile, screenshot } from './browser.js';
import { emptyScene, portrait, writeClip, writePng } from './pictures.js';
import { server, withBrowser } from './suite.js';

const PATIENCE = { timeout: 60_000 };
/** Which one, a busy machine may change: it is too slow for a verdict then, and says so. */
const VERDICTS = ['bona-fide', 'attack', 'inconclusive'];

/** Waits for the end of a check, and fails with what the page shows instead. */
async function ends(page, ...states) {
  const any = states.map((state) => `#checked[data-state="${state}"]`).join();
  await page.waitForSelector(any, PATIENCE).catch(async () => assert.fail(`no check ended as ${states}: ${await page.innerText('main')}`));
}

/** What the page's camera shows for so many frames, as a file: a container without a duration, as pages record them. */
async function film(page, frames) {
  const base64 = await page.evaluate(async (frames) => {
    const stream = await navigator.mediaDevices.getUserMedia({ video: true });
    const video = Object.assign(document.createElement('video'), { srcObject: stream, muted: true });
    await video.play();
    const recorder = new MediaRecorder(stream, { mimeType: 'video/webm;codecs=vp8', videoBitsPerSecond: 4e6 });
    const parts = [];
    recorder.ondataavailable = ({ data }) => parts.push(data);
    const stopped = new Promise((resolve) => (recorder.onstop = resolve));
    recorder.start();
    for (let i = 0; i < frames; i++) await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
    recorder.stop();
    await stopped;
    for (const track of stream.getTracks()) track.stop();
    const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  }, frames);
  return { name: 'film.webm', mimeType: 'video/webm', buffer: Buffer.from(base64, 'base64') };
}

/** Notes every request that carries something, or goes elsewhere. */
function watch(page) {
  const sent = [];
  page.on('request', (request) => {
    if (request.method() !== 'GET' || request.postData() !== null) sent.push(`${request.method()} ${request.url()}`);
  });
  return sent;
}

const drawn = (page) =>
  page.evaluate(() => {
    const canvas = document.querySelector('#overlay');
    return canvas.width > 0 && canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((v) => v > 0);
  });

withBrowser('files in the playground', () => ({ clip: writeClip('face.y4m', portrait()) }), (its) => {
  test('a photo: face, score, decisions, timings, and a check of it; nothing is sent', async () => {
    const page = await its.open();
    const sent = watch(page);
    assert.match(await page.innerText('#text'), /nothing is uploaded/);
    await page.setInputFiles('#file', writePng('playground.png', portrait()));
    await ends(page, ...VERDICTS);
    const score = Number(await page.innerText('#score'));
    assert.ok(score > 0 && score < 1, `score ${score}`);
    assert.match(await page.innerText('#face'), /^Face of \d+ × \d+ pixels in 640 × 480, confidence 0\.\d\d$/);
    assert.ok(await drawn(page), 'no face box was drawn');
    for (const id of ['read-ms', 'detect-ms', 'crop-ms', 'score-ms', 'total-ms']) assert.match(await page.innerText(`#${id}`), /^\d+(\.\d)? ms$/, id);
    const points = await page.$$eval('#points tbody tr', (rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent)));
    assert.deepEqual(points.map(([name]) => name).sort(), ['balanced', 'low_friction', 'strict']);
    for (const [name, threshold, decision] of points) assert.equal(decision === 'bona fide', score >= Number(threshold), name);
    for (const [, , decision] of points) assert.match(decision, /^(bona fide|doubtful|attack)$/);
    const returned = JSON.parse(await page.textContent('#returned'));
    assert.ok(returned.framesSeen > 0, JSON.stringify(returned));
    assert.equal(await page.getAttribute('#checked', 'data-state'), returned.outcome);
    await accessible(page, 'photo');
    await screenshot(page, 'playground-photo');
    assert.deepEqual(sent, []);
    assert.ok(server.requests.every((path) => !path.includes('playground.png')));
  });

  test('a video: the verdict of a check, then each frame scored; it can be checked again', async () => {
    const page = await its.open();
    const file = await film(page, 40);
    const sent = watch(page);
    await page.setInputFiles('#file', file);
    await ends(page, ...VERDICTS);
    const returned = JSON.parse(await page.textContent('#returned'));
    assert.ok(returned.framesSeen > 1 && returned.score > 0, JSON.stringify(returned));
    await page.waitForFunction(() => document.querySelector('#score').textContent !== '–', null, PATIENCE);
    assert.ok(await drawn(page), 'no face box was drawn');
    await accessible(page, 'video');
    await screenshot(page, 'playground-video');
    await page.click('#again');
    await page.waitForSelector('#checked[data-state="running"]', PATIENCE);
    await ends(page, ...VERDICTS);
    assert.deepEqual(sent, []);
  });

  test('a video that is paused is a typed error that says so, and can be checked again', async () => {
    const page = await its.open();
    await page.setInputFiles('#file', await film(page, 20));
    await page.waitForSelector('#checked[data-state="running"]', PATIENCE);
    await page.evaluate(() => document.querySelector('#video').pause());
    await ends(page, 'error');
    assert.match(await page.innerText('#reasons'), /^TIMEOUT The video showed no new frame for 5 seconds.+ The same call may work later\.$/);
    assert.equal(JSON.parse(await page.textContent('#returned')).code, 'TIMEOUT');
    await accessible(page, 'paused');
    await screenshot(page, 'playground-paused');
    await page.click('#again');
    await ends(page, ...VERDICTS);
  });

  test('a photo without a face is told in hints and a reason', async () => {
    const page = await its.open();
    await page.setInputFiles('#file', writePng('empty.png', emptyScene()));
    await page.waitForSelector('#hints code:text("no-face")', PATIENCE);
    assert.match(await page.innerText('#face'), /^No face in 640 × 480 pixels$/);
    await ends(page, 'inconclusive');
    assert.match(await page.innerText('#reasons'), /no-face/);
    await screenshot(page, 'playground-no-face');
  });

  test('a file that is neither, by keyboard; then one that is dropped', async () => {
    const page = await its.open({ viewport: { width: 320, height: 640 } });
    const chooser = page.waitForEvent('filechooser', PATIENCE);
    await page.focus('#file');
    await page.keyboard.press('Space');
    await (await chooser).setFiles({ name: 'letter.mp4', mimeType: 'video/mp4', buffer: Buffer.from('no video') });
    await page.waitForSelector('#stage[data-state="unreadable"]', PATIENCE);
    assert.equal(await page.innerText('#title'), 'This file cannot be shown');
    assert.match(await page.innerText('#text'), /letter\.mp4 \(video\/mp4\) neither as a photo nor as a video\. JPEG, PNG/);
    assert.ok(await page.isVisible('#choose'));
    await accessible(page, 'unreadable');
    await screenshot(page, 'playground-unreadable');
    await dropFile(page, writePng('playground.png', portrait()), 'photo');
    await ends(page, ...VERDICTS);
  });

  test('weights that do not arrive are an error with its code; the next file tries again', async () => {
    server.intercept = (path) => (/classifier.*safetensors$/.test(path) ? { status: 503, body: 'later' } : undefined);
    const page = await its.open();
    await page.setInputFiles('#file', writePng('playground.png', portrait()));
    await page.waitForSelector('#stage[data-state="model-failed"]', PATIENCE);
    assert.match(await page.innerText('#detail'), /^MODEL_FETCH .+ The same call may work later\.$/);
    await accessible(page, 'no weights');
    await screenshot(page, 'playground-no-weights');
    server.intercept = () => undefined;
    await page.setInputFiles('#file', writePng('playground.png', portrait()));
    await ends(page, ...VERDICTS);
  });

  test('another file ends what goes on for the one before', async () => {
    const page = await its.open();
    const file = await film(page, 20);
    await page.setInputFiles('#file', writePng('empty.png', emptyScene()));
    await page.waitForSelector('#checked[data-state="running"]', PATIENCE);
    await page.setInputFiles('#file-2', file);
    await ends(page, ...VERDICTS);
    assert.match(await page.innerText('#face'), /^Face of/);
  });
}, { path: '/playground.html' });
