//! `detector.check` in a real browser: a camera that plays a clip -> hints, a verdict, or the error that ended it.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { launch } from './browser.js';
import { VERDICT, judged, openPackage, pack } from './detector.js';
import { dim, emptyScene, faceCrop, lying, painted, portrait, wall, writeFilm } from './pictures.js';
import { root, serve } from './server.js';

let server;
before(async () => (server = await serve()));
after(() => server.close());

/** Tests with a film of scenes (see `writeFilm`) as the camera, in one page with a loaded `detector` and a `film()` that opens the camera. */
function withCamera(name, scenes, body) {
  describe(name, () => {
    const its = {};
    let browser, opened;
    before(async () => {
      browser = await launch({ clip: writeFilm(`check-${name.replaceAll(' ', '-')}.y4m`, scenes()) });
      opened = await openPackage(browser, server);
      its.page = opened.page;
      await its.page.evaluate(async () => {
        globalThis.detector = await load({ backend: 'cpu' });
        globalThis.video = await film();
        /** Checks until `happens(progress)`; then does `then()` once. What the check came to, as plain data. */
        globalThis.checkUntil = async (happens, then, options = {}) => {
          let done = false;
          const onUpdate = (progress) => {
            if (done || !happens(progress)) return;
            done = true;
            then();
          };
          return codeOf(detector.check(video, { ...options, onUpdate }));
        };
        /** Checks to the end: the result, with all hints and fractions on the way. */
        globalThis.wholeCheck = async () => {
          const [hints, fractions] = [[], []];
          const result = await detector.check(video, { onHint: (hint) => hints.push(hint), onUpdate: ({ fraction }) => fractions.push(fraction) });
          return { ...result, hints, fractions };
        };
      });
    });
    after(async () => {
      await browser?.close();
      assert.deepEqual(opened?.faults, []);
    });
    body(its);
  });
}

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
      assert.deepEqual([error?.code, error?.retryable, error?.typed], ['INVALID_INPUT', false, true], `${why}: ${JSON.stringify(error)}`);
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

withCamera('an empty scene', () => [[emptyScene(), 3]], (its) => {
  test('is inconclusive, since there is no face', async () => {
    const { hints, ...verdict } = await its.page.evaluate(() => wholeCheck());
    assert.deepEqual([verdict.outcome, verdict.reasons, verdict.score, verdict.framesCounted], ['inconclusive', ['no-face'], null, 0]);
    assert.deepEqual(hints, ['no-face']);
  });
});

withCamera('two faces', () => [[wall([faceCrop(), 200], [faceCrop(), 440]), 3]], (its) => {
  test('are told that there are several, and get no verdict on either', async () => {
    const { hints, outcome, reasons, framesCounted } = await its.page.evaluate(() => wholeCheck());
    assert.deepEqual([outcome, reasons, framesCounted, hints], ['inconclusive', ['several-faces'], 0, ['several-faces']]);
  });
});

// A second of a face is less than a verdict needs, four are enough. Whichever comes first, the second check has the other.
withCamera('a face that leaves and returns', () => [[emptyScene(), 30], [portrait(), 15], [emptyScene(), 20], [portrait(), 60]], (its) => {
  test('is told to come back, begins anew, and reaches a verdict', async () => {
    const checks = await its.page.evaluate(async () => {
      const faces = async (there) => {
        while (((await detector.score(video)).face !== null) !== there);
      };
      const checks = [];
      while (checks.length < 2 && !checks.some(({ hints }) => hints.includes('no-face'))) {
        await faces(false);
        await faces(true);
        checks.push(await wholeCheck());
      }
      return checks;
    });
    const { outcome, reasons, hints, fractions, restarts } = checks.at(-1);
    judged({ outcome, reasons }, checks);
    // A machine that is busy elsewhere may stall the camera as well.
    assert.ok(restarts >= 1, `${restarts} restarts`);
    assert.deepEqual([hints[0], hints.at(-1)], ['no-face', null]);
    const lost = fractions.findIndex((fraction, i) => fraction === 0 && fractions[i - 1] > 0);
    // Clear scores end it long before the fraction is 1.
    assert.ok(lost > 0 && fractions.at(-1) > 0, fractions.join());
  });
});

withCamera('a passer-by', () => [[wall([faceCrop(440), 420], [faceCrop(180), 90]), 3]], (its) => {
  test('does not count', async () => {
    const alone = pack(wall([faceCrop(180), 90]));
    const seen = await its.page.evaluate(({ base64, width, height }) => detector.score(imageData(base64, width, height)), alone);
    assert.ok(seen.face, 'the detector does not even see the small face: choose another');
    const outcome = await its.page.evaluate(async () => said(await detector.check(video)));
    assert.match(outcome, VERDICT);
  });
});

withCamera('a face in the dark', () => [[dim(portrait(), 0.2), 3]], (its) => {
  test('is told that it is too dark, and ends in no verdict for that reason', async () => {
    const { hints, outcome, reasons, framesCounted } = await its.page.evaluate(() => wholeCheck());
    assert.deepEqual([outcome, reasons, framesCounted, hints], ['inconclusive', ['too-dark'], 0, ['too-dark']]);
  });
});

/** What covers the portrait's face: [285, 155] and [380, 157] are its eyes, [325, 258] is its mouth. */
const COVERS = {
  'a mask': (x, y) => {
    const [u, v] = [(x - 325) / 92, (y - 262) / 68];
    if (Math.abs(u) ** 3 + Math.abs(v) ** 3 > 1) return null;
    const pleat = Math.abs(((v + 1) * 2) % 1) < 0.08 ? 0.85 : 1;
    return [176, 204, 216].map((value) => value * pleat * (1.05 - 0.25 * u * u - 0.1 * v));
  },
  'dark glasses': (x, y) => {
    const lens = [[284, 155], [380, 158]].some(([cx, cy]) => Math.abs((x - cx) / 43) ** 4 + Math.abs((y - cy) / 30) ** 4 < 1);
    const frame = Math.abs(y - 142 - (x - 332) * 0.03) < 4 && x > 240 && x < 450;
    return lens ? [28 + y / 10, 24 + y / 12, 26 + y / 12] : frame ? [60, 40, 30] : null;
  },
  'a hand on the mouth': (x, y) => {
    for (let finger = 0; finger < 4; finger++) {
      const middle = 216 + 27 * finger + (x - 330) * 0.12;
      const away = Math.hypot(Math.max(0, 258 + 5 * Math.abs(finger - 1) - x), y - middle) / 14;
      if (away < 1 && x < 520) return [206, 150, 150].map((value) => value * (1.05 - 0.4 * away ** 3));
    }
    return null;
  },
};

for (const [name, cover] of Object.entries(COVERS)) {
  withCamera(`a face behind ${name}`, () => [[painted(portrait(), cover), 3]], (its) => {
    test('is asked to uncover, and ends in no verdict for that reason', async () => {
      const { hints, outcome, reasons, framesCounted } = await its.page.evaluate(() => wholeCheck());
      assert.deepEqual([outcome, reasons, framesCounted, hints], ['inconclusive', ['uncover'], 0, ['uncover']]);
    });
  });
}

withCamera('a face that lies', () => [[lying(portrait()), 3]], (its) => {
  test('is asked to straighten, not to look straight', async () => {
    const hint = await its.page.evaluate(async () => {
      const stop = new AbortController();
      let first = null;
      const onHint = (hint) => hint && ((first ??= hint), stop.abort());
      await codeOf(detector.check(video, { onHint, signal: stop.signal }));
      return first;
    });
    assert.equal(hint, 'straighten');
  });

  test('is seen as one upright where the camera is said to be mounted so', async () => {
    const [seen, upright] = await its.page.evaluate(async () => {
      const stop = new AbortController();
      let seen;
      const onUpdate = (progress) => ((seen ??= progress), stop.abort());
      await codeOf(detector.check(video, { rotate: 270, onUpdate, signal: stop.signal }));
      const { own } = await import('/pkg/build/source.js');
      const { frame } = await own(video, 270);
      return [seen, (await detector.score(frame)).face];
    });
    assert.notEqual(seen.hint, 'straighten');
    assert.ok(upright.confidence > 0.5);
    assert.deepEqual(seen.face, upright);
  });

  test('has each pixel at its place, whichever way it is turned', async () => {
    const pictures = await its.page.evaluate(async () => {
      const { own } = await import('/pkg/build/source.js');
      return Promise.all(
        [0, 90, 180, 270].map(async (rotate) => {
          const { frame } = await own(video, rotate);
          const context = new OffscreenCanvas(frame.width, frame.height).getContext('2d');
          context.drawImage(frame, 0, 0);
          return { width: frame.width, height: frame.height, pixels: [...new Uint32Array(context.getImageData(0, 0, frame.width, frame.height).data.buffer)] };
        }),
      );
    });
    const [plain] = pictures;
    const turned = ({ width, height, pixels }) => ({ width: height, height: width, pixels: pixels.map((_, at) => pixels[(height - 1 - (at % height)) * width + Math.floor(at / height)]) });
    for (let picture = plain, at = 1; at < 4; at++) assert.deepEqual(pictures[at], (picture = turned(picture)));
  });

  test('an angle that is no quarter turn is INVALID_INPUT', async () => {
    for (const rotate of [45, -90, 360, '90', NaN]) {
      const { code, message } = await its.page.evaluate((rotate) => codeOf(detector.check(video, { rotate })), rotate);
      assert.equal(code, 'INVALID_INPUT');
      assert.match(message, /rotate is 0, 90, 180 or 270/);
    }
  });
});
