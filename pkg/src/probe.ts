//! A drawn face, the same for every engine, and whether two engines see the same in it. A GPU with a broken driver answers at
//! once, without an error, and wrongly: only another answer to the same question tells.

import type { ScoreResult } from './generated.js';

/** Pixels of a side. */
const SIDE = 224;
/** Ellipses, each over those before: middle, half axes (shares of the side), colour in the middle. The edges are darker. */
const SHAPES: readonly (readonly [x: number, y: number, across: number, down: number, red: number, green: number, blue: number])[] = [
  [0.5, 0.47, 0.27, 0.36, 60, 40, 30],
  [0.5, 0.55, 0.22, 0.3, 225, 175, 145],
  [0.41, 0.455, 0.06, 0.012, 70, 45, 35],
  [0.59, 0.455, 0.06, 0.012, 70, 45, 35],
  [0.41, 0.5, 0.045, 0.022, 250, 250, 250],
  [0.59, 0.5, 0.045, 0.022, 250, 250, 250],
  [0.41, 0.5, 0.02, 0.022, 50, 35, 25],
  [0.59, 0.5, 0.02, 0.022, 50, 35, 25],
  [0.5, 0.6, 0.03, 0.05, 205, 150, 120],
  [0.5, 0.63, 0.04, 0.015, 180, 120, 95],
  [0.5, 0.71, 0.08, 0.025, 190, 90, 85],
  [0.5, 0.71, 0.07, 0.005, 110, 50, 50],
];
/** How much darker an ellipse is at its edge. */
const SHADE = 0.35;

/** Between two right answers: devices round differently, by some millionths. */
const LOG_ODDS_APART = 0.05;
/** Pixels of the picture. */
const BOX_APART = 1;
/** Beyond it a probability of 32 bits tells no log-odds. */
const LOG_ODDS_TOLD = 15;

/** The picture. The networks that ship find a face in it, and their score is not at an end of its range: a test holds them to it. */
export function probe(): ImageData {
  const image = new ImageData(SIDE, SIDE);
  for (let y = 0; y < SIDE; y++) for (let x = 0; x < SIDE; x++) image.data.set(colour(x / SIDE, y / SIDE), (y * SIDE + x) * 4);
  return image;
}

function colour(x: number, y: number): [number, number, number, number] {
  let colour: [number, number, number, number] = [150 + 40 * x, 160, 170 - 40 * y, 255];
  for (const [left, top, across, down, red, green, blue] of SHAPES) {
    const out = ((x - left) / across) ** 2 + ((y - top) / down) ** 2;
    const light = 1 - SHADE * out;
    if (out < 1) colour = [red * light, green * light, blue * light, 255];
  }
  return colour;
}

/** Whether two engines saw the same in one picture. */
export function agree(one: ScoreResult, other: ScoreResult): boolean {
  if (!one.face || !other.face || one.score === null || other.score === null) return one.face === other.face;
  const apart = (['x', 'y', 'width', 'height'] as const).map((side) => Math.abs(one.face![side] - other.face![side]));
  return Math.max(...apart) <= BOX_APART && Math.abs(logOdds(one.score) - logOdds(other.score)) <= LOG_ODDS_APART;
}

function logOdds(score: number): number {
  return Math.max(-LOG_ODDS_TOLD, Math.min(LOG_ODDS_TOLD, Math.log(score / (1 - score))));
}
