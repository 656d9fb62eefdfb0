//! The playground: a file -> a score of the frame in view, and a check of the whole. Shows what the calls tell, in their own names.

import { LivenessDetector, LivenessError, type CheckResult, type FaceBox, type OperatingPoint, type ScoreResult } from 'bonafide-liveness';
import { COLORS, WORDS, finding } from './finding.js';
import { ms } from './format.js';
import { draw } from './glyphs.js';
import { open, Unreadable, type Media } from './media.js';
import { failure, LOADING, type Message } from './messages.js';
import { drawFace } from './overlay.js';

const byId = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
const video = byId<HTMLVideoElement>('video');
const overlay = byId<HTMLCanvasElement>('overlay');
const stage = byId('stage');
const result = byId('result');
const checked = byId('checked');
const inputs = [byId<HTMLInputElement>('file'), byId<HTMLInputElement>('file-2')];

const OUTCOMES: Readonly<Record<CheckResult['outcome'], string>> = { 'bona-fide': 'Bona fide', attack: 'Attack', inconclusive: 'Inconclusive' };

let detector: LivenessDetector | null = null;
let media: Media | null = null;
/** Ends whatever goes on for the file that is shown. */
let work = new AbortController();

/** A file has come: everything of the one before ends. */
async function take(file: File | undefined): Promise<void> {
  if (!file) return;
  work.abort();
  const { signal } = (work = new AbortController());
  media?.close();
  media = null;
  clear();
  tell(LOADING);
  try {
    const [opened] = await Promise.all([open(file, video, signal), load()]);
    if (signal.aborted) return opened.close();
    media = opened;
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof Unreadable) return unreadable(file, error);
    return fail(error);
  }
  show(media);
  await examine(signal);
}

async function load(): Promise<void> {
  if (detector) return;
  detector = await LivenessDetector.load();
  byId('backend').textContent = { webgpu: 'WebGPU', cpu: 'CPU (WebAssembly)' }[detector.backend];
}

/** The check first, since a frame that is scored meanwhile would slow it down; then each frame that comes into view. */
async function examine(signal: AbortSignal): Promise<void> {
  if (!media || !detector) return;
  byId('again').hidden = true;
  try {
    if (media.kind === 'photo') showScore(await detector.score(media.source), media, detector.operatingPoints);
    if (!signal.aborted) await check(signal);
    if (signal.aborted) return;
    byId('again').hidden = false;
    if (media.kind === 'video') await follow(signal);
  } catch (error) {
    if (!signal.aborted) fail(error);
  }
}

async function check(signal: AbortSignal): Promise<void> {
  if (!media || !detector) return;
  begin();
  const { width, kind } = media;
  try {
    const playing = await media.play();
    const from = performance.now();
    const returned = await detector.check(playing, {
      signal,
      onHint: (hint) => note(performance.now() - from, hint),
      onUpdate({ fraction, face }) {
        byId<HTMLProgressElement>('progress').value = fraction;
        const scale = width / playing.videoWidth;
        if (kind === 'video') mark(face && scaled(face, scale), '#fff');
      },
    });
    if (!signal.aborted) end(returned);
  } catch (error) {
    if (!signal.aborted) endWith(LivenessError.from(error));
  } finally {
    if (!signal.aborted) media?.rest();
  }
}

/** Scores what the video shows, as it plays on or is moved by hand. */
async function follow(signal: AbortSignal): Promise<void> {
  while (!signal.aborted && media && detector) {
    // While it goes back to its beginning, or to where it was moved, a video has no frame.
    if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) {
      await new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => resolve(), { once: true });
        video.addEventListener('canplay', () => resolve(), { once: true });
      });
      continue;
    }
    const scored = await detector.score(media.source);
    if (signal.aborted) return;
    showScore(scored, media, detector.operatingPoints);
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
      if ('requestVideoFrameCallback' in video) video.requestVideoFrameCallback(() => resolve());
      else (video as HTMLVideoElement).addEventListener('timeupdate', () => resolve(), { once: true });
    });
  }
}

// What follows writes to the document.

function show({ kind, width, height, source }: Media): void {
  byId('message').hidden = true;
  byId('picture').hidden = false;
  byId('picture').dataset['source'] = kind === 'video' ? 'camera' : 'photo';
  stage.classList.replace('messaging', 'has-picture');
  stage.dataset['state'] = kind;
  byId('other').hidden = false;
  if (source instanceof ImageBitmap) {
    const canvas = Object.assign(byId<HTMLCanvasElement>('photo'), { width, height });
    canvas.getContext('2d')?.drawImage(source, 0, 0);
  }
}

function clear(): void {
  overlay.width = 0;
  result.dataset['verdict'] = 'none';
  checked.dataset['state'] = 'none';
  byId('score').textContent = '–';
  byId('needle').style.width = '0';
  byId('face').textContent = 'No frame scored yet';
  byId('outcome').textContent = 'No check yet';
  byId<HTMLProgressElement>('progress').value = 0;
  for (const id of ['read-ms', 'detect-ms', 'crop-ms', 'score-ms', 'total-ms']) byId(id).textContent = '–';
  for (const id of ['points', 'raw', 'again']) byId(id).hidden = true;
  byId('hints').replaceChildren();
  byId('reasons').textContent = '';
}

function tell(message: Message, ...detail: readonly (Node | string)[]): void {
  byId('message').hidden = false;
  byId('picture').hidden = true;
  stage.classList.remove('has-picture');
  stage.classList.add('messaging');
  stage.dataset['state'] = message.state;
  stage.dataset['tone'] = message.tone;
  byId('glyph').replaceChildren(draw(message.glyph));
  byId('title').textContent = message.title;
  byId('text').textContent = message.text;
  byId('choose').hidden = message.tone === 'busy';
  byId('detail').hidden = detail.length === 0;
  byId('detail').replaceChildren(...detail);
  announce(`${message.title}. ${message.text}`);
}

function unreadable(file: File, { message }: Unreadable): void {
  const what = file.type ? `${file.name} (${file.type})` : file.name;
  const told = message ? [code(message)] : [];
  const shown: Message = {
    state: 'unreadable',
    tone: 'problem',
    glyph: 'warning',
    title: 'This file cannot be shown',
    text: `Your browser reads ${what} neither as a photo nor as a video. JPEG, PNG, WebP, MP4 with H.264 and WebM work in most.`,
    actions: [],
  };
  tell(shown, ...told);
}

function fail(cause: unknown): void {
  const error = LivenessError.from(cause);
  // The next file loads another.
  detector?.dispose();
  detector = null;
  console.error(error);
  tell(failure(error.code, error.message), ...coded(error));
}

function showScore({ score, face, timings, backend }: ScoreResult, { width, height }: Media, points: Readonly<Record<string, OperatingPoint>>): void {
  const balanced = points['balanced'];
  const verdict = score === null || !balanced ? 'none' : finding(score, balanced);
  result.dataset['verdict'] = verdict;
  byId('score').textContent = score === null ? '–' : score.toFixed(3);
  byId('needle').style.width = `${(score ?? 0) * 100}%`;
  byId('face').textContent = face
    ? `Face of ${Math.round(face.width)} × ${Math.round(face.height)} pixels in ${width} × ${height}, confidence ${face.confidence.toFixed(2)}`
    : `No face in ${width} × ${height} pixels`;
  byId('points').hidden = score === null;
  if (score !== null) {
    const rows = Object.entries(points).map(([name, point]) => [name, point.threshold.toFixed(3), WORDS[finding(score, point)]]);
    byId('points').querySelector('tbody')!.replaceChildren(...rows.map((cells) => row(cells)));
  }
  for (const key of ['readMs', 'detectMs', 'cropMs', 'scoreMs', 'totalMs'] as const) {
    const shown = score === null && (key === 'cropMs' || key === 'scoreMs') ? '–' : ms(timings[key]);
    byId(key.replace('Ms', '-ms')).textContent = shown;
  }
  result.dataset['backend'] = backend;
  mark(face, verdict === 'none' ? '#fff' : COLORS[verdict]);
}

function mark(face: FaceBox | null, color: string): void {
  if (media) drawFace(overlay, media.width, media.height, face, color);
}

const scaled = ({ x, y, width, height, confidence }: FaceBox, by: number): FaceBox => ({ x: x * by, y: y * by, width: width * by, height: height * by, confidence });

function begin(): void {
  checked.dataset['state'] = 'running';
  byId('outcome').textContent = 'Watching';
  byId('reasons').textContent = media?.kind === 'photo' ? 'The photo is shown to it as a video that stands still.' : 'A video that is too short for it plays again.';
  byId('hints').replaceChildren();
  byId('raw').hidden = true;
  announce('The check runs.');
}

function note(at: number, hint: string | null): void {
  const line = document.createElement('li');
  line.append(`${(at / 1000).toFixed(1)} s `, code(hint ?? 'null'));
  byId('hints').append(line);
}

function end(returned: CheckResult): void {
  const { outcome, reasons } = returned;
  checked.dataset['state'] = outcome;
  byId<HTMLProgressElement>('progress').value = 1;
  byId('outcome').textContent = OUTCOMES[outcome];
  byId('reasons').replaceChildren(...reasons.flatMap((reason, i) => [i ? ', ' : 'Because of ', code(reason)]));
  finish(JSON.stringify(returned, null, 2));
}

function endWith(error: LivenessError): void {
  checked.dataset['state'] = 'error';
  byId('outcome').textContent = 'No verdict: an error';
  byId('reasons').replaceChildren(...coded(error));
  finish(JSON.stringify({ name: error.name, code: error.code, retryable: error.retryable, message: error.message }, null, 2));
}

function finish(returned: string): void {
  if (!byId('hints').hasChildNodes()) {
    const none = document.createElement('li');
    none.textContent = 'none';
    byId('hints').append(none);
  }
  byId('returned').textContent = returned;
  byId('raw').hidden = false;
  announce(`${byId('outcome').textContent}. ${byId('reasons').textContent}`);
}

/** An error as a developer wants to see it. */
function coded({ code: name, message, retryable }: LivenessError): (Node | string)[] {
  return [code(name), ` ${message} `, retryable ? 'The same call may work later.' : 'The same call will fail again.'];
}

function code(text: string): HTMLElement {
  return Object.assign(document.createElement('code'), { textContent: text });
}

function row(cells: readonly string[]): HTMLTableRowElement {
  const line = document.createElement('tr');
  line.append(...cells.map((text, i) => Object.assign(document.createElement(i ? 'td' : 'th'), { textContent: text, ...(i ? {} : { scope: 'row' }) })));
  return line;
}

function announce(text: string): void {
  byId('status').textContent = text;
}

for (const input of inputs) {
  input.addEventListener('change', () => {
    void take(input.files?.[0]);
    // The same file may be chosen again.
    input.value = '';
  });
}
byId('again').addEventListener('click', () => {
  work.abort();
  void examine((work = new AbortController()).signal);
});
addEventListener('dragover', (event) => {
  event.preventDefault();
  stage.classList.add('dropping');
});
addEventListener('dragleave', () => stage.classList.remove('dropping'));
addEventListener('drop', (event) => {
  event.preventDefault();
  stage.classList.remove('dropping');
  void take(event.dataTransfer?.files[0]);
});
byId('glyph').replaceChildren(draw('face'));
