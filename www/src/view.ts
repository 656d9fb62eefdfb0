//! What the page knows -> what it shows. The only file that writes to the document; decides nothing.

import type { DepthResult, LivenessDetector, OperatingPoint, ScoreResult } from 'bonafide-liveness';
import { drawDepth } from './depth.js';
import { COLORS, finding } from './finding.js';
import { ms, percent } from './format.js';
import { draw } from './glyphs.js';
import { ACTION_LABELS, type Action, type Message } from './messages.js';
import { drawFace } from './overlay.js';

function element<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`index.html has no #${id}`);
  return found as T;
}

const stage = element('stage');
const picture = element('picture');
const message = element('message');
const chip = element('chip');
const result = element('result');
const status = element('status');
const overlay = element<HTMLCanvasElement>('overlay');
const depth = element('depth');

export const video = element<HTMLVideoElement>('video');
export const photo = element<HTMLCanvasElement>('photo');
export const files = [element<HTMLInputElement>('file'), element<HTMLInputElement>('file-2')] as const;
export const depthSwitch = element<HTMLInputElement>('depth-switch');
export const buttons = { main: element('start'), stop: element('stop'), again: element('again') } as const;
export { stage };

/** Says something once to people who cannot see it. */
export function announce(text: string): void {
  if (status.textContent !== text) status.textContent = text;
}

/** Covers the stage with a message; `null` uncovers it. The main button carries its action in `data-action`. */
export function showMessage(shown: Message | null): void {
  message.hidden = shown === null;
  stage.classList.toggle('messaging', shown !== null);
  if (!shown) return;
  stage.dataset['state'] = shown.state;
  stage.dataset['tone'] = shown.tone;
  element('glyph').replaceChildren(draw(shown.glyph));
  element('title').textContent = shown.title;
  element('text').textContent = shown.text;
  const main = shown.actions.find((action): action is Exclude<Action, 'photo'> => action !== 'photo');
  buttons.main.hidden = main === undefined;
  if (main) {
    buttons.main.dataset['action'] = main;
    buttons.main.textContent = ACTION_LABELS[main];
  }
  element('choose').hidden = !shown.actions.includes('photo');
  chip.hidden = true;
  announce(`${shown.title}. ${shown.text}`);
}

/** Shows the camera, a photo, or neither. */
export function showPicture(source: 'camera' | 'photo' | null, mirrored = false): void {
  picture.hidden = source === null;
  stage.classList.toggle('has-picture', source !== null);
  for (const shown of [picture, depth]) shown.classList.toggle('mirrored', mirrored);
  if (source) picture.dataset['source'] = source;
  overlay.width = 0;
  depth.hidden = true;
  buttons.stop.hidden = source !== 'camera';
  buttons.again.hidden = source !== 'photo';
  element('other').hidden = source !== 'photo';
  if (source === null) clearResult();
}

/** Before the first score of a source. */
export function showWaiting(text: string): void {
  stage.dataset['state'] = 'scoring';
  stage.dataset['tone'] = 'busy';
  chip.textContent = text;
  chip.hidden = false;
}

/** Shows one frame's result, at the threshold that the weights' manifest calls balanced. */
export function showResult(scored: ScoreResult | DepthResult, width: number, height: number, point: OperatingPoint | undefined): void {
  const { score, face, timings } = scored;
  const verdict = score === null ? 'no-face' : !point ? 'scored' : finding(score, point);
  stage.dataset['state'] = score === null ? 'no-face' : 'scored';
  stage.dataset['tone'] = 'calm';
  chip.hidden = score !== null;
  chip.textContent = 'No face in view';

  result.dataset['verdict'] = score === null ? 'none' : verdict;
  result.dataset['score'] = score === null ? '' : String(score);
  element('score').textContent = score === null ? '–' : score.toFixed(3);
  element('needle').style.width = `${(score ?? 0) * 100}%`;

  const words = { 'no-face': 'No face found', scored: 'Scored', 'bona-fide': 'Looks bona fide', doubtful: 'Doubtful', attack: 'Looks like an attack' }[verdict];
  const small = document.createElement('small');
  small.textContent =
    score === null ? 'Face the camera, with light from the front.' : point ? `One frame, against the balanced threshold ${point.threshold.toFixed(3)}` : 'One frame';
  element('verdict').replaceChildren(words, small);
  announce(words);

  element('total-ms').textContent = ms(timings.totalMs);
  element('detect-ms').textContent = ms(timings.detectMs);
  element('score-ms').textContent = score === null ? '–' : ms(timings.cropMs + timings.scoreMs);
  const color = { 'no-face': '#fff', scored: '#fff', ...COLORS }[verdict];
  drawFace(overlay, width, height, face, color);

  // A frame that was on its way when the view was switched off brings no picture any more.
  const map = depthSwitch.checked && 'depth' in scored ? scored.depth : null;
  depth.hidden = map === null;
  if (map) drawDepth(element<HTMLCanvasElement>('depth-map'), map);
  element('depth-ms').textContent = map && timings.depthMs !== undefined ? ms(timings.depthMs) : '–';
}

/** Switches the depth view on, with its legend, or off; `problem` says why it could not stay on. */
export function showDepth(on: boolean, problem = ''): void {
  depthSwitch.checked = on;
  element('depth-problem').textContent = problem;
  for (const id of ['depth-legend', 'depth-fact']) element(id).hidden = !on;
  if (!on) depth.hidden = true;
}

/** Names what computes, and what the weights' threshold was measured to cost. */
export function showDetector(detector: LivenessDetector | null): void {
  const backend = detector ? { webgpu: 'WebGPU', cpu: 'CPU (WebAssembly)' }[detector.backend] : 'none';
  element('backend').textContent = detector?.adapter ? `${backend}, ${detector.adapter}` : backend;
  const point = detector?.operatingPoints['balanced'];
  const threshold = element('threshold');
  threshold.hidden = !point;
  if (point) threshold.style.left = `${point.threshold * 100}%`;
  const rates = element('rates');
  rates.hidden = !point;
  if (point) {
    rates.textContent =
      `At the balanced threshold ${point.threshold.toFixed(3)} it accepted ${percent(point.apcer)} of real prints and screens ` +
      `and did not accept ${percent(point.bpcer)} of live people: 35 people before one phone's camera.`;
  }
}

/** While a detector is loaded. */
export function showLoading(): void {
  element('backend').textContent = 'loading';
}

function clearResult(): void {
  result.dataset['verdict'] = 'none';
  result.dataset['score'] = '';
  element('score').textContent = '–';
  element('needle').style.width = '0';
  element('verdict').textContent = 'No frame scored yet';
  for (const id of ['total-ms', 'detect-ms', 'score-ms', 'depth-ms']) element(id).textContent = '–';
  chip.hidden = true;
}
