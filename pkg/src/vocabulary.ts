//! The names that a check speaks in, as the Rust engine serialises them (a test compares). Lists, so that an
//! application can see whether it has a text for each.

/** What the person should change, most important first. */
export const HINTS = [
  'no-face',
  'several-faces',
  'too-far',
  'too-close',
  'off-centre',
  'turn-to-camera',
  'too-dark',
  'too-bright',
  'low-contrast',
  'hold-still',
] as const;

/** What a challenge asks for. Left and right are the person's own. */
export const PROMPTS = ['turn-left', 'turn-right', 'move-closer'] as const;

/** What was wrong with the last answer to a prompt. */
export const NOTICES = ['wrong-direction', 'too-soon'] as const;

/** How a check ends. */
export const OUTCOMES = ['bona-fide', 'attack', 'inconclusive'] as const;

/** Why a verdict is not bona fide: one of these, or a hint that stood for much of the check. */
export const REASONS = [
  'score-below-threshold',
  'face-lost',
  'frame-rate-too-low',
  'challenge-timeout',
  'response-too-soon',
  'wrong-direction',
  'time-limit',
  ...HINTS,
] as const;

export type Hint = (typeof HINTS)[number];
export type Prompt = (typeof PROMPTS)[number];
export type Notice = (typeof NOTICES)[number];
export type Outcome = (typeof OUTCOMES)[number];
export type Reason = (typeof REASONS)[number];
