//! A playing video -> the times of its frames, or the error that ends the watching: camera gone, page hidden, cancelled,
//! no frame. Reads no pixels and knows nothing of faces.

import { LivenessError } from './errors.js';
import { isVideo } from './source.js';
import { within } from './within.js';

/** Cameras deliver at least a few frames a second, also in the dark; one that is silent for this long hangs. */
const FRAME_TIMEOUT_MS = 5_000;
/** The worker may compile shaders before its first answer; later ones take milliseconds. */
const ANSWER_TIMEOUT_MS = 30_000;
/** Systems mute a camera for a moment when another program opens it. */
const MUTED_MS = 1_000;

/** Watches one video until `close`. The first thing that goes wrong stays the reason. */
export class Watch {
  readonly #video: HTMLVideoElement;
  readonly #stream: MediaStream | undefined;
  /** The camera's, if the video plays a stream. */
  readonly track: MediaStreamTrack | undefined;
  readonly #failed: Promise<never>;
  readonly #undo: (() => void)[] = [];
  #reject!: (error: LivenessError) => void;
  #failure: LivenessError | undefined;
  #closed = false;
  #last: { readonly ms: number; readonly told: number; readonly now: number } | undefined;
  #first: number | undefined;
  #metadata: VideoFrameCallbackMetadata | undefined;

  /**
   * `signal` is the caller's, `stopped` aborts with a LivenessError when the worker ends.
   *
   * @throws LivenessError if there is nothing to watch: `INVALID_INPUT`, `CANCELLED`, `CAMERA_LOST`, `APP_INACTIVE`.
   */
  constructor(video: HTMLVideoElement, stopped: AbortSignal, signal: AbortSignal | undefined) {
    if (!isVideo(video)) throw new LivenessError('INVALID_INPUT', 'A check needs an HTMLVideoElement that plays.');
    this.#video = video;
    this.#failed = new Promise((_, reject) => (this.#reject = reject));
    // Nobody may be waiting when it fails.
    this.#failed.catch(() => {});
    // By its method, not `instanceof`: the stream may come from an iframe.
    const stream = video.srcObject && 'getVideoTracks' in video.srcObject ? video.srcObject : undefined;
    this.#stream = stream;
    this.track = stream?.getVideoTracks()[0];

    const cancel = () => this.#fail(new LivenessError('CANCELLED', 'The check was cancelled.', { cause: signal?.reason }));
    const stop = () => this.#fail(LivenessError.from(stopped.reason));
    const hide = () => {
      if (video.ownerDocument.visibilityState !== 'hidden') return;
      this.#fail(new LivenessError('APP_INACTIVE', 'The page was hidden while it checked: browsers stop its camera frames then.'));
    };
    const end = () =>
      this.#fail(
        stream
          ? lost('The camera stopped: it was unplugged, closed, or taken by another program.')
          : new LivenessError('INVALID_INPUT', 'The video ended before there was a verdict.'),
      );
    if (signal) this.#on(signal, 'abort', cancel);
    this.#on(stopped, 'abort', stop);
    this.#on(video.ownerDocument, 'visibilitychange', hide);
    // A track that the page itself stops says nothing; the video then ends.
    this.#on(video, 'ended', end);
    this.#on(video, 'emptied', () => this.#fail(lost("The video's source was exchanged or taken away.")));
    if (this.track) {
      this.#on(this.track, 'ended', end);
      this.#watchMute(this.track);
    }

    if (signal?.aborted) cancel();
    if (stopped.aborted) stop();
    if (this.track?.readyState === 'ended') end();
    this.#heedStream();
    hide();
    // HAVE_CURRENT_DATA: there is a picture.
    if (video.readyState < 2 || video.paused || video.ended) {
      this.#fail(new LivenessError('INVALID_INPUT', 'The video does not play yet, or no longer: await its play() first.'));
    }
    if (this.#failure) {
      this.close();
      throw this.#failure;
    }
  }

  /**
   * Waits for a frame that has not been given out: its time in milliseconds, on a clock that does not go backwards.
   *
   * @throws LivenessError what ended the watching, or `TIMEOUT`.
   */
  async next(): Promise<number> {
    this.#heedStream();
    const timeMs = await this.#within(FRAME_TIMEOUT_MS, this.#frame(), () => {
      if (this.track?.readyState === 'ended') return lost('The camera stopped.');
      const seconds = FRAME_TIMEOUT_MS / 1000;
      return new LivenessError('TIMEOUT', `The video showed no new frame for ${seconds} seconds: is it paused, or does the camera hang?`);
    });
    return this.#advance(timeMs);
  }

  /** A check ends by its clock: where the frames' is set back, stands, or tells no number, the page's goes on. */
  #advance(told: number): number {
    const now = performance.now();
    const step = this.#last ? told - this.#last.told : 0;
    const ms = this.#last ? this.#last.ms + (step > 0 ? step : now - this.#last.now) : Number.isFinite(told) ? told : now;
    this.#last = { ms, told, now };
    return ms;
  }

  /** Frames that the video showed from the first one given out to the last, given out or not; 0 where the browser does not count. */
  get shown(): number {
    return this.#metadata && this.#first !== undefined ? this.#metadata.presentedFrames - this.#first + 1 : 0;
  }

  /** What the browser tells of the last frame given out, where it does. */
  get metadata(): VideoFrameCallbackMetadata | undefined {
    return this.#metadata;
  }

  /**
   * Waits for other work, but no longer than the watching lasts.
   *
   * @throws LivenessError what ended the watching, or `TIMEOUT`; else whatever the work throws.
   */
  async during<T>(work: Promise<T>): Promise<T> {
    const late = () => new LivenessError('TIMEOUT', `The engine did not answer for ${ANSWER_TIMEOUT_MS / 1000} seconds.`);
    return this.#within(ANSWER_TIMEOUT_MS, work, late);
  }

  /** Whether nothing has ended it yet. */
  get goes(): boolean {
    return this.#failure === undefined;
  }

  close(): void {
    this.#closed = true;
    for (const undo of this.#undo.splice(0)) undo();
  }

  #fail(error: LivenessError): void {
    this.#failure ??= error;
    this.#reject(this.#failure);
  }

  #on(target: EventTarget, type: string, listener: () => void): void {
    target.addEventListener(type, listener);
    this.#undo.push(() => target.removeEventListener(type, listener));
  }

  /** What a page may do to its stream, of which no event tells: frames go on, and are black, or another camera's. */
  #heedStream(): void {
    if (this.track?.enabled === false) this.#fail(lost("The page switched the camera off: its track's `enabled` is false."));
    if (this.track && !this.#stream?.getVideoTracks().includes(this.track)) this.#fail(lost("The video's stream was given another track."));
  }

  #watchMute(track: MediaStreamTrack): void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const unmute = () => clearTimeout(timer);
    const mute = () => {
      unmute();
      timer = setTimeout(() => this.#fail(lost('The camera was muted: by the system, a switch on it, or another program.')), MUTED_MS);
    };
    this.#on(track, 'mute', mute);
    this.#on(track, 'unmute', unmute);
    this.#undo.push(unmute);
    if (track.muted) mute();
  }

  async #within<T>(limitMs: number, work: Promise<T>, late: () => LivenessError): Promise<T> {
    try {
      return await within(limitMs, Promise.race([this.#failed, work]), late);
    } catch (error) {
      // The work may fail by what ended the watching, and be heard first.
      throw this.#failure ?? error;
    }
  }

  #frame(): Promise<number> {
    const video = this.#video;
    return new Promise((resolve) => {
      if (typeof video.requestVideoFrameCallback === 'function') {
        // Not the capture time, which not every frame has: one session, one clock.
        video.requestVideoFrameCallback((_, metadata) => {
          this.#first ??= metadata.presentedFrames;
          this.#metadata = metadata;
          resolve(metadata.presentationTime);
        });
        return;
      }
      const shown = video.currentTime;
      const poll = () => {
        if (this.#closed) return;
        if (video.currentTime !== shown) resolve(performance.now());
        else requestAnimationFrame(poll);
      };
      requestAnimationFrame(poll);
    });
  }
}

function lost(message: string): LivenessError {
  return new LivenessError('CAMERA_LOST', message);
}
