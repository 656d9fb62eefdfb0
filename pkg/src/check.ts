//! A playing video -> one verdict: feeds the worker's session one frame at a time. What a frame is worth, what to tell the
//! person and when it is enough is all decided in Rust.

import { askedOf } from './asked.js';
import type { Backends } from './backends.js';
import { LivenessError } from './errors.js';
import type { Hint, Reason, Verdict } from './generated.js';
import { checked } from './options.js';
import type { Request } from './protocol.js';
import { Signals } from './signals/index.js';
import { own } from './source.js';
import { Steps, stepsFrom } from './steps.js';
import type { CheckOptions, CheckResult } from './types.js';
import { Watch } from './watch.js';

const KINDS = { operatingPoint: 'string', rotate: 'turn', nonce: 'string', record: 'boolean', signal: 'signal', onUpdate: 'function', onHint: 'function', onStep: 'function' } as const;

/** So many frames in a row that cannot be read are no accident. */
const UNREADABLE = 5;

const ATTACH = { release: 'string', signals: 'boolean' } as const;

type Begin = Omit<Extract<Request, { kind: 'startSession' }>, 'kind'>;

/** Judges a check's options; what the session is told of them. */
function begun(options: CheckOptions): Begin {
  const { operatingPoint = 'balanced', nonce, attach, stepUrl, onStep } = checked(options, KINDS);
  checked(attach ?? {}, ATTACH);
  const asked = askedOf(options);
  if (asked.revealed !== undefined && !onStep && !(stepUrl && nonce)) {
    throw new LivenessError('INVALID_INPUT', 'Steps that a server reveals need onStep, or a stepUrl and a nonce.');
  }
  return { operatingPoint, asked, nonce };
}

/**
 * Begins a session with these options, and ends it at once.
 *
 * @throws LivenessError as `LivenessDetector.validate` says.
 */
export async function validate(backends: Backends, options: CheckOptions): Promise<void> {
  const begin = begun(options);
  await backends.on(async ({ client }) => {
    await client.ask({ kind: 'startSession', ...begin });
    await client.ask({ kind: 'endSession' });
  });
}

/**
 * Runs a session on the current worker until its verdict; if that loses its GPU, the CPU's worker goes on with the session.
 * One at a time for each worker.
 *
 * @throws LivenessError as `LivenessDetector.check` says.
 */
export async function check(backends: Backends, video: HTMLVideoElement, options: CheckOptions): Promise<CheckResult> {
  const begin = begun(options);
  const { rotate = 0, nonce, stepUrl, attach, record = false, signal, onUpdate, onHint, onStep } = options;
  const ended = new AbortController();
  const steps = new Steps(onStep ?? (stepUrl && nonce ? stepsFrom(stepUrl, nonce, ended.signal) : undefined));
  const watch = new Watch(video, backends.stopped, signal);
  let worker = backends.current;
  // Times are from the first frame on: a session that goes on elsewhere knows no others.
  let firstMs: number | undefined;
  const signals = new Signals(watch.track);
  let unread = 0;
  /** The picture that the video shows; nothing for one that a browser happens not to hand out, as while its GPU process starts anew. */
  const picture = async () => {
    try {
      const owned = await watch.during(own(video, rotate));
      unread = 0;
      return owned;
    } catch (error) {
      if (!watch.goes || ++unread >= UNREADABLE) throw error;
      return undefined;
    }
  };
  const observe = async (timeMs: number) => {
    const owned = await picture();
    if (!owned) return undefined;
    signals.see(owned.frame, watch.metadata);
    const request = { kind: 'observe', frame: owned.frame, timeMs: timeMs - (firstMs ??= timeMs), record } as const;
    return watch.during(worker.client.ask(request, owned.transfer));
  };
  const goOn = async (error: unknown) => {
    const next = backends.after(worker, error);
    const recording = await watch.during(worker.client.ask({ kind: 'recording' }));
    await watch.during(next.client.ask({ kind: 'resumeSession', recording, nonce }));
    worker = next;
  };
  try {
    await watch.during(worker.client.ask({ kind: 'startSession', ...begin }));
    let shown: Hint | null = null;
    for (;;) {
      // Before the frame is waited for: a step is known at a frame that was shown after it came.
      const step = steps.take();
      if (step) await watch.during(worker.client.ask({ kind: 'reveal', step }));
      const timeMs = await watch.next();
      // A film that goes back to its beginning, or is moved, has no picture for a moment: below HAVE_CURRENT_DATA. Another comes.
      if (video.readyState < 2) continue;
      const update = await observe(timeMs).catch(async (error) => {
        await goOn(error);
        return observe(timeMs);
      });
      if (!update) continue;
      if (update.verdict) {
        refuseSlowCamera(update.verdict, watch.shown);
        const { verdict, recording } = update;
        const told = signals.told();
        const attached = attach && JSON.stringify({ release: attach.release, ...(attach.signals && { signals: told }) });
        const transcript = await watch.during(worker.client.ask({ kind: 'transcript', attached }));
        return { ...verdict, signals: told, ...(recording !== undefined && { recording }), ...(transcript && { transcript }) };
      }
      const { progress, face } = update;
      if (!progress) throw new LivenessError('INTERNAL', 'The engine answered neither progress nor a verdict.');
      onUpdate?.({ ...progress, face });
      if (progress.waitsForStep) steps.await();
      if (progress.hint !== shown) onHint?.((shown = progress.hint));
    }
  } finally {
    watch.close();
    ended.abort();
    // Before any later request, since the worker answers in order. Whether it still can is nobody's concern.
    worker.client.ask({ kind: 'endSession' }).catch(() => {});
  }
}

/**
 * Too few frames, and nothing else in the way: whose fault? An engine that is slower than the camera leaves out every second
 * frame at least. Where it looked at more than half of them, the camera gave too few.
 *
 * @throws LivenessError `FRAMERATE_TOO_LOW` if it was the camera.
 */
function refuseSlowCamera({ outcome, reasons, framesSeen, elapsedMs }: Verdict, shown: number): void {
  const only: Reason = 'frame-rate-too-low';
  if (outcome !== 'inconclusive' || reasons.length !== 1 || reasons[0] !== only || shown === 0 || framesSeen * 2 <= shown) return;
  const rate = ((shown * 1000) / elapsedMs).toFixed(1);
  throw new LivenessError('FRAMERATE_TOO_LOW', `The camera gave ${rate} frames a second: more light, another camera, or no other program that uses it may help.`);
}
