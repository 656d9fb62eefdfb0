//! A caller's options -> what the person is asked for. Numbers and names are judged by the engine.

import type { Asked } from './engine.js';
import { LivenessError } from './errors.js';
import { PROMPTS, type Challenge } from './generated.js';
import type { ChallengeOptions, CheckOptions } from './types.js';

/** @throws LivenessError `INVALID_INPUT` for what has another type. */
export function askedOf({ challenge, revealed, passiveSeconds, stepUrl }: CheckOptions): Asked {
  const known = challengeOf(challenge);
  const wrong = (what: string) => new LivenessError('INVALID_INPUT', `The option ${what}.`);
  // A server writes null for what it leaves out.
  if ((revealed ?? undefined) !== undefined && !Array.isArray(revealed)) throw wrong('revealed is a list of steps');
  if (!['number', 'undefined'].includes(typeof (passiveSeconds ?? undefined))) throw wrong('passiveSeconds is a number');
  if (!['string', 'undefined'].includes(typeof (stepUrl ?? undefined))) throw wrong('stepUrl is a string');
  return {
    ...(known && { challenge: known }),
    ...(revealed && { revealed: revealed.length }),
    ...(typeof passiveSeconds === 'number' && { passiveSeconds }),
  };
}

function challengeOf(challenge: boolean | ChallengeOptions | null | undefined): Challenge | undefined {
  if (challenge === false || challenge === undefined || challenge === null) return undefined;
  if (challenge !== true && typeof challenge !== 'object') throw new LivenessError('INVALID_INPUT', 'A challenge is true, false, or an object with steps and a seed.');
  const { steps = PROMPTS, seed = randomSeed() } = challenge === true ? {} : challenge;
  return { steps, seed };
}

/** 64 bits, as the hexadecimal digits that the engine reads: a JavaScript number holds 53. */
function randomSeed(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
