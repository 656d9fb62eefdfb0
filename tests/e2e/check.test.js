//! `detector.check` in a real browser: a camera that plays a face -> a verdict, or the error that ended it.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { withCamera } from './with-camera.js';
import { VERDICT, judged } from './detector.js';
import { portrait } from './pictures.js';
import { root } from './server.js';

withCamera('a face', () => [[portrait(), 3]], (its) => {
  test('reaches a verdict, and its recording holds the same one', async () => {
    const { result, fractions, hints, faces } = await its.page.evaluate(async () => {
      const [fractions, hints, faces] = [[], [], []];
      const result = await detector.check(video, {
        record: true,
        onHint: (hint) => hints.push(hint),
        onUpdate: ({ fraction, face }) => (fractions.push(fraction), faces.push(face)),
      });
      return { result, fractions, hints, faces };
    });
    const { recording, signals, ...verdict } = result;
    console.log('  verdict:', JSON.stringify(verdict));
    judged(verdict, hints);
    assert.ok(!hints.includes('uncover'), hints.join());
    assert.ok(verdict.score >= 0 && verdict.score <= 1 && verdict.operatingPoint === 'balanced');
    assert.ok(verdict.framesSeen >= verdict.framesCounted && verdict.framesCounted >= 8 && verdict.elapsedMs >= 1000);
    assert.ok(faces.every((face) => face.width > 30 && face.confidence > 0.5));
    // A machine that is busy elsewhere may stall the camera.
    if (verdict.restarts === 0) assert.deepEqual(fractions, fractions.toSorted((a, b) => a - b));

    const { version, setup, observations, verdict: recorded } = JSON.parse(recording);
    assert.equal(version, 2);
    assert.equal(setup.name, 'balanced');
    assert.equal(observations.length, verdict.framesSeen);
    assert.ok(observations.every(({ quality: { face } }) => !face || face.covered < 0.5));
    assert.ok(observations.every(({ timeMs }, i) => timeMs >= (observations[i - 1]?.timeMs ?? 0)));
    // JSON holds a 32-bit score in its shortest digits.
    assert.deepEqual({ ...recorded, score: Math.fround(recorded.score) }, verdict);
    // tests/golden/session.json is one of these: `cargo test` replays it natively.
    mkdirSync(join(root, 'target/e2e'), { recursive: true });
    writeFileSync(join(root, 'target/e2e/session.json'), `${recording}\n`);
  });

  test('is asked for the movements of a challenge, in the order of its seed', async () => {
    const prompts = await its.page.evaluate(async () => {
      const first = [];
      for (const seed of ['0000000000000000', '0000000000000001', '0000000000000002', '0000000000000003', '0000000000000000']) {
        const stop = new AbortController();
        const onUpdate = ({ prompt }) => prompt && (first.push(prompt), stop.abort());
        await codeOf(detector.check(video, { challenge: { seed }, signal: stop.signal, onUpdate }));
      }
      return first;
    });
    assert.equal(prompts.length, 5);
    assert.equal(prompts[0], prompts[4]);
    assert.ok(new Set(prompts).size > 1, prompts.join());
  });

  test('arguments that cannot be used are INVALID_INPUT and say why', async () => {
    const errors = await its.page.evaluate(async () => {
      const still = document.createElement('video');
      const paused = await film();
      paused.pause();
      const [first, second] = [detector.check(video), codeOf(detector.check(video))];
      const errors = {
        'already': await second,
        'operating point': (await first, await codeOf(detector.check(video, { operatingPoint: 'lenient' }))),
        'operatingPoint is a string': await codeOf(detector.check(video, { operatingPoint: 5 })),
        '0 steps': await codeOf(detector.check(video, { challenge: { steps: [] } })),
        'jump': await codeOf(detector.check(video, { challenge: { steps: ['jump'] } })),
        'A challenge is true, false, or': await codeOf(detector.check(video, { challenge: 'yes' })),
        'onHint is a function': await codeOf(detector.check(video, { onHint: 'log' })),
        'signal is an AbortSignal, not null': await codeOf(detector.check(video, { signal: null })),
        'Options are an object': await codeOf(detector.check(video, null)),
        'seed': await codeOf(detector.check(video, { challenge: { seed: '7' } })),
        'does not play': await codeOf(detector.check(still)),
        'no longer': await codeOf(detector.check(paused)),
        'HTMLVideoElement': await codeOf(detector.check(document.createElement('canvas'))),
        'that plays': await codeOf(detector.check(null)),
      };
      paused.srcObject.getTracks().forEach((track) => track.stop());
      return errors;
    });
    for (const [why, error] of Object.entries(errors)) {
      // Another check ends.
      assert.deepEqual([error?.code, error?.retryable, error?.typed], ['INVALID_INPUT', why === 'already', true], `${why}: ${JSON.stringify(error)}`);
      assert.match(error.message, new RegExp(why));
    }
    assert.match(errors['operating point'].message, /balanced/);
  });

  test('ends with the error that says what ended it, and can be checked again', async () => {
    const ends = await its.page.evaluate(async () => {
      const stop = new AbortController();
      const begun = () => true;
      const again = async () => said(await detector.check(video));
      const visible = (state) => {
        Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
      };
      const ends = {};
      ends.abort = [await checkUntil(begun, () => stop.abort(), { signal: stop.signal }), await again()];
      ends.before = [await codeOf(detector.check(video, { signal: stop.signal })), await again()];
      ends.hidden = [await checkUntil(begun, () => visible('hidden'))];
      ends.stillHidden = [await codeOf(detector.check(video))];
      visible('visible');
      ends.hidden.push(await again());
      ends.stopped = [await checkUntil(begun, () => video.srcObject.getTracks().forEach((track) => track.stop()))];
      ends.gone = [await codeOf(detector.check(video))];
      video = await film();
      ends.stopped.push(await again());
      ends.unplugged = [await checkUntil(begun, () => video.srcObject.getVideoTracks()[0].dispatchEvent(new Event('ended'))), await again()];
      ends.muted = [await checkUntil(begun, () => video.srcObject.getVideoTracks()[0].dispatchEvent(new Event('mute')), { challenge: true }), await again()];
      ends.detached = [await checkUntil(begun, () => (video.srcObject = null))];
      video = await film();
      ends.paused = [await checkUntil(begun, () => video.pause())];
      await video.play();
      ends.paused.push(await again());
      ends.callback = [await detector.check(video, { onUpdate: () => { throw new RangeError('mine'); } }).catch((e) => ({ code: e.name })), await again()];
      return ends;
    });
    const codes = Object.fromEntries(Object.entries(ends).map(([end, [error]]) => [end, error?.code]));
    assert.deepEqual(codes, {
      abort: 'CANCELLED',
      before: 'CANCELLED',
      hidden: 'APP_INACTIVE',
      stillHidden: 'APP_INACTIVE',
      stopped: 'CAMERA_LOST',
      gone: 'CAMERA_LOST',
      unplugged: 'CAMERA_LOST',
      muted: 'CAMERA_LOST',
      detached: 'CAMERA_LOST',
      paused: 'TIMEOUT',
      callback: 'RangeError',
    });
    for (const [end, [error, outcome]] of Object.entries(ends)) {
      if (end !== 'callback') assert.equal(error.retryable, error.code !== 'CANCELLED', end);
      if (outcome) assert.match(outcome, VERDICT, end);
    }
  });

  test('a camera that is muted for a moment is not lost', async () => {
    const result = await its.page.evaluate(async () => {
      const [track] = video.srcObject.getVideoTracks();
      const muted = codeOf(detector.check(video));
      track.dispatchEvent(new Event('mute'));
      setTimeout(() => track.dispatchEvent(new Event('unmute')), 300);
      return muted;
    });
    assert.equal(result, null);
  });

  test('a camera that the page switches off is lost, not an empty scene', async () => {
    const codes = await its.page.evaluate(async () => {
      const [track] = video.srcObject.getVideoTracks();
      const during = await checkUntil(() => true, () => (track.enabled = false));
      const before = await codeOf(detector.check(video));
      track.enabled = true;
      return [during?.code, before?.code, said(await detector.check(video))];
    });
    assert.deepEqual(codes.slice(0, 2), ['CAMERA_LOST', 'CAMERA_LOST']);
    assert.match(codes[2], VERDICT);
  });

  test('a stream that is given another track is no longer the camera', async () => {
    const [error, after] = await its.page.evaluate(async () => {
      const other = document.createElement('canvas');
      other.getContext('2d').fillRect(0, 0, 9, 9);
      const [track] = video.srcObject.getVideoTracks();
      const error = await checkUntil(() => true, () => {
        video.srcObject.addTrack(other.captureStream(15).getVideoTracks()[0]);
        video.srcObject.removeTrack(track);
      });
      track.stop();
      video = await film();
      return [error, said(await detector.check(video))];
    });
    assert.deepEqual([error?.code, error?.retryable], ['CAMERA_LOST', true], JSON.stringify(error));
    assert.match(after, VERDICT);
  });

  test('a frame that the browser does not hand out is left out; one after the other ends the check', async () => {
    const [some, all] = await its.page.evaluate(async () => {
      const { createImageBitmap: make } = globalThis;
      let calls = 0;
      const failing = (when) => (globalThis.createImageBitmap = (...of) => (when(calls++) ? Promise.reject(new DOMException('no', 'InvalidStateError')) : make(...of)));
      failing((call) => call % 4 === 1);
      const some = said(await detector.check(video));
      failing(() => true);
      const all = await codeOf(detector.check(video));
      globalThis.createImageBitmap = make;
      return [some, all];
    });
    assert.match(some, VERDICT);
    assert.equal(all?.code, 'INVALID_INPUT');
  });

  test('options are judged before a camera opens, as a check judges them', async () => {
    const judged = await its.page.evaluate(async () => {
      const checking = detector.check(video);
      const busy = await codeOf(detector.validate({}));
      await checking;
      const taken = [{}, { operatingPoint: 'strict', challenge: true, rotate: 90, passiveSeconds: 1 }];
      const refused = [null, { operatingPoint: 'lenient' }, { rotate: 45 }, { challenge: { steps: ['jump'] } }, { passiveSeconds: 1000 }, { revealed: ['nod'] }];
      const errors = [];
      for (const one of [...taken, ...refused]) errors.push(await codeOf(detector.validate(one)));
      const checks = [];
      for (const one of refused) checks.push(await codeOf(detector.check(video, one)));
      return { busy: busy?.message, errors, checks, taken: taken.length, after: said(await detector.check(video)) };
    });
    assert.match(judged.busy, /already/);
    assert.deepEqual(judged.errors.slice(0, judged.taken), judged.errors.slice(0, judged.taken).map(() => null));
    assert.deepEqual(judged.errors.slice(judged.taken), judged.checks);
    assert.ok(judged.checks.every(({ code }) => code === 'INVALID_INPUT'), JSON.stringify(judged.checks));
    assert.match(judged.after, VERDICT);
  });

  test('scoring goes on beside a check', async () => {
    const score = await its.page.evaluate(async () => {
      const checking = detector.check(video);
      const { score } = await detector.score(video);
      await checking;
      return score;
    });
    assert.ok(score >= 0 && score <= 1);
  });

  test('a browser without frame callbacks reaches a verdict as well', async () => {
    const outcome = await its.page.evaluate(async () => {
      video.requestVideoFrameCallback = undefined;
      return said(await detector.check(video));
    });
    assert.match(outcome, VERDICT);
    await its.page.evaluate(() => delete video.requestVideoFrameCallback);
  });

  test('dispose in the middle is CANCELLED, and another detector checks on', async () => {
    const [middle, later, outcome] = await its.page.evaluate(async () => {
      const middle = await checkUntil(() => true, () => detector.dispose());
      const later = await codeOf(detector.check(video));
      detector = await load({ backend: 'cpu' });
      return [middle?.code, later?.code, said(await detector.check(video))];
    });
    assert.deepEqual([middle, later], ['CANCELLED', 'CANCELLED']);
    assert.match(outcome, VERDICT);
  });
});
