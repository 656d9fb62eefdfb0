//! A caller's options -> the same, or the LivenessError that names the one that is of a wrong type. Names and values are
//! judged where they are used.

import { LivenessError } from './errors.js';

const KINDS = {
  string: { what: 'a string', fits: (value: unknown) => typeof value === 'string' },
  boolean: { what: 'true or false', fits: (value: unknown) => typeof value === 'boolean' },
  function: { what: 'a function', fits: (value: unknown) => typeof value === 'function' },
  size: { what: 'a number of pixels, 1 or more', fits: (value: unknown) => typeof value === 'number' && value >= 1 && value <= 0xffff_ffff },
  turn: { what: '0, 90, 180 or 270', fits: (value: unknown) => [0, 90, 180, 270].includes(value as number) },
  // By what it has, not `instanceof`: they may come from an iframe.
  signal: { what: 'an AbortSignal', fits: (value: unknown) => typeof (value as AbortSignal | null)?.addEventListener === 'function' && 'aborted' in (value as AbortSignal) },
  // A URL from an iframe is one as well.
  folder: { what: 'a URL', fits: (value: unknown) => typeof value === 'string' || Object.prototype.toString.call(value) === '[object URL]' },
} as const;

/**
 * Checks the named options; what is not given, or `undefined`, is left to its default.
 *
 * @throws LivenessError `INVALID_INPUT`.
 */
export function checked<T extends object>(options: T, kinds: { readonly [K in keyof T]?: keyof typeof KINDS }): T {
  if (typeof options !== 'object' || options === null) throw new LivenessError('INVALID_INPUT', 'Options are an object.');
  for (const [name, kind] of Object.entries(kinds) as [keyof T & string, keyof typeof KINDS][]) {
    const value = options[name];
    if (value === undefined || KINDS[kind].fits(value)) continue;
    throw new LivenessError('INVALID_INPUT', `The option ${name} is ${KINDS[kind].what}, not ${typeof value === 'number' ? value : value === null ? 'null' : `of type ${typeof value}`}.`);
  }
  return options;
}
