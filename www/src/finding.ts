//! One frame's score at an operating point -> how the pages call and colour it.

import type { OperatingPoint } from 'bonafide-liveness';

/** What one frame's score amounts to; a check weighs many. */
export type Finding = 'bona-fide' | 'doubtful' | 'attack';

/** What the pages call it. */
export const WORDS: Readonly<Record<Finding, string>> = { 'bona-fide': 'bona fide', doubtful: 'doubtful', attack: 'attack' };

/** The colour of the face's box. */
export const COLORS: Readonly<Record<Finding, string>> = { 'bona-fide': '#5fe0c4', doubtful: '#ffd479', attack: '#ff8f73' };

/** Doubtful from `refuse` up to the threshold. */
export function finding(score: number, { threshold, refuse = threshold }: OperatingPoint): Finding {
  return score >= threshold ? 'bona-fide' : score >= refuse ? 'doubtful' : 'attack';
}
