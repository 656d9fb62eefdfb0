//! `<liveness-check>` in a real browser: each of its states with a picture for people to look at, what ends it, and who can use it.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ERROR_CODES, ERROR_REASONS } from 'bonafide-liveness';
import { accessible as checkAccessible } from './accessible.js';
import { denyCamera, open, screenshot } from './browser.js';
import { judged, WEIGHTS } from './detector.js';
import { emptyScene, portrait, writeClip } from './pictures.js';
import { root } from './server.js';
import { server, withBrowser } from './suite.js';

const LANGUAGES = ['ar', 'de', 'en', 'es', 'fr', 'ja', 'ko', 'pt', 'zh'];

/** Tests with one browser, whose pages have the element's module in them and no element. */
function withElements(name, options, body) {
  const tests = (its) => {
    /** A page with one element, by its attributes. `stub` gives it a detector that does what the test says. */
    its.place = async (attributes = {}, { stub = false, ...pageOptions } = {}) => {
      const page = await its.open(pageOptions);
      await page.evaluate(([attributes, stub]) => place(attributes, stub), [attributes, stub]);
      return page;
    };
    body(its);
  };
  withBrowser(name, options, tests, { path: '/blank.html', prepare });
}

/** Runs in the page: notes every camera and event, and makes `place`, `part`, `ends` and `stubbed`. */
async function prepare() {
  await import('/pkg/dist/element/index.js');
  document.body.style.setProperty('margin', '0');
  globalThis.tracks = [];
  const request = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wishes) => {
    const stream = await request(wishes);
    tracks.push(...stream.getTracks());
    return stream;
  };
  globalThis.events = [];
  for (const type of ['state', 'hint', 'progress', 'result', 'error']) {
    // On the document: an event that does not leave a shadow root is of no use.
    document.addEventListener(`liveness-${type}`, ({ detail }) => events.push([type, detail instanceof Error ? { code: detail.code } : detail]));
  }
  /** A check that the test ends: `say(progress)`, `end(outcome, reasons)`, `fail(code)`. */
  globalThis.stubbed = {
    options: [],
    check(video, options) {
      this.options.push(options);
      return new Promise((resolve, reject) => {
        this.say = (progress) => {
          const all = { hint: null, prompt: null, notice: null, face: null, fraction: 0.4, ...progress };
          options.onUpdate(all);
          options.onHint(all.hint);
        };
        this.end = (outcome, reasons = []) =>
          resolve({ outcome, reasons, score: 0.5, operatingPoint: 'balanced', framesCounted: 9, framesSeen: 12, restarts: 0, elapsedMs: 900 });
        this.fail = async (code) => {
          const { LivenessError } = await import('/pkg/dist/index.js');
          reject(new LivenessError(code, 'for a test'));
        };
        options.signal.addEventListener('abort', () => this.fail('CANCELLED'));
      });
    },
  };
  globalThis.place = (attributes, stub) => {
    globalThis.element = document.createElement('liveness-check');
    element.backend = 'cpu';
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    if (stub) element.detector = stubbed;
    document.body.append(element);
  };
  globalThis.part = (selector) => element.shadowRoot.querySelector(selector);
  globalThis.focused = () => element.shadowRoot.activeElement?.className || element.shadowRoot.activeElement?.localName || null;
  globalThis.lights = () => tracks.map((track) => track.readyState);
}

// Run in the page too, where `prepare` made them.
const focused = () => globalThis.focused();
const lights = () => globalThis.lights();

const START = 'liveness-check .primary';
const CANCEL = 'liveness-check .cancel';

/** Waits until the element is in a state, and fails with the one it is in. */
async function reach(page, state, timeout = 60_000) {
  await page.waitForFunction((state) => element.state === state, state, { timeout }).catch(async () => {
    assert.fail(`the element is ${await page.evaluate(() => `${element.state}: ${part('.frame').innerText}`)}, not ${state}`);
  });
}

/** Starts and waits for the stub's check. */
async function run(page) {
  const checks = await page.evaluate(() => stubbed.options.length);
  await page.click(START);
  await page.waitForFunction((checks) => stubbed.options.length > checks, checks);
  await reach(page, 'running');
}

/** The element alone: the page around it is none. */
const accessible = (page, state) => checkAccessible(page, state, 'liveness-check');

test('importing in Node does nothing', () => {
  const code = "const { LivenessCheckElement } = await import('bonafide-liveness/element'); console.log(typeof LivenessCheckElement, typeof customElements);";
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', code], { cwd: join(root, 'tests'), encoding: 'utf8' });
  assert.equal(out.trim(), 'function undefined');
});

withElements('a face before the element', () => ({ clip: writeClip('element-face.y4m', portrait()) }), (its) => {
  test('reaches a result, which the event carries, and closes the camera', async () => {
    const page = await its.place();
    await screenshot(page, 'element-idle');
    await accessible(page, 'idle');
    await page.click(START);
    await reach(page, 'running');
    await reach(page, 'result');
    const { seen, result, shown, dark, source } = await page.evaluate(() => ({
      seen: events.filter(([type]) => type === 'state').map(([, state]) => state),
      result: events.find(([type]) => type === 'result')?.[1],
      shown: part('.message').innerText,
      dark: lights(),
      source: part('video').srcObject,
    }));
    assert.deepEqual(seen, ['loading', 'asking', 'running', 'result']);
    judged(result);
    assert.ok(result.framesCounted >= 8 && result.operatingPoint === 'balanced');
    assert.match(shown, { attack: /did not pass/, 'bona-fide': /has passed/, inconclusive: /could not tell/ }[result.outcome]);
    assert.deepEqual([dark, source], [['ended'], null]);
    assert.ok(await page.evaluate(() => events.some(([type, { fraction } = {}]) => type === 'progress' && fraction > 0)));
    await screenshot(page, 'element-real-result');
  });

  test('loads, asks and runs in pictures, each accessible', async () => {
    const page = await its.place({}, { stub: true });
    await page.evaluate(() => {
      const request = navigator.mediaDevices.getUserMedia;
      globalThis.hold = new Promise((resolve) => (globalThis.letGo = resolve));
      navigator.mediaDevices.getUserMedia = async (wishes) => (await hold, request(wishes));
    });
    await page.click(START);
    await reach(page, 'asking');
    await screenshot(page, 'element-asking');
    await accessible(page, 'asking');
    assert.equal(await page.evaluate(() => part('[role=status]').innerText), 'Allow the camera when your browser asks.');
    await page.evaluate(() => letGo());
    await reach(page, 'running');
    await page.evaluate(() => stubbed.say({ fraction: 0.62 }));
    await page.waitForTimeout(400);
    await screenshot(page, 'element-running');
    await accessible(page, 'running');
    const bar = await page.evaluate(() => [part('[role=progressbar]').ariaValueNow, part('[role=progressbar]').ariaLabel]);
    assert.deepEqual(bar, ['60', 'Progress of the check']);
    await page.evaluate(() => stubbed.say({ hint: 'too-far' }));
    await screenshot(page, 'element-hint');
  });

  test('the live region says exactly the hint, the prompt and the notice, in every language', async () => {
    const page = await its.place({}, { stub: true });
    await run(page);
    const wrong = await page.evaluate(async (languages) => {
      const { HINTS, PROMPTS, NOTICES } = await import('/pkg/dist/index.js');
      const wrong = [];
      const expect = (what, text) => part('[role=status]').textContent === text || wrong.push([what, text, part('[role=status]').textContent]);
      for (const language of languages) {
        element.lang = language;
        const { default: strings } = await import(`/pkg/dist/element/languages/${language}.js`);
        await new Promise((resolve) => setTimeout(resolve, 50));
        stubbed.say({});
        expect(language, strings.ready);
        for (const hint of HINTS) stubbed.say({ hint }), expect(hint, strings.hints[hint]);
        for (const prompt of PROMPTS) {
          stubbed.say({ prompt }), expect(prompt, strings.prompts[prompt]);
          for (const notice of NOTICES) stubbed.say({ prompt, notice }), expect(notice, `${strings.notices[notice]} ${strings.prompts[prompt]}`);
        }
      }
      return wrong;
    }, LANGUAGES);
    assert.deepEqual(wrong, []);
    const hints = await page.evaluate(() => events.filter(([type]) => type === 'hint').length);
    assert.ok(hints > 10);
  });

  test('whoever is in the way is seen, though the stage shows the middle of the picture', async () => {
    const page = await its.place({}, { stub: true });
    await run(page);
    const looks = [];
    for (const hint of ['several-faces', 'too-far']) {
      await page.evaluate((hint) => stubbed.say({ hint }), hint);
      looks.push(await page.evaluate(() => [getComputedStyle(part('video')).objectFit, getComputedStyle(part('.scrim')).fillOpacity]));
      await screenshot(page, `element-${hint}`);
    }
    assert.deepEqual(looks, [['contain', '0'], ['cover', '0.62']]);
  });

  test('every outcome, and a retry after the inconclusive one', async () => {
    const page = await its.place({}, { stub: true });
    await run(page);
    await page.evaluate(() => stubbed.end('inconclusive', ['too-dark', 'face-lost']));
    await reach(page, 'result');
    assert.match(await page.innerText('liveness-check .message'), /could not tell[\s\S]*too dark[\s\S]*left the picture/);
    assert.equal(await page.evaluate(focused), 'primary');
    await screenshot(page, 'element-inconclusive');
    await accessible(page, 'inconclusive');
    await run(page);
    await page.evaluate(() => stubbed.end('attack', ['score-below-threshold']));
    await reach(page, 'result');
    await screenshot(page, 'element-attack');
    await accessible(page, 'attack');
    await run(page);
    await page.evaluate(() => stubbed.end('bona-fide'));
    await reach(page, 'result');
    await screenshot(page, 'element-bona-fide');
    await accessible(page, 'bona-fide');
    assert.equal(await page.isVisible(START), false);
    assert.equal(await page.evaluate(focused), 'h2');
    assert.deepEqual(await page.evaluate(lights), ['ended', 'ended', 'ended']);
  });

  test('every error says what happened and what to do, and offers a retry where one can help', async () => {
    const page = await its.place({}, { stub: true });
    const retries = {};
    for (const code of ERROR_CODES) {
      await page.evaluate(() => (element.remove(), document.body.append(element)));
      if (!(await page.isVisible(START))) await page.evaluate(() => (element.remove(), place({}, true)));
      await run(page);
      await page.evaluate((code) => stubbed.fail(code), code);
      await reach(page, 'error');
      const { title, text, event, dark } = await page.evaluate(() => ({
        title: part('.message > h2').innerText,
        text: part('.message > p').innerText,
        event: events.at(-1),
        dark: lights().every((state) => state === 'ended'),
      }));
      assert.ok(title.length > 5 && text.length > 10 && dark, code);
      assert.deepEqual(event, ['error', { code }]);
      retries[code] = await page.isVisible(START);
    }
    const given = Object.keys(retries).filter((code) => retries[code]);
    // The detector is the caller's here: what needs another one cannot be tried again.
    assert.deepEqual(given.sort(), [
      'APP_INACTIVE', 'CAMERA_CONSTRAINTS', 'CAMERA_IN_USE', 'CAMERA_LOST', 'CAMERA_NOT_FOUND', 'CAMERA_PERMISSION_DENIED', 'ENGINE_FETCH', 'FRAMERATE_TOO_LOW',
      'MODEL_FETCH', 'PLAYBACK_BLOCKED', 'STEP_UNAVAILABLE', 'TICKET_FAILED', 'TIMEOUT',
    ]);
    await accessible(page, 'error');
  });

  test('cancel goes back to the start, and removal ends it: the camera closes at once', async () => {
    const page = await its.place({}, { stub: true });
    await run(page);
    await page.click(CANCEL);
    assert.deepEqual(await page.evaluate(() => [element.state, ...lights()]), ['idle', 'ended']);
    await run(page);
    const removed = await page.evaluate(() => (element.remove(), [element.state, ...lights(), stubbed.options.at(-1).signal.aborted]));
    assert.deepEqual(removed, ['idle', 'ended', 'ended', true]);
    assert.equal(await page.evaluate(() => events.some(([type]) => type === 'error' || type === 'result')), false);
    // Cancelled while the browser asks: the camera that comes then is closed.
    const late = await page.evaluate(async () => {
      document.body.append(element);
      element.start();
      await Promise.resolve();
      while (element.state !== 'asking') await new Promise((resolve) => setTimeout(resolve));
      element.cancel();
      await new Promise((resolve) => setTimeout(resolve, 1500));
      return [element.state, ...lights()];
    });
    assert.deepEqual(late, ['idle', 'ended', 'ended', 'ended']);
  });

  test('a detector of its own is loaded on start, kept for a retry, and disposed on removal', async () => {
    const page = await its.place();
    assert.ok(!server.requests.some((path) => path.endsWith('.wasm') || path.endsWith('.safetensors')));
    const outcome = await page.evaluate(async () => {
      const { LivenessDetector } = await import('/pkg/dist/index.js');
      globalThis.disposed = 0;
      const dispose = LivenessDetector.prototype.dispose;
      LivenessDetector.prototype.dispose = function () {
        disposed++;
        dispose.call(this);
      };
      for (const _ of [1, 2]) {
        const ended = new Promise((resolve) => document.addEventListener('liveness-result', ({ detail }) => resolve(detail.outcome), { once: true }));
        element.start();
        element.start();
        await ended;
      }
      element.remove();
      return [disposed, events.filter(([type]) => type === 'result').length];
    });
    assert.deepEqual(outcome, [1, 2]);
    assert.equal(server.requests.filter((path) => path.endsWith('.wasm')).length, 1);
  });

  test('weights that do not arrive are an error, and a retry loads them', async () => {
    const page = await its.place();
    server.intercept = (path) => (path.endsWith('manifest.json') ? { status: 503 } : undefined);
    await page.click(START);
    await reach(page, 'error');
    assert.deepEqual(await page.evaluate(() => events.at(-1)), ['error', { code: 'MODEL_FETCH' }]);
    await screenshot(page, 'element-download-failed');
    server.intercept = () => undefined;
    await page.click(START);
    await reach(page, 'result');
  });

  test('loading can be cancelled, and looks like this', async () => {
    const page = await its.place();
    const context = page.context();
    await context.route('**/*.safetensors', () => {});
    await page.click(START);
    // All of the engine and none of the weights; the bar goes in tens.
    const size = (path) => statSync(join(root, 'pkg', path)).size;
    const [engine, ...weights] = ['dist/wasm/bonafide_cpu_bg.wasm', ...WEIGHTS].map(size);
    const tens = Math.floor((9 * engine) / weights.reduce((sum, bytes) => sum + bytes, engine)) * 10;
    await page.waitForFunction((tens) => part('[role=progressbar]').ariaValueNow === String(tens), tens);
    await page.waitForTimeout(400);
    await reach(page, 'loading');
    await screenshot(page, 'element-loading');
    await accessible(page, 'loading');
    await page.click(CANCEL);
    await reach(page, 'idle');
    assert.deepEqual(await page.evaluate(lights), []);
    await context.unrouteAll({ behavior: 'ignoreErrors' });
  });

  test('a camera that is denied is an error, whose retry works once it is allowed', async () => {
    const page = await its.place({}, { camera: false });
    await denyCamera(page);
    await page.click(START);
    await reach(page, 'error');
    assert.deepEqual(await page.evaluate(() => events.at(-1)), ['error', { code: 'CAMERA_PERMISSION_DENIED' }]);
    await screenshot(page, 'element-denied');
    await accessible(page, 'denied');
    await page.context().grantPermissions(['camera'], { origin: server.url });
    await page.click(START);
    await reach(page, 'result');
  });

  test('a camera that is unplugged, a page that is left and a video that never begins are errors, and a retry works', async () => {
    const page = await its.place();
    const fails = async (code) => {
      await reach(page, 'error');
      assert.deepEqual(await page.evaluate(() => [events.at(-1)[1].code, lights().every((state) => state === 'ended')]), [code, true]);
    };
    const begins = async () => {
      await page.click(START);
      await page.waitForFunction(() => element.state === 'running' && events.at(-1)[0] === 'progress');
    };
    await begins();
    await page.evaluate(() => tracks.at(-1).dispatchEvent(new Event('ended')));
    await fails('CAMERA_LOST');
    await begins();
    await page.evaluate(() => {
      Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
      delete document.visibilityState;
    });
    await fails('APP_INACTIVE');
    await page.evaluate(() => (part('video').play = () => new Promise(() => {})));
    await page.click(START);
    await fails('TIMEOUT');
    await page.evaluate(() => delete part('video').play);
    await page.click(START);
    await reach(page, 'result');
  });

  test('a challenge shows its prompts', async () => {
    const page = await its.place({ challenge: '' });
    await page.click(START);
    await page.waitForFunction(() => /^(Turn your head slowly to your (left|right)|Move slowly closer)\.$/.test(part('[role=status]').innerText));
    await screenshot(page, 'element-prompt');
    await page.click(CANCEL);
    await reach(page, 'idle');
  });

  test('the keyboard alone suffices, and a key held down does no harm', async () => {
    const page = await its.place({}, { stub: true });
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(focused), 'primary');
    await screenshot(page, 'element-focus');
    await page.keyboard.down('Enter');
    await reach(page, 'running');
    for (let i = 0; i < 5; i++) await page.keyboard.down('Enter');
    await page.keyboard.up('Enter');
    assert.deepEqual(await page.evaluate(() => [element.state, focused()]), ['running', 'cancel']);
    await page.keyboard.press('Space');
    assert.deepEqual(await page.evaluate(() => [element.state, focused()]), ['idle', 'primary']);
    await page.keyboard.press('Enter');
    await reach(page, 'running');
    await page.waitForFunction(() => stubbed.options.length === 2);
    await page.evaluate(() => stubbed.fail('CAMERA_LOST'));
    await reach(page, 'error');
    assert.equal(await page.evaluate(focused), 'primary');
    await page.keyboard.press('Enter');
    await reach(page, 'running');
  });

  test('focus is not taken from the page around it', async () => {
    const page = await its.place({}, { stub: true });
    const focus = await page.evaluate(async () => {
      const field = document.createElement('input');
      document.body.append(field);
      field.focus();
      element.start();
      while (stubbed.options.length === 0 || element.state !== 'running') await new Promise((resolve) => setTimeout(resolve, 20));
      const during = document.activeElement === field;
      stubbed.end('inconclusive', ['no-face']);
      while (element.state !== 'result') await new Promise((resolve) => setTimeout(resolve, 20));
      return [during, document.activeElement === field];
    });
    assert.deepEqual(focus, [true, true]);
  });

  test('a language is downloaded when it is shown, and only that one', async () => {
    const files = () => server.requests.filter((path) => path.includes('/languages/')).map((path) => path.split('/').at(-1));
    const page = await its.place();
    await page.waitForSelector(START);
    assert.deepEqual(files(), ['en.js']);
    await page.evaluate(() => document.documentElement.setAttribute('lang', 'de-AT'));
    await page.evaluate(() => (element.remove(), document.body.append(element)));
    await page.waitForFunction(() => part('.primary').innerText === 'Starten');
    assert.deepEqual(files(), ['en.js', 'de.js']);
    await page.evaluate(() => element.setAttribute('lang', 'ar'));
    await page.waitForFunction(() => part('.frame').dir === 'rtl' && part('.frame').lang === 'ar');
    await page.evaluate(() => element.setAttribute('lang', 'tlh'));
    await page.waitForFunction(() => part('.primary').innerText === 'Start' && part('.frame').lang === 'en');
    assert.deepEqual(files(), ['en.js', 'de.js', 'ar.js']);
    server.intercept = (path) => (path.endsWith('/fr.js') ? { status: 404 } : undefined);
    await page.evaluate(() => (element.setAttribute('lang', 'fr'), place({ lang: 'fr' })));
    await page.waitForFunction(() => part('.primary').innerText === 'Start');
  });

  test('every language has every text, in its own words', async () => {
    const page = await its.open();
    const all = await page.evaluate(async (languages) => {
      const load = async (language) => [language, (await import(`/pkg/dist/element/languages/${language}.js`)).default];
      return Object.fromEntries(await Promise.all(languages.map(load)));
    }, LANGUAGES);
    const flat = (value, at = '') => (typeof value === 'string' ? [[at, value]] : Object.entries(value).flatMap(([key, inner]) => flat(inner, `${at}.${key}`)));
    const english = new Map(flat(all.en));
    assert.ok(ERROR_CODES.every((code) => english.get(`.errors.${code}.text`)));
    assert.ok(ERROR_REASONS.every((reason) => english.get(`.causes.${reason}.text`)));
    for (const [language, strings] of Object.entries(all)) {
      const texts = flat(strings);
      assert.deepEqual(texts.map(([key]) => key).sort(), [...english.keys()].sort(), language);
      const same = texts.filter(([key, text]) => text.trim() === '' || (language !== 'en' && key !== '.dir' && text === english.get(key)));
      assert.deepEqual(same, [], language);
    }
  });

  test('a second definition does not throw, and properties set before the first count', async () => {
    const { page } = await open(its.browser, `${server.url}/blank.html`);
    const found = await page.evaluate(async () => {
      const element = document.createElement('liveness-check');
      document.body.append(element);
      const detector = {};
      Object.assign(element, { detector, operatingPoint: 'strict', challenge: true, strings: { start: 'Go' } });
      await import('/pkg/dist/element/index.js');
      await import('/pkg/dist/element/index.js?again');
      await new Promise((resolve) => setTimeout(resolve, 100));
      const start = element.shadowRoot.querySelector('.primary').textContent;
      return [element.detector === detector, element.getAttribute('operating-point'), element.hasAttribute('challenge'), start];
    });
    assert.deepEqual(found, [true, 'strict', true, 'Go']);
    await page.context().close();
  });

  test('attributes reach the check; own texts, slots and colours reach the screen', async () => {
    const page = await its.place({ 'operating-point': 'strict', challenge: '', 'auto-start': '' }, { stub: true });
    await page.waitForFunction(() => stubbed.options.length === 1);
    const { operatingPoint, challenge } = await page.evaluate(() => stubbed.options[0]);
    assert.deepEqual([operatingPoint, challenge], ['strict', true]);
    await page.evaluate(() => {
      element.cancel();
      element.strings = { start: 'Let us begin', hints: { 'too-far': 'Nearer!' } };
      element.innerHTML = '<h2 slot="intro">Welcome to the bank</h2><small slot="footer">Questions? Call us.</small>';
      element.style.setProperty('--liveness-accent', '#6a1b9a');
      element.style.setProperty('--liveness-radius', '0px');
    });
    assert.equal(await page.innerText(START), 'Let us begin');
    assert.equal(await page.evaluate(() => getComputedStyle(part('.primary')).backgroundColor), 'rgb(106, 27, 154)');
    await screenshot(page, 'element-branded');
    await accessible(page, 'branded');
    await run(page);
    await page.evaluate(() => stubbed.say({ hint: 'too-far' }));
    assert.equal(await page.evaluate(() => part('[role=status]').innerText), 'Nearer!');
  });

  test('keeps its look in another document, and back in its own', async () => {
    const page = await its.place({}, { stub: true });
    const looks = await page.evaluate(() => {
      const frame = document.body.appendChild(document.createElement('iframe'));
      const look = () => {
        const { display, borderRadius } = element.ownerDocument.defaultView.getComputedStyle(part('.frame'));
        return [display, borderRadius];
      };
      const looks = [look()];
      frame.contentDocument.body.append(element);
      looks.push(look());
      // A document without a window, from which it comes back.
      document.implementation.createHTMLDocument().body.append(element);
      document.body.append(element);
      looks.push(look());
      return looks;
    });
    assert.equal(looks[0][0], 'flex');
    assert.deepEqual(looks, Array(3).fill(looks[0]));
    await page.context().close();
  });

  test('an attribute that a template left empty is its default', async () => {
    const page = await its.place({ 'operating-point': '', backend: '', 'asset-base': '', 'wasm-base': '', rotate: '' });
    const given = await page.evaluate(() => {
      element.setAttribute('backend', '');
      return [element.operatingPoint, element.backend, element.assetBase, element.wasmBase, element.rotate];
    });
    assert.deepEqual(given, ['balanced', 'auto', null, null, 0]);
    await page.context().close();
  });

  test('a camera that is mounted askew is turned for the check, and the preview with it, over all of its stage', async () => {
    const page = await its.place({ rotate: '90' }, { stub: true });
    for (const [rotate, matrix] of [[90, [0, 1, 1, 0]], [180, [1, 0, 0, -1]], [270, [0, -1, -1, 0]], [0, [-1, 0, 0, 1]]]) {
      await page.evaluate((rotate) => (element.rotate = rotate), rotate);
      await run(page);
      const found = await page.evaluate(() => {
        const sides = (name) => Object.values(part(name).getBoundingClientRect().toJSON()).map(Math.round);
        const { a, b, c, d } = new DOMMatrix(getComputedStyle(part('video')).transform);
        return { rotate: stubbed.options.at(-1).rotate, video: sides('video'), stage: sides('.stage'), matrix: [a, b, c, d].map(Math.round) };
      });
      assert.equal(found.rotate, rotate);
      assert.deepEqual(found.video, found.stage);
      // Turned, and then mirrored.
      assert.deepEqual(found.matrix.map((value) => value + 0), matrix);
      await screenshot(page, `element-turned-${rotate}`);
      await page.evaluate(() => element.cancel());
    }
    await page.context().close();
  });

  for (const [what, attributes] of Object.entries({ 'operating point': { 'operating-point': 'lenient' }, 'angle': { rotate: '45' } })) {
    test(`an unknown ${what} is an error, not a silent default, and no camera opens for it`, async () => {
      const page = await its.place(attributes);
      await page.click(START);
      await reach(page, 'error');
      assert.deepEqual(await page.evaluate(() => [events.at(-1), lights()]), [['error', { code: 'INVALID_INPUT' }], []]);
    });
  }

  test('reduced motion stops what moves', async () => {
    const page = await its.place({}, { stub: true, reducedMotion: 'reduce' });
    await run(page);
    await page.evaluate(() => stubbed.say({ fraction: 0.5 }));
    assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
  });

  const SIZES = [
    ['narrow', {}, { viewport: { width: 320, height: 640 } }],
    ['dark', {}, { viewport: { width: 390, height: 760 }, colorScheme: 'dark' }],
    ['german', { lang: 'de' }, { viewport: { width: 320, height: 640 } }],
    ['arabic', { lang: 'ar' }, { viewport: { width: 390, height: 760 } }],
    ['arabic-dark', { lang: 'ar' }, { viewport: { width: 320, height: 640 }, colorScheme: 'dark' }],
    ['landscape', {}, { viewport: { width: 740, height: 360 } }],
    ['landscape-arabic', { lang: 'ar' }, { viewport: { width: 640, height: 330 } }],
    ['tablet', { lang: 'fr' }, { viewport: { width: 820, height: 1180 } }],
  ];
  for (const [name, attributes, pageOptions] of SIZES) {
    test(`fits: ${name}`, async () => {
      const page = await its.place(attributes, { stub: true, ...pageOptions });
      const fits = async (state) => {
        await accessible(page, `${name} ${state}`);
        const { wide, high, cancel } = await page.evaluate(() => ({
          wide: document.documentElement.scrollWidth - innerWidth,
          high: innerHeight,
          cancel: part('.cancel').getBoundingClientRect().bottom,
        }));
        assert.ok(wide <= 0, `${state} is ${wide} px too wide`);
        if (state === 'running') assert.ok(cancel <= high, `cancel is at ${cancel} of ${high}`);
        await screenshot(page, `element-${name}-${state}`);
      };
      await page.waitForSelector(START);
      await fits('idle');
      await run(page);
      await page.evaluate(() => stubbed.say({ fraction: 0.7, hint: 'turn-to-camera' }));
      await page.waitForTimeout(350);
      await fits('running');
      await page.evaluate(() => stubbed.end('inconclusive', ['frame-rate-too-low', 'low-contrast', 'turn-to-camera']));
      await reach(page, 'result');
      await fits('inconclusive');
      await run(page);
      await page.evaluate(() => stubbed.fail('CAMERA_PERMISSION_DENIED'));
      await reach(page, 'error');
      await fits('error');
    });
  }
});

withElements('nobody before the element', () => ({ clip: writeClip('element-empty.y4m', emptyScene()) }), (its) => {
  test('is inconclusive in plain words', async () => {
    const page = await its.place();
    await page.click(START);
    await reach(page, 'running');
    await page.waitForFunction(() => part('[role=status]').innerText === 'Place your face in the oval.');
    await reach(page, 'result');
    assert.match(await page.innerText('liveness-check .message'), /could not tell[\s\S]*No face was to be seen/);
  });
});

withElements('no camera', () => ({}), (its) => {
  test('is an error with a retry', async () => {
    const page = await its.place();
    await page.click(START);
    await reach(page, 'error');
    assert.deepEqual(await page.evaluate(() => events.at(-1)), ['error', { code: 'CAMERA_NOT_FOUND' }]);
    assert.ok(await page.isVisible(START));
    await screenshot(page, 'element-no-camera');
  });
});

withElements('two cameras', () => ({ cameras: 2 }), (its) => {
  test('can be chosen from, and the check begins anew with the other', async () => {
    const page = await its.place({}, { stub: true, viewport: { width: 390, height: 760 } });
    await run(page);
    await page.waitForSelector('liveness-check select');
    const names = await page.evaluate(() => [...part('select').options].map(({ text }) => text));
    assert.equal(names.length, 2);
    await screenshot(page, 'element-two-cameras');
    await accessible(page, 'two cameras');
    const first = await page.evaluate(() => part('select').value);
    await page.focus('liveness-check select');
    await page.selectOption('liveness-check select', { index: 1 });
    await page.waitForFunction(() => stubbed.options.length === 2);
    const { used, chosen, dark, focus, states } = await page.evaluate(() => ({
      used: tracks[1].getSettings().deviceId,
      chosen: part('select').value,
      dark: lights(),
      focus: focused(),
      states: events.filter(([type]) => type === 'state').map(([, state]) => state),
    }));
    assert.ok(used === chosen && used !== first);
    assert.deepEqual(dark, ['ended', 'live']);
    assert.equal(focus, 'select');
    assert.deepEqual(states, ['loading', 'asking', 'running', 'asking', 'running']);
  });

  test('one detector checks on with the other camera', async () => {
    const page = await its.place();
    await page.click(START);
    await page.waitForFunction(() => element.state === 'running' && events.at(-1)[0] === 'progress');
    await page.selectOption('liveness-check select', { index: 1 });
    await page.waitForFunction(() => tracks.length === 2 && element.state === 'running' && events.at(-1)[0] === 'progress');
    await page.click(CANCEL);
    assert.deepEqual(await page.evaluate(() => [element.state, ...lights()]), ['idle', 'ended', 'ended']);
    assert.equal(server.requests.filter((path) => path.endsWith('.wasm')).length, 1);
  });
});
