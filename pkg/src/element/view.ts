//! A screen and its texts -> shadow DOM. Knows nothing of cameras and detectors; says what was pressed.

import type { LivenessError } from '../errors.js';
import type { CheckProgress, CheckResult } from '../types.js';
import type { Message, Strings } from './strings.js';
import { dress } from './style.js';

/** What the element is doing. */
export type State = 'idle' | Busy | 'result' | 'error';

/** States that go on by themselves, but `press`, in which the browser plays the open camera only once somebody presses. */
export type Busy = 'loading' | 'ticket' | 'asking' | 'press' | 'running';

/** A state, with what it shows. */
export type Screen =
  | { readonly state: 'idle' | Busy }
  | { readonly state: 'result'; readonly result: CheckResult }
  | { readonly state: 'error'; readonly error: LivenessError; readonly retry: boolean };

/** What a person can press. */
export interface Actions {
  start(): void;
  cancel(): void;
  choose(deviceId: string): void;
}

/** 24 x 24; words stand beside each. */
const GLYPHS = {
  face: 'M12 2.5c4 0 6.5 3.2 6.5 8.2 0 5.6-3.2 10.8-6.5 10.8s-6.5-5.2-6.5-10.8c0-5 2.5-8.2 6.5-8.2ZM9.3 10v.6M14.7 10v.6M9.6 15.2c1.4 1.2 3.4 1.2 4.8 0',
  done: 'M12 2.5a9.5 9.5 0 1 1 0 19a9.5 9.5 0 1 1 0-19ZM7.5 12.4l3.1 3.1 6-6.6',
  failed: 'M12 2.5a9.5 9.5 0 1 1 0 19a9.5 9.5 0 1 1 0-19ZM8.7 8.7l6.6 6.6M15.3 8.7l-6.6 6.6',
  unsure: 'M12 2.5a9.5 9.5 0 1 1 0 19a9.5 9.5 0 1 1 0-19ZM9.4 9.6c.2-1.5 1.2-2.4 2.7-2.4 1.6 0 2.7 1 2.7 2.4 0 2-2.7 2.2-2.7 4.2M12.1 16.6v.2',
  warning: 'M12 3.2 22 20.5H2ZM12 9.5v5M12 17.3v.2',
} as const;

/** The guide, a little above the middle of 400 x 500: a face that fills it is well between too far and too close. */
const OVAL = 'M200 76a120 160 0 0 1 0 320a120 160 0 0 1 0-320Z';

/** A screen reader may speak each change of a progress bar: steps of this many percent. */
const STEP = 10;

export class View {
  readonly video = h('video', { part: 'video', 'aria-hidden': 'true', playsinline: '', disablepictureinpicture: '' });
  readonly #root: ShadowRoot;
  readonly #ring = svg('path', { class: 'ring', d: OVAL, pathLength: '1', 'stroke-dasharray': '1 1' });
  readonly #progress = h('div', { part: 'progress', role: 'progressbar', 'aria-valuemin': '0', 'aria-valuemax': '100' });
  readonly #stage: HTMLElement;
  readonly #status = h('p', { part: 'hint', class: 'status', role: 'status', 'aria-live': 'polite' });
  readonly #glyph = svg('path', {});
  readonly #icon = svg('svg', { class: 'glyph', viewBox: '0 0 24 24', 'aria-hidden': 'true' }, this.#glyph);
  readonly #introTitle = h('h2', {});
  readonly #introText = h('p', {});
  readonly #intro = h('slot', { name: 'intro' }, this.#introTitle, this.#introText);
  readonly #title = h('h2', { tabindex: '-1' });
  readonly #text = h('p', {});
  readonly #why = h('p', { class: 'why' });
  readonly #reasons = h('ul', {});
  readonly #message = h('div', { part: 'message', class: 'message', id: 'message' }, this.#icon, this.#intro, this.#title, this.#text, this.#why, this.#reasons);
  readonly #pickerName = h('span', {});
  readonly #select = h('select', { part: 'picker' });
  readonly #picker = h('label', { class: 'picker' }, this.#pickerName, this.#select);
  readonly #start = h('button', { part: 'button', class: 'primary', type: 'button', 'aria-describedby': 'message' });
  readonly #cancel = h('button', { part: 'button', class: 'cancel', type: 'button' });
  readonly #footer = h('slot', { name: 'footer', hidden: '' });
  readonly #frame: HTMLElement;
  #strings: Strings | undefined;
  #cameras: readonly MediaDeviceInfo[] = [];
  #camera = '';
  /** Safari gives no focus to a button that is clicked. */
  #pressed = false;

  constructor(root: ShadowRoot, actions: Actions) {
    this.#root = root;
    this.video.muted = true;
    this.#progress.append(svg('svg', { viewBox: '0 0 400 500' }, svg('path', { class: 'track', d: OVAL }), this.#ring));
    const waiting = svg('path', { class: 'waiting', d: 'M158 204v12M242 204v12M162 288q38 32 76 0' });
    const scrim = svg('path', { class: 'scrim', d: `M-9-9H409V509H-9Z${OVAL}`, 'fill-rule': 'evenodd' });
    const guide = svg('svg', { part: 'guide', viewBox: '0 0 400 500', 'aria-hidden': 'true' }, scrim, waiting);
    this.#stage = h('div', { class: 'stage' }, this.video, guide, this.#progress);
    const words = h('div', { class: 'words' }, this.#status, this.#message, this.#picker, this.#start, this.#cancel);
    this.#frame = h('div', { part: 'frame', class: 'frame', role: 'group', hidden: '' }, this.#stage, words, this.#footer);

    const press = (action: () => void) => () => {
      this.#pressed = true;
      action();
      this.#pressed = false;
    };
    this.#start.addEventListener('click', press(() => actions.start()));
    this.#cancel.addEventListener('click', press(() => actions.cancel()));
    this.#select.addEventListener('change', () => actions.choose(this.#select.value));
    this.#footer.addEventListener('slotchange', () => (this.#footer.hidden = this.#footer.assignedNodes().length === 0));
    // A key that is held down would start and cancel in turns, since focus goes from one button to the other.
    this.#frame.addEventListener('keydown', (event) => event.repeat && event.target instanceof HTMLButtonElement && event.preventDefault());

    this.dress();
    root.append(this.#frame);
  }

  /** Gives it its look, as the document wants it that it is in. */
  dress(): void {
    dress(this.#root);
  }

  /** Shows a screen; moves the focus only if it was in here and what had it is gone, or a screen ended. */
  show(screen: Screen, strings: Strings, language: string, changed: boolean): void {
    const attended = this.#pressed || this.#root.activeElement !== null;
    this.#strings = strings;
    const { state } = screen;
    const busy = state !== 'idle' && state !== 'result' && state !== 'error';
    const frame = this.#frame;
    frame.dataset['state'] = state;
    frame.toggleAttribute('data-busy', busy);
    frame.lang = language;
    frame.dir = strings.dir;
    frame.ariaLabel = strings.label;
    frame.hidden = false;

    this.#stage.hidden = this.#cancel.hidden = !busy;
    this.#message.hidden = busy;
    this.#intro.hidden = state !== 'idle';
    this.#title.hidden = this.#text.hidden = state !== 'result' && state !== 'error';
    this.#progress.ariaLabel = strings.progress;
    this.#introTitle.textContent = strings.intro.title;
    this.#introText.textContent = strings.intro.text;
    this.#pickerName.textContent = strings.camera;
    this.#cancel.textContent = strings.cancel;
    this.#start.textContent = state === 'idle' || state === 'press' ? strings.start : strings.retry;
    this.#start.hidden = !canStart(screen);
    this.#status.classList.toggle('quiet', !busy);

    const { message, glyph, tone, reasons } = contents(screen, strings);
    frame.dataset['tone'] = tone;
    this.#glyph.setAttribute('d', GLYPHS[glyph]);
    this.#title.textContent = message?.title ?? '';
    this.#text.textContent = message?.text ?? '';
    this.#why.hidden = this.#reasons.hidden = reasons.length === 0;
    this.#why.textContent = strings.why;
    this.#reasons.replaceChildren(...reasons.map((reason) => h('li', {}, reason)));
    if (!busy) this.#cameras = [];
    this.#fillPicker();
    if (changed && attended) this.#focus(busy);
  }

  /** The line that is shown large and spoken. */
  say(screen: Screen, progress: CheckProgress | undefined, strings: Strings): void {
    const text = line(screen, progress, strings);
    this.#frame.toggleAttribute('data-whole', progress?.hint === 'several-faces');
    // Setting the same text again would make it spoken again.
    if (this.#status.textContent !== text) this.#status.textContent = text;
  }

  /** The ring, 0 to 1; `null` for what has no measure: then a piece of it goes round. */
  progress(fraction: number | null): void {
    this.#ring.classList.toggle('travels', fraction === null);
    this.#ring.setAttribute('stroke-dasharray', fraction === null ? '0.18 0.82' : '1 1');
    this.#ring.setAttribute('stroke-dashoffset', String(fraction === null ? 0 : 1 - fraction));
    // A round cap draws a dot even where there is nothing.
    this.#ring.toggleAttribute('hidden', fraction === 0);
    this.#progress.ariaValueNow = fraction === null ? null : String(Math.floor((fraction * 100) / STEP) * STEP);
  }

  /** Offers cameras to choose from, if there is a choice. */
  cameras(cameras: readonly MediaDeviceInfo[], current: string): void {
    this.#cameras = cameras;
    this.#camera = current;
    this.#fillPicker();
  }

  #fillPicker(): void {
    this.#picker.hidden = this.#cameras.length < 2;
    this.#select.replaceChildren(
      ...this.#cameras.map(({ deviceId, label }, i) => h('option', { value: deviceId }, label || `${this.#strings?.camera ?? ''} ${i + 1}`)),
    );
    this.#select.value = this.#camera;
  }

  #focus(busy: boolean): void {
    const now = this.#root.activeElement;
    if (busy && this.#start.hidden) {
      if (now && !now.closest('[hidden]')) return;
      this.#cancel.focus();
    } else if (!this.#start.hidden) this.#start.focus();
    else this.#title.focus();
  }
}

function canStart(screen: Screen): boolean {
  if (screen.state === 'error') return screen.retry;
  return screen.state === 'result' ? screen.result.outcome !== 'bona-fide' : screen.state === 'idle' || screen.state === 'press';
}

interface Contents {
  readonly message?: Message;
  readonly glyph: keyof typeof GLYPHS;
  readonly tone: 'calm' | 'bad';
  readonly reasons: readonly string[];
}

function contents(screen: Screen, strings: Strings): Contents {
  if (screen.state === 'error') {
    return { message: told(screen.error, strings), glyph: 'warning', tone: 'bad', reasons: [] };
  }
  if (screen.state !== 'result') return { glyph: 'face', tone: 'calm', reasons: [] };
  const { outcome, reasons } = screen.result;
  const glyph = ({ 'bona-fide': 'done', attack: 'failed', inconclusive: 'unsure' } as const)[outcome];
  const tone = outcome === 'attack' ? 'bad' : 'calm';
  return { message: strings.outcomes[outcome], glyph, tone, reasons: reasons.map((reason) => strings.reasons[reason]) };
}

/** The one line to show and speak: what keeps a frame from counting comes before what to do next. */
function line(screen: Screen, progress: CheckProgress | undefined, strings: Strings): string {
  switch (screen.state) {
    case 'idle':
      return '';
    case 'loading':
    case 'ticket':
    case 'asking':
    case 'press':
      return strings[screen.state];
    case 'running': {
      if (progress?.hint) return strings.hints[progress.hint];
      const notice = progress?.notice && strings.notices[progress.notice];
      const prompt = progress?.prompt && strings.prompts[progress.prompt];
      return [notice, prompt].filter(Boolean).join(' ') || strings.ready;
    }
    case 'result':
      return strings.outcomes[screen.result.outcome].title;
    case 'error':
      return told(screen.error, strings).title;
  }
}

/** What is known of the cause says more than the code does. A detector of another version may give either of another name. */
function told({ code, reason }: LivenessError, strings: Strings): Message {
  return (reason && strings.causes[reason]) ?? strings.errors[code] ?? strings.errors.INTERNAL;
}

function h<K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Record<string, string>, ...children: (Node | string)[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function svg(tag: 'svg' | 'path', attributes: Record<string, string>, ...children: Node[]): SVGElement {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}
