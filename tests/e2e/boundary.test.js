//! Ten thousand arbitrary values from JavaScript at every public entry: each ends, in a result or a LivenessError, and the
//! engine scores as before.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { provideArbitrary } from './arbitrary.js';
import { launch } from './browser.js';
import { openPackage, pack } from './detector.js';
import { portrait, writeClip } from './pictures.js';
import { server } from './suite.js';

/** Another seed, to look further; a failure names its own. */
const SEED = Number(process.env.SEED ?? 1);

test('ten thousand arbitrary values: typed errors, no hang, and the engine scores as before', async () => {
  // A worker that answers everything, with rubbish.
  server.intercept = (path) =>
    path === '/rubbish.js' ? { type: 'text/javascript', body: 'onmessage = ({ data: { id, request } }) => { for (const reply of request.replies ?? [{ ok: false }]) postMessage(reply && typeof reply === "object" ? { ...reply, id } : reply); };' } : undefined;
  const browser = await launch({ clip: writeClip('boundary.y4m', portrait()) });
  try {
    const { page, faults } = await openPackage(browser, server);
    await page.evaluate(provideArbitrary);
    const report = await page.evaluate(
      async ({ seed, photo }) => {
        const { LivenessError } = await import('/pkg/dist/index.js');
        // The page's side of a worker alone is in no bundle by itself: it comes unbundled, with an error class of its own.
        const [{ Client }, { LivenessError: ClientError }] = await Promise.all(['client', 'errors'].map((name) => import(`/pkg/build/${name}.js`)));
        await import('/pkg/dist/element/index.js');
        const report = { calls: {}, codes: {}, wrong: [] };
        const note = (entry, what, code) => {
          code ??= '! no code';
          report.calls[entry] = (report.calls[entry] ?? 0) + 1;
          (report.codes[entry] ??= {})[code] = (report.codes[entry][code] ?? 0) + 1;
          if (code.startsWith('!')) report.wrong.push(`${entry} ${what}: ${code}`);
        };
        /** Makes one call and notes how it ended: in time, and in what. */
        const ends = async (entry, what, call) => {
          let timer;
          const late = new Promise((resolve) => (timer = setTimeout(resolve, 60_000, '! hangs')));
          const ended = (async () => {
            try {
              await call();
              return 'fine';
            } catch (error) {
              return error instanceof LivenessError || error instanceof ClientError ? error.code : `! ${error?.name}: ${error?.message}`;
            }
          })();
          note(entry, what, await Promise.race([ended, late]));
          clearTimeout(timer);
        };
        let made = 0;
        const times = async (count, entry, one) => {
          for (let i = 0; i < count; i++) {
            const any = arbitrary(seed * 1_000_003 + made++);
            await ends(entry, i, () => one(any));
          }
        };

        const detector = await load({ backend: 'cpu' });
        const picture = imageData(photo.base64, photo.width, photo.height);
        const { score } = await detector.score(picture);
        const video = await film();

        await times(1000, 'score', (any) => detector.score(any.value()));
        await times(600, 'scoreCrop', (any) => detector.scoreCrop(any.value()));
        await times(400, 'depth', (any) => detector.depth(any.value()));
        await times(1500, 'scorePixels', (any) => detector.scorePixels(any.pick([any.value(), new Uint8Array(any.int(100)), new Uint8ClampedArray(4)]), any.number(), any.value()));

        // Refused where the worker would start, so that whatever passes until then has no consequence.
        const worker = () => {
          throw new Error('no further');
        };
        const loadOptions = ['backend', 'assetBase', 'wasmBase', 'signal', 'onProgress'];
        await times(1500, 'load', (any) => load(any.int(5) ? { ...any.object(loadOptions), worker } : any.pick([any.object([...loadOptions, 'worker']), { worker: any.value() }, any.pick([null, 5, 'x', Symbol('x')])])).then((d) => d.dispose()));
        await times(500, 'openCamera', (any) => openCamera(any.int(5) ? any.object(['deviceId', 'width', 'height', 'onLost', 'signal']) : any.value()).then((camera) => camera.close()));

        // Cancelled at once: what is wrong is to be said before that.
        const checkOptions = ['operatingPoint', 'challenge', 'record', 'signal', 'onUpdate', 'onHint', 'nonce', 'revealed', 'stepUrl', 'onStep', 'passiveSeconds', 'rotate', 'attach'];
        const soon = () => {
          const stop = new AbortController();
          setTimeout(() => stop.abort());
          return stop.signal;
        };
        await times(1000, 'check', (any) => detector.check(any.pick([video, video, any.value()]), any.pick([any.object(checkOptions), { challenge: any.object(['steps', 'seed']), signal: soon() }, { ...any.object(checkOptions), signal: soon() }, { challenge: { steps: [any.value(), any.value()] }, signal: soon() }])));

        const properties = ['operatingPoint', 'challenge', 'ticket', 'rotate', 'backend', 'assetBase', 'wasmBase', 'strings', 'detector', 'autoStart'];
        const element = document.createElement('liveness-check');
        document.body.append(element);
        await times(1500, 'element', async (any) => {
          const name = any.pick(properties);
          if (name !== 'autoStart') element[name] = any.value();
          const attribute = any.pick(['operating-point', 'challenge', 'rotate', 'backend', 'asset-base', 'wasm-base', 'lang']);
          element.setAttribute(attribute, any.pick(['', 'x', '\0', 'http://[', 'ar', 'zz-', 'constructor']));
          await 0;
        });
        // Some of them started, with whatever they hold then.
        for (let i = 0; i < 40; i++) {
          const any = arbitrary(seed + i);
          const element = document.createElement('liveness-check');
          for (const name of properties.slice(0, -1)) if (any.int(2)) await ends('element', `${name} ${i}`, () => void (element[name] = any.value()));
          element.wasmBase = '/nowhere/';
          document.body.append(element);
          element.start();
          const ended = await Promise.race([
            new Promise((resolve) => element.addEventListener('liveness-error', ({ detail }) => resolve(detail instanceof LivenessError && !(detail.cause instanceof TypeError && detail.code === 'INTERNAL') ? detail.code : `! ${detail} ${detail?.cause?.stack}`))),
            new Promise((resolve) => element.addEventListener('liveness-result', () => resolve('fine'))),
            new Promise((resolve) => setTimeout(resolve, 60_000, '! hangs')),
          ]);
          note('element.start', i, ended);
          element.remove();
        }
        element.remove();

        /** Sends a request to the engine's worker as no client would; its error. */
        const raw = new Client('cpu', () => new Worker('/pkg/dist/worker-cpu.js', { type: 'module' }));
        const kinds = ['score', 'scoreCrop', 'scorePixels', 'loadDecoder', 'depth', 'startSession', 'observe', 'reveal', 'transcript', 'endSession', 'load', 'constructor'];
        const requests = ['frame', 'rgba', 'width', 'height', 'operatingPoint', 'asked', 'step', 'attached', 'timeMs', 'record', 'assetBase', 'wasmBase', 'nonce'];
        const request = (any) => {
          if (any.int(4) === 0) return any.clonable();
          const request = { kind: any.pick(kinds) };
          for (const key of requests) if (any.int(2)) request[key] = any.pick([any.clonable(), new ImageData(2, 2), 'balanced', any.number()]);
          // A real load would only take time.
          if (request.kind === 'load') request.backend = any.pick(['webgpu', 'gpu', any.clonable()]);
          return request;
        };
        await times(500, 'worker, before it loaded', (any) => raw.ask(request(any)));
        await ends('worker', 'loads', () => raw.ask({ kind: 'load', backend: 'cpu' }));
        await times(1000, 'worker', (any) => raw.ask(request(any)));
        // A session with numbers that no camera gives.
        await times(200, 'worker, session', async (any) => {
          if (any.int(4) === 0) await raw.ask({ kind: 'startSession', operatingPoint: 'balanced', asked: {} });
          await raw.ask({ kind: 'observe', frame: new ImageData(2, 2), timeMs: any.number(), record: true });
        });
        report.again = (await raw.ask({ kind: 'score', frame: picture })).score === score;
        raw.end(new ClientError('CANCELLED', 'enough'));

        const rubbish = new Client('cpu', () => new Worker('/rubbish.js'));
        await times(400, 'replies', (any) => rubbish.ask({ kind: 'score', replies: [any.clonable(), { progress: any.clonable() }, { alive: any.clonable(), ok: any.clonable(), value: any.clonable() }, { ok: false, error: any.clonable() }] }, [], () => {}));
        rubbish.end(new ClientError('CANCELLED', 'enough'));

        report.same = (await detector.score(picture)).score === score;
        report.verdict = (await detector.check(video)).outcome;
        video.srcObject.getTracks().forEach((track) => track.stop());
        return report;
      },
      { seed: SEED, photo: pack(portrait()) },
    );
    const calls = Object.values(report.calls).reduce((a, b) => a + b, 0);
    for (const [entry, codes] of Object.entries(report.codes)) console.log(`  ${entry}: ${JSON.stringify(codes)}`);
    console.log(`  ${calls} calls, seed ${SEED}`);
    assert.deepEqual(report.wrong, [], `seed ${SEED}`);
    assert.ok(calls >= 10_000, `${calls} calls`);
    assert.deepEqual([report.again, report.same], [true, true]);
    assert.match(report.verdict, /^(bona-fide|attack|inconclusive)$/);
    assert.deepEqual(faults.filter((fault) => fault.startsWith('uncaught')), []);
  } finally {
    await browser.close();
  }
});
