//! What React's and Vue's component must do alike, in a page that one of the scripts beside this made.

import assert from 'node:assert/strict';

/** Runs in the page: a detector that the test ends, with a private field, which no proxy of it has. */
function prepare() {
  class Stub {
    #checks = [];
    get last() {
      return this.#checks.at(-1);
    }
    check(video, options) {
      return new Promise((resolve, reject) => {
        options.signal.addEventListener('abort', () => reject(options.signal.reason));
        this.#checks.push({ ...options, end: resolve });
      });
    }
  }
  globalThis.stub = new Stub();
  globalThis.element = () => document.querySelector('liveness-check');
  globalThis.until = async (what) => {
    for (const start = performance.now(); !what(); await new Promise((resolve) => setTimeout(resolve, 10))) {
      if (performance.now() - start > 30_000) throw new Error(`never: ${what}`);
    }
  };
}

/** Properties, methods and events of the component in `page`. */
export async function checkBindings(page) {
  await page.evaluate(prepare);
  const given = await page.evaluate(async () => {
    render({ operatingPoint: 'strict', challenge: true, lang: 'de', class: 'mine', strings: { start: 'Los!' }, assetBase: new URL('/elsewhere/', location.href), detector: stub });
    await until(() => element()?.shadowRoot.querySelector('.primary')?.innerText === 'Los!');
    const { operatingPoint, challenge, lang, className, assetBase, detector, state } = element();
    const footer = element().shadowRoot.querySelector('slot[name=footer]').assignedElements().map((node) => node.innerText);
    return { operatingPoint, challenge, lang, className, assetBase, same: detector === stub, footer, state };
  });
  const assetBase = new URL('/elsewhere/', page.url()).href;
  assert.deepEqual(given, { operatingPoint: 'strict', challenge: true, lang: 'de', className: 'mine', assetBase, same: true, footer: ['Why we ask'], state: 'idle' });

  const events = await page.evaluate(async () => {
    handle().start();
    await until(() => stub.last);
    const { operatingPoint, challenge } = stub.last;
    const progress = { hint: 'too-far', prompt: null, notice: null, face: null, fraction: 0.4 };
    stub.last.onUpdate(progress);
    stub.last.onHint('too-far');
    // The callbacks of the last render are the ones that hear.
    render({ operatingPoint: 'strict', challenge: true, detector: stub });
    await new Promise((resolve) => setTimeout(resolve, 100));
    stub.last.end({ outcome: 'bona-fide', reasons: [] });
    await until(() => heard.some(([, name]) => name === 'result'));
    return { asked: { operatingPoint, challenge }, heard: heard.splice(0) };
  });
  assert.deepEqual(events.asked, { operatingPoint: 'strict', challenge: true });
  assert.deepEqual(events.heard, [
    [1, 'state', 'loading'],
    [1, 'state', 'asking'],
    [1, 'state', 'running'],
    [1, 'progress', { hint: 'too-far', prompt: null, notice: null, face: null, fraction: 0.4 }],
    [1, 'hint', 'too-far'],
    [2, 'state', 'result'],
    [2, 'result', { outcome: 'bona-fide', reasons: [] }],
  ]);

  const without = await page.evaluate(async () => {
    render({});
    await until(() => element().operatingPoint === 'balanced');
    const { challenge, detector, strings, assetBase, backend } = element();
    return { challenge, detector, strings, assetBase, backend, attributes: element().getAttributeNames() };
  });
  assert.deepEqual(without, { challenge: false, detector: null, strings: {}, assetBase: null, backend: 'auto', attributes: [] });

  const alone = await page.evaluate(async () => {
    unmount();
    await until(() => !element());
    const before = stub.last;
    render({ autoStart: true, detector: stub });
    await until(() => stub.last !== before);
    const started = heard.map(([, name, detail]) => `${name} ${detail}`);
    handle().cancel();
    await until(() => element().state === 'idle');
    handle().start();
    const cancelled = stub.last;
    await until(() => stub.last !== cancelled);
    unmount();
    await until(() => !element());
    return { started, cancelled: cancelled.signal.aborted, removed: stub.last.signal.aborted };
  });
  assert.deepEqual(alone, { started: ['state loading', 'state asking', 'state running'], cancelled: true, removed: true });

  const hidden = await page.evaluate(async () => {
    if (!globalThis.hide) return ['result'];
    const before = stub.last;
    render({ autoStart: true, detector: stub });
    await until(() => stub.last !== before);
    hide(true, { detector: stub });
    await until(() => element().style.display === 'none');
    heard.length = 0;
    stub.last.end({ outcome: 'bona-fide', reasons: [] });
    await until(() => heard.some(([, name]) => name === 'result'));
    hide(false, { detector: stub });
    await until(() => element().style.display !== 'none');
    return heard.splice(0).flatMap(([, name]) => (name === 'result' ? [name] : []));
  });
  assert.deepEqual(hidden, ['result']);
}
