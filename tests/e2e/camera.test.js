//! The way to a camera: who refused it and what helps then, what a signal ends, what is asked in which order, and how long each
//! state lasts. The camera is never on behind a screen that asks for something else.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessible } from './accessible.js';
import { screenshot } from './browser.js';
import { providePackage } from './detector.js';
import { shorten } from './patch.js';
import { portrait, writeClip } from './pictures.js';
import { server, withBrowser } from './suite.js';

/** Runs in the page: the package, every camera that was asked for, and an element whose checks a stub makes. */
async function prepare() {
  const request = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  globalThis.wishes = [];
  globalThis.tracks = [];
  globalThis.give = request;
  navigator.mediaDevices.getUserMedia = async (wish) => {
    wishes.push(wish);
    const stream = await give(wish);
    tracks.push(...stream.getTracks());
    return stream;
  };
  globalThis.lights = () => tracks.map((track) => track.readyState);
  globalThis.place = async (properties = {}, attributes = {}) => {
    await import('/pkg/dist/element/index.js');
    globalThis.states = [];
    globalThis.errors = [];
    globalThis.options = [];
    globalThis.element = Object.assign(document.createElement('liveness-check'), {
      detector: { check: (_, given) => (options.push(given), new Promise((_, reject) => given.signal.addEventListener('abort', () => reject(given.signal.reason)))) },
      ...properties,
    });
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.addEventListener('liveness-state', ({ detail }) => states.push([detail, lights().includes('live')]));
    element.addEventListener('liveness-error', ({ detail: { code, reason, retryable } }) => errors.push({ code, reason, retryable }));
    document.body.append(element);
  };
}

const both = [providePackage, prepare].map((f) => `await (${f})();`).join('\n');
const START = 'liveness-check .primary';
const CANCEL = 'liveness-check .cancel';
const reach = (page, state) => page.waitForFunction((state) => element.state === state, state, { timeout: 20_000 });

withBrowser('a camera', () => ({ clip: writeClip('camera.y4m', portrait()) }), (its) => {
  const opened = async (pageOptions) => {
    const page = await its.open(pageOptions);
    await page.evaluate(`(async () => { ${both} })()`);
    return page;
  };

  test('is not asked for where the signal is aborted already', async () => {
    const page = await opened();
    const [error, asked] = await page.evaluate(async () => [await codeOf(openCamera({ signal: AbortSignal.abort() })), wishes.length]);
    assert.deepEqual([error.code, asked], ['CANCELLED', 0]);
  });

  test('is given up at once when the signal aborts while the browser asks, and closed when it comes', async () => {
    const page = await opened();
    const [error, before, after] = await page.evaluate(async () => {
      const real = give;
      let answer;
      globalThis.give = (wish) => new Promise((resolve) => (answer = () => real(wish).then((stream) => (resolve(stream), stream))));
      const stop = new AbortController();
      const ended = codeOf(openCamera({ signal: stop.signal }));
      stop.abort();
      const error = await ended;
      const before = tracks.length;
      const stream = await answer();
      while (stream.active) await new Promise((resolve) => setTimeout(resolve, 10));
      return [error, before, lights()];
    });
    assert.deepEqual([error.code, before, after], ['CANCELLED', 0, ['ended']]);
  });

  test('that was wished for and is gone: the next keeps the facing and the size', async () => {
    const page = await opened();
    const [wishes, live] = await page.evaluate(async () => {
      const real = give;
      globalThis.give = (wish) => (globalThis.wishes.length === 1 ? Promise.reject(new OverconstrainedError('deviceId')) : real(wish));
      const { stream } = await openCamera({ deviceId: 'gone', width: 640, height: 480 });
      return [globalThis.wishes, stream.active];
    });
    assert.ok(live);
    assert.deepEqual(wishes[1], { audio: false, video: { width: { ideal: 640 }, height: { ideal: 480 }, facingMode: { ideal: 'user' } } });
  });

  const IPHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)';
  const REFUSALS = [
    // What the browser said, what it says of the permission, its own name; then code, reason, whether a retry can help.
    ['Permission denied by system', 'granted', '', 'CAMERA_PERMISSION_DENIED', 'system', false],
    ['Permission dismissed', 'prompt', '', 'CAMERA_PERMISSION_DENIED', 'dismissed', true],
    ['Permission denied', 'denied', '', 'CAMERA_PERMISSION_DENIED', 'site', false],
    ['The request is not allowed by the user agent or the platform in the current context.', 'prompt', `${IPHONE} Version/18.0 Mobile/15E148 Safari/604.1`, 'CAMERA_PERMISSION_DENIED', 'dismissed', true],
    ['The request is not allowed by the user agent or the platform in the current context.', 'denied', '', 'CAMERA_PERMISSION_DENIED', 'site', false],
    ['The request is not allowed by the user agent or the platform in the current context.', 'granted', '', 'CAMERA_PERMISSION_DENIED', 'system', false],
    ['Permission denied', null, '', 'CAMERA_PERMISSION_DENIED', 'site', false],
    ['Permission denied', 'for ever', '', 'CAMERA_PERMISSION_DENIED', 'site', false],
    ['Permission denied', 'denied', 'Mozilla/5.0 (Linux; Android 14; Pixel 8; wv) AppleWebKit/537.36 Version/4.0 Chrome/130.0 Mobile Safari/537.36', 'CAMERA_BLOCKED', 'webview', false],
    ['not allowed', 'prompt', `${IPHONE} Mobile/15E148 Instagram 350.0`, 'CAMERA_BLOCKED', 'webview', false],
    ['not allowed', 'prompt', `${IPHONE} Mobile/15E148`, 'CAMERA_BLOCKED', 'webview', false],
  ];
  for (const [said, state, agent, code, reason, retryable] of REFUSALS) {
    test(`refused: ${said.slice(0, 30)}, ${state}, ${agent.slice(-20) || 'Chromium'}: ${reason}`, async () => {
      const page = await opened();
      const error = await page.evaluate(async ([said, state, agent]) => {
        if (agent) Object.defineProperty(navigator, 'userAgent', { value: agent });
        navigator.permissions.query = () => (state === 'for ever' ? new Promise(() => {}) : state ? Promise.resolve({ state }) : Promise.reject(new TypeError('no such name')));
        globalThis.give = () => Promise.reject(new DOMException(said, 'NotAllowedError'));
        return openCamera().catch(({ code, reason, retryable }) => ({ code, reason, retryable }));
      }, [said, state, agent]);
      assert.deepEqual(error, { code, reason, retryable });
    });
  }

  test('each refusal has a text of its own on the screen', async () => {
    const page = await opened();
    const shown = await page.evaluate(async () => {
      const texts = {};
      await place();
      for (const [said, state] of [['Permission denied by system'], ['Permission dismissed'], ['Permission denied', 'denied']]) {
        navigator.permissions.query = async () => ({ state });
        globalThis.give = () => Promise.reject(new DOMException(said, 'NotAllowedError'));
        element.start();
        while (element.state !== 'error') await new Promise((resolve) => setTimeout(resolve, 10));
        texts[errors.at(-1).reason] = element.shadowRoot.querySelector('.message > h2').textContent;
        element.remove();
        await place();
      }
      return texts;
    });
    assert.deepEqual(Object.keys(shown), ['system', 'dismissed', 'site']);
    assert.equal(new Set(Object.values(shown)).size, 3);
  });

  test('whose question nobody answers is given up', async () => {
    server.intercept = shorten('element.js', 'ANSWER_TIMEOUT_MS', '12e4', 300);
    const page = await opened();
    await page.evaluate(async () => {
      globalThis.give = () => new Promise(() => {});
      await place();
    });
    await page.click(START);
    await reach(page, 'error');
    assert.deepEqual(await page.evaluate(() => errors), [{ code: 'CAMERA_PERMISSION_DENIED', reason: 'dismissed', retryable: true }]);
    assert.ok(await page.isVisible(START));
  });

  /** The browser plays nothing, until a press if `until`. */
  const still = (page, until) =>
    page.evaluate((until) => {
      const { play } = HTMLMediaElement.prototype;
      let pressed = false;
      document.addEventListener('click', () => (pressed ||= element.state === 'press'), true);
      HTMLMediaElement.prototype.play = function () {
        return until && pressed ? play.call(this) : Promise.reject(new DOMException('not without a press', 'NotAllowedError'));
      };
    }, until);

  test('whose video the browser does not play by itself: a press starts it', async () => {
    const page = await opened();
    await page.evaluate(() => place());
    await still(page, true);
    await page.evaluate(() => element.start());
    await reach(page, 'press');
    assert.equal(await page.innerText('liveness-check [role=status]'), 'The camera is ready. Press Start.');
    await screenshot(page, 'element-press');
    await accessible(page, 'press', 'liveness-check');
    await page.click(START);
    await reach(page, 'running');
    assert.deepEqual(await page.evaluate(() => states), [['loading', false], ['asking', false], ['press', true], ['running', true]]);
    await page.click(CANCEL);
    assert.deepEqual(await page.evaluate(() => [element.state, lights()]), ['idle', ['ended']]);
    await still(page, false);
    await page.evaluate(() => element.start());
    await reach(page, 'press');
    await page.click(CANCEL);
    assert.deepEqual(await page.evaluate(() => [element.state, lights().at(-1)]), ['idle', 'ended']);
  });

  test('whose video plays not even then, or that nobody presses for, closes', async () => {
    server.intercept = shorten('element.js', 'PRESS_TIMEOUT_MS', '3e4', 1500);
    const page = await opened();
    await page.evaluate(() => place());
    await still(page, false);
    for (const press of [true, false]) {
      await page.evaluate(() => element.start());
      await reach(page, 'press');
      if (press) await page.click(START);
      await reach(page, 'error');
    }
    const blocked = { code: 'PLAYBACK_BLOCKED', reason: undefined, retryable: true };
    assert.deepEqual(await page.evaluate(() => [errors, lights()]), [[blocked, blocked], ['ended', 'ended']]);
  });

  for (const [what, code, happens] of [
    ['in a page that is hidden', 'APP_INACTIVE', () => (Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true }), document.dispatchEvent(new Event('visibilitychange')))],
    ['that nothing is shown of', 'APP_INACTIVE', () => (element.style.display = 'none')],
    ['that is taken away by the system', 'CAMERA_LOST', () => (tracks.at(-1).stop(), tracks.at(-1).dispatchEvent(new Event('ended')))],
  ]) {
    for (const state of ['press', 'running']) {
      test(`${what} closes: ${state}`, async () => {
        const page = await opened();
        await page.evaluate(() => place());
        if (state === 'press') await still(page, false);
        await page.evaluate(() => element.start());
        await reach(page, state);
        await page.evaluate(happens);
        await reach(page, 'error');
        assert.deepEqual(await page.evaluate(() => [errors, lights().at(-1)]), [[{ code, reason: undefined, retryable: true }], 'ended']);
      });
    }
  }

  test('that another element films with the same detector is waited for', async () => {
    const page = await opened();
    const states = await page.evaluate(async () => {
      const ends = [];
      let checking = 0;
      const detector = { check: () => (checking++, new Promise((resolve) => ends.push(() => (checking--, resolve({ outcome: 'bona-fide', reasons: [] }))))) };
      await place({ detector });
      const [first, second] = [element, Object.assign(document.createElement('liveness-check'), { detector })];
      document.body.append(second);
      const until = async (what) => {
        while (!what()) await new Promise((resolve) => setTimeout(resolve, 10));
      };
      first.start();
      await until(() => first.state === 'running');
      second.start();
      await new Promise((resolve) => setTimeout(resolve, 200));
      const waiting = [second.state, wishes.length];
      ends[0]();
      await until(() => second.state === 'running');
      const then = [first.state, checking, wishes.length];
      ends[1]();
      await until(() => second.state === 'result');
      return [waiting, then];
    });
    assert.deepEqual(states, [['loading', 1], ['result', 1, 2]]);
  });

  test('whose detector is disposed while it is asked for closes, and says so', async () => {
    const page = await opened();
    await page.evaluate(async () => {
      await place({ detector: await load({ backend: 'cpu' }) });
      globalThis.give = async (wish) => (element.detector.dispose(), navigator.mediaDevices.constructor.prototype.getUserMedia.call(navigator.mediaDevices, wish));
      element.start();
    });
    await reach(page, 'error');
    assert.deepEqual(await page.evaluate(() => [errors, lights().at(-1)]), [[{ code: 'INVALID_INPUT', reason: undefined, retryable: false }], 'ended']);
  });

  test('that has ended when it comes is lost', async () => {
    const page = await opened();
    const error = await page.evaluate(async () => {
      const ask = globalThis.give;
      globalThis.give = async (wish) => {
        const stream = await ask(wish);
        stream.getTracks().forEach((track) => track.stop());
        return stream;
      };
      return codeOf(openCamera());
    });
    assert.deepEqual([error?.code, error?.retryable], ['CAMERA_LOST', true]);
  });

  test('whose ticket another copy of the package refuses keeps its word', async () => {
    const page = await opened();
    await page.evaluate(() => place({ ticket: () => Promise.reject(Object.assign(new Error('no more today'), { name: 'LivenessError', code: 'TICKET_FAILED', retryable: false, reason: 'server-fault' })) }));
    await page.evaluate(() => element.start());
    await reach(page, 'error');
    assert.deepEqual(await page.evaluate(() => errors), [{ code: 'TICKET_FAILED', reason: 'server-fault', retryable: false }]);
  });

  test('whose video is interrupted, or refused for another reason, closes, and a retry plays it', async () => {
    const page = await opened();
    const errors = await page.evaluate(async () => {
      const { play } = HTMLMediaElement.prototype;
      const ended = () => new Promise((resolve) => element.addEventListener('liveness-error', ({ detail }) => resolve([detail.code, detail.retryable, detail.message]), { once: true }));
      await place();
      const errors = [];
      for (const name of ['AbortError', 'NotSupportedError']) {
        HTMLMediaElement.prototype.play = () => Promise.reject(new DOMException('interrupted by a new load', name));
        element.start();
        errors.push([...(await ended()), ...lights()]);
      }
      HTMLMediaElement.prototype.play = play;
      element.start();
      return errors;
    });
    for (const [code, retryable, message, ...lights] of errors) {
      assert.deepEqual([code, retryable, lights.includes('live')], ['PLAYBACK_BLOCKED', true, false]);
      assert.match(message, /interrupted by a new load/);
    }
    await reach(page, 'running');
  });

  test('opens for no check without the ticket that was meant; what a server leaves out as null is left out', async () => {
    const page = await opened();
    const found = await page.evaluate(async () => {
      const codes = [];
      for (const given of [{}, [], { error: 'unauthorised' }, new Response('{"nonce":"abc"}')]) {
        await place({ ticket: async () => given });
        element.start();
        while (element.state !== 'error') await new Promise((resolve) => setTimeout(resolve, 10));
        codes.push(errors.at(-1));
        element.remove();
      }
      await place({ ticket: async () => ({ nonce: 'abc', operatingPoint: null, challenge: null, attach: null, revealed: null, stepUrl: null, passiveSeconds: null }) });
      element.start();
      return [codes, wishes.length];
    });
    assert.deepEqual(found, [Array(4).fill({ code: 'TICKET_FAILED', reason: undefined, retryable: true }), 0]);
    await page.waitForFunction(() => options.length === 1);
    assert.deepEqual(await page.evaluate(() => [options[0].nonce, options[0].operatingPoint, options[0].challenge, 'attach' in options[0]]), ['abc', 'balanced', false, false]);
  });

  test('is not opened for a detector that was disposed', async () => {
    const page = await opened();
    const [error, asked, kept] = await page.evaluate(async () => {
      const detector = await load({ backend: 'cpu' });
      const before = detector.disposed;
      detector.dispose();
      await place({ detector });
      element.start();
      while (element.state !== 'error') await new Promise((resolve) => setTimeout(resolve, 10));
      // Vue leaves alone what has this, and its private fields with it.
      return [errors[0].code, wishes.length, [before, detector.disposed, detector.__v_skip]];
    });
    assert.deepEqual([error, asked, kept], ['INVALID_INPUT', 0, [false, true, true]]);
  });

  test('an element whose name something else took says so', async () => {
    const page = await opened();
    const [code, message] = await page.evaluate(async () => {
      customElements.define('liveness-check', class extends HTMLElement {});
      return import('/pkg/dist/element/index.js').then(() => [], ({ code, message }) => [code, message]);
    });
    assert.equal(code, 'INVALID_INPUT');
    assert.match(message, /Something else has defined <liveness-check>/);
  });

  test('opens only once there is a ticket; a ticket that never comes is an error, and a retry asks again', async () => {
    server.intercept = shorten('element.js', 'TICKET_TIMEOUT_MS', '2e4', 300);
    const page = await opened();
    await page.evaluate(() => place({ ticket: () => new Promise(() => {}) }));
    await page.click(START);
    await reach(page, 'ticket');
    await reach(page, 'error');
    assert.deepEqual(await page.evaluate(() => [errors, wishes]), [[{ code: 'TICKET_FAILED', reason: undefined, retryable: true }], []]);
    await page.evaluate(() => (element.ticket = async () => ({ nonce: 'abc', operatingPoint: 'strict' })));
    await page.click(START);
    await reach(page, 'running');
    await page.waitForFunction(() => options.length === 1);
    assert.deepEqual(await page.evaluate(() => [options[0].nonce, options[0].operatingPoint]), ['abc', 'strict']);
    const ended = await page.evaluate(() => states.slice(-4));
    assert.deepEqual(ended, [['loading', false], ['ticket', false], ['asking', false], ['running', true]]);
  });

  const NO = ['false', 'FALSE', ' no ', 'off', '0'];
  test('attributes that say no mean no, and others mean yes', async () => {
    const page = await opened();
    const found = await page.evaluate(async (no) => {
      const found = [];
      for (const value of [...no, '', 'true', 'auto-start']) {
        await place({}, { challenge: value, 'auto-start': value });
        found.push([value, element.autoStart, element.challenge, element.state]);
        element.remove();
      }
      await place();
      element.autoStart = 'false';
      found.push(element.hasAttribute('auto-start'));
      element.challenge = true;
      found.push(element.hasAttribute('challenge'));
      return found;
    }, NO);
    assert.deepEqual(found, [...NO.map((value) => [value, false, false, 'idle']), ...['', 'true', 'auto-start'].map((value) => [value, true, true, 'loading']), false, true]);
  });
}, { path: '/blank.html' });
