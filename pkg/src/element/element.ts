//! `<liveness-check>`: idle -> loading -> (ticket) -> asking -> (press) -> running -> result or error, with the camera open no
//! longer than `press` and `running`. No state between idle and an ending lasts without a limit.

import type { LivenessDetector } from '../detector.js';
import { LivenessError, type LivenessErrorCode } from '../errors.js';
import type { BackendChoice, CheckOptions, CheckProgress, CheckResult, Turn } from '../types.js';
import { Detectors, turn } from './detectors.js';
import { film } from './film.js';
import { heedLanguage, languagesOf, loadStrings, merge, type Texts } from './language.js';
import { isMeant, PROPERTIES, type LivenessCheckProperties } from './properties.js';
import type { OwnStrings, Strings } from './strings.js';
import { heed, unless } from '../within.js';
import { askTicket } from './ticket.js';
import { View, type Screen, type State } from './view.js';

/** Not `retryable` as calls, but here the person may have changed what failed, or a new detector is loaded. */
const RETRY: ReadonlySet<LivenessErrorCode> = new Set(['CAMERA_PERMISSION_DENIED', 'CAMERA_CONSTRAINTS', 'CANCELLED', 'GPU_DEVICE_LOST']);

/** After these the detector may be of no use. */
const RENEW: ReadonlySet<LivenessErrorCode> = new Set(['CANCELLED', 'ENGINE_FETCH', 'GPU_DEVICE_LOST', 'INTERNAL', 'TIMEOUT']);

// Node has no elements; importing there must not fail.
const Base = (globalThis.HTMLElement ?? class {}) as typeof HTMLElement;

/** The camera screen of a check. */
export class LivenessCheckElement extends Base {
  static readonly observedAttributes: readonly string[] = ['auto-start'];

  readonly #view: View;
  #screen: Screen = { state: 'idle' };
  #progress: CheckProgress | undefined;
  readonly #detectors = new Detectors();
  #ticket: LivenessCheckProperties['ticket'];
  #ownStrings: OwnStrings = {};
  #loaded: Texts | undefined;
  #strings: Strings | undefined;
  #languages: string | undefined;
  #deafen: (() => void) | undefined;
  /** What a press does while the browser wants one. */
  #pressed: (() => void) | undefined;
  #deviceId: string | undefined;
  /** Aborts with the check it stands for, however that ends; the camera closes with it. */
  #run: AbortController | undefined;
  #ended: Promise<void> = Promise.resolve();

  constructor() {
    super();
    this.#view = new View(this.attachShadow({ mode: 'open' }), {
      start: () => (this.#pressed ? this.#pressed() : this.start()),
      cancel: () => this.cancel(),
      choose: (deviceId) => this.#choose(deviceId),
    });
  }

  connectedCallback(): void {
    // Set by an application before the element was defined.
    for (const name of PROPERTIES) {
      if (!Object.hasOwn(this, name)) continue;
      const value = this[name];
      delete this[name];
      Object.assign(this, { [name]: value });
    }
    this.#deafen?.();
    this.#deafen = heedLanguage(this, () => void this.#speak());
    void this.#speak();
    if (this.autoStart) this.start();
  }

  disconnectedCallback(): void {
    this.#deafen?.();
    this.#deafen = undefined;
    this.cancel();
    this.#detectors.dispose();
  }

  adoptedCallback(): void {
    this.#view.dress();
  }

  attributeChangedCallback(): void {
    if (this.isConnected && this.autoStart) this.start();
  }

  /** Starts a check; does nothing while one runs, or outside a document. */
  start(): void {
    if (this.#run || !this.isConnected) return;
    this.#begin('loading');
  }

  /** Stops the check, closes the camera, and goes back to the start. */
  cancel(): void {
    if (!this.#run) return;
    this.#stop();
    this.#enter({ state: 'idle' });
  }

  /** What the element is doing. */
  get state(): State {
    return this.#screen.state;
  }

  /** A loaded detector to check with; it stays the caller's to dispose. Default: one of the element's own, loaded on start. */
  get detector(): LivenessDetector | null {
    return this.#detectors.given;
  }
  set detector(detector: LivenessDetector | null | undefined) {
    this.#detectors.given = detector ?? null;
  }

  /** Asked for a server's ticket before each check. */
  get ticket(): LivenessCheckProperties['ticket'] {
    return this.#ticket;
  }
  set ticket(ticket: LivenessCheckProperties['ticket']) {
    this.#ticket = ticket;
  }

  /** Texts to show instead of the language's. */
  get strings(): OwnStrings {
    return this.#ownStrings;
  }
  set strings(strings: OwnStrings | null | undefined) {
    this.#ownStrings = strings ?? {};
    this.#translate();
  }

  /** A name in `LivenessDetector.operatingPoints`. */
  get operatingPoint(): string {
    return this.getAttribute('operating-point') || 'balanced';
  }
  set operatingPoint(name: string | null | undefined) {
    this.#reflect('operating-point', name);
  }

  /** Whether to ask for movements as well. */
  get challenge(): boolean {
    return isMeant(this.getAttribute('challenge'));
  }
  set challenge(challenge: boolean) {
    this.toggleAttribute('challenge', isMeant(challenge));
  }

  /** As in `CheckOptions`, which refuses other values. */
  get rotate(): Turn {
    return Number(this.getAttribute('rotate')) as Turn;
  }
  set rotate(degrees: Turn | null | undefined) {
    this.#reflect('rotate', degrees);
  }

  /** As in `LoadOptions`. */
  get assetBase(): string | null {
    return this.getAttribute('asset-base') || null;
  }
  set assetBase(base: string | URL | null | undefined) {
    this.#reflect('asset-base', base);
  }

  /** As in `LoadOptions`. */
  get wasmBase(): string | null {
    return this.getAttribute('wasm-base') || null;
  }
  set wasmBase(base: string | URL | null | undefined) {
    this.#reflect('wasm-base', base);
  }

  /** As in `LoadOptions`, which refuses other values. */
  get backend(): BackendChoice {
    return (this.getAttribute('backend') || 'auto') as BackendChoice;
  }
  set backend(backend: BackendChoice | null | undefined) {
    this.#reflect('backend', backend);
  }

  /** Whether to start without a press: as soon as the element is in the document and has this. */
  get autoStart(): boolean {
    return isMeant(this.getAttribute('auto-start'));
  }
  set autoStart(autoStart: boolean) {
    this.toggleAttribute('auto-start', isMeant(autoStart));
  }

  #reflect(name: string, value: string | number | URL | null | undefined): void {
    if (value === null || value === undefined) return this.removeAttribute(name);
    try {
      this.setAttribute(name, String(value));
    } catch (cause) {
      throw new LivenessError('INVALID_INPUT', `What was given as ${name} is no text.`, { cause });
    }
  }

  async #speak(): Promise<void> {
    const tags = languagesOf(this);
    const languages = tags.join();
    if (languages === this.#languages) return;
    this.#languages = languages;
    await loadStrings(tags, (loaded) => {
      if (languages !== this.#languages) return;
      this.#loaded = loaded;
      this.#translate();
    });
  }

  #translate(): void {
    if (!this.#loaded) return;
    this.#strings = merge(this.#loaded.strings, this.#ownStrings);
    this.#show(false);
  }

  #begin(first: 'loading' | 'asking'): void {
    const run = new AbortController();
    this.#run = run;
    const before = this.#ended;
    this.#enter({ state: first });
    this.#ended = this.#check(run, before);
  }

  #stop(): void {
    const run = this.#run;
    this.#run = undefined;
    run?.abort();
  }

  #choose(deviceId: string): void {
    if (!this.#run) return;
    this.#deviceId = deviceId;
    this.#stop();
    this.#begin('asking');
  }

  async #check(run: AbortController, before: Promise<void>): Promise<void> {
    const { signal } = run;
    try {
      // A detector makes one check at a time.
      await before;
      heed(signal);
      const loaded = (fraction: number) => !signal.aborted && this.state === 'loading' && this.#view.progress(fraction);
      const detector = await unless(signal, this.#detectors.get(this, signal, loaded));
      await turn(detector, this.#ended, signal);
      // Before the camera opens: it is never on while a server is waited for.
      if (this.#ticket) this.#enter({ state: 'ticket' });
      heed(signal);
      const ticket = await unless(signal, askTicket(this.#ticket));
      const options: CheckOptions = { operatingPoint: this.operatingPoint, challenge: this.challenge, rotate: this.rotate, ...ticket, signal };
      // A detector of an older copy of this package, or a test's own, may lack it.
      await detector.validate?.(options);
      heed(signal);
      if (this.state !== 'asking') this.#enter({ state: 'asking' });
      heed(signal);
      const fail = (error: LivenessError) => this.#fail(run, error);
      const list = (cameras: readonly MediaDeviceInfo[], current: string) => this.#view.cameras(cameras, current);
      await unless(signal, film(this.#view.video, { deviceId: this.#deviceId, rotate: this.rotate, signal, list, fail, press: () => this.#press(signal) }));
      this.#detectors.heed();
      this.#enter({ state: 'running' });
      heed(signal);
      const result = await detector.check(this.#view.video, {
        ...options,
        onHint: (hint) => this.#tell('liveness-hint', hint),
        onUpdate: (progress) => this.#update(progress),
      });
      this.#finish(run, { state: 'result', result });
    } catch (cause) {
      this.#fail(run, LivenessError.from(cause));
    }
  }

  #fail(run: AbortController, error: LivenessError): void {
    const retry = error.retryable || (RETRY.has(error.code) && !(this.#detectors.given && RENEW.has(error.code)));
    this.#finish(run, { state: 'error', error, retry });
  }

  #finish(run: AbortController, screen: Screen & { readonly state: 'result' | 'error' }): void {
    // Cancelled: the element shows something else already.
    if (run.signal.aborted) return;
    this.#stop();
    if (screen.state === 'error') {
      if (RENEW.has(screen.error.code)) this.#detectors.dispose();
      if (screen.error.code.startsWith('CAMERA_')) this.#deviceId = undefined;
    }
    this.#enter(screen);
    if (screen.state === 'result') this.#tell('liveness-result', screen.result);
    else this.#tell('liveness-error', screen.error);
  }

  /** Shows a button, and waits until somebody presses it. */
  #press(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason);
    this.#enter({ state: 'press' });
    return new Promise((resolve) => (this.#pressed = resolve));
  }

  #update(progress: CheckProgress): void {
    this.#progress = progress;
    this.#view.progress(progress.fraction);
    this.#say();
    this.#tell('liveness-progress', progress);
  }

  #enter(screen: Screen): void {
    this.#screen = screen;
    this.#pressed = undefined;
    this.#progress = undefined;
    this.#view.progress(screen.state === 'running' ? 0 : null);
    this.#show(true);
    this.#tell('liveness-state', screen.state);
  }

  #show(changed: boolean): void {
    if (!this.#strings || !this.#loaded) return;
    this.#view.show(this.#screen, this.#strings, this.#loaded.language, changed);
    this.#say();
  }

  #say(): void {
    if (this.#strings) this.#view.say(this.#screen, this.#progress, this.#strings);
  }

  #tell(type: string, detail: State | CheckProgress | CheckProgress['hint'] | CheckResult | LivenessError): void {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }
}
