//! What stands in the way of a verdict: a camera that plays it -> the hint, and the verdict that names it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withCamera } from './with-camera.js';
import { VERDICT, judged, pack } from './detector.js';
import { dim, emptyScene, faceCrop, lying, painted, portrait, wall } from './pictures.js';

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
