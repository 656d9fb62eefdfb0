//! What an application gives the element and hears from it, as lists and types: for the element itself, and for the
//! bindings that hand them on. A property or event that one of these lacks does not exist for React and Vue.

import type { LivenessDetector } from '../detector.js';
import type { LivenessError } from '../errors.js';
import type { Hint } from '../generated.js';
import type { BackendChoice, CheckOptions, CheckProgress, CheckResult, Turn } from '../types.js';
import type { OwnStrings } from './strings.js';
import type { State } from './view.js';

/** What a server issued for one check; it decides what the element would else be told. */
export type Ticket = Pick<CheckOptions, (typeof TICKET)[number]>;

/** What a check needs of it. A server's ticket holds more, which is its own. */
export const TICKET = ['nonce', 'operatingPoint', 'challenge', 'revealed', 'stepUrl', 'onStep', 'passiveSeconds', 'attach'] as const satisfies readonly (keyof CheckOptions)[];

/** The element's own properties, beside those that every element has (`lang` is one of these). `undefined` means the default. */
export interface LivenessCheckProperties {
  /** A name in `LivenessDetector.operatingPoints`. Default `balanced`. */
  operatingPoint?: string | undefined;
  /** Whether to ask for movements as well. Default `false`. */
  challenge?: boolean | undefined;
  /**
   * Asked for a ticket before each check and before the camera opens, a retry too, since a ticket is good for one. What it throws
   * ends that check, as do 20 seconds without an answer: `TICKET_FAILED`.
   */
  ticket?: (() => Ticket | Promise<Ticket>) | null | undefined;
  /** As in `CheckOptions`; the preview is turned as well. Default 0. */
  rotate?: Turn | undefined;
  /** As in `LoadOptions`. Default `auto`. */
  backend?: BackendChoice | undefined;
  /** As in `LoadOptions`. Default: the weights shipped in this package. */
  assetBase?: string | URL | undefined;
  /** As in `LoadOptions`. Default: the modules shipped in this package. */
  wasmBase?: string | URL | undefined;
  /** Texts to show instead of the language's. */
  strings?: OwnStrings | undefined;
  /** A loaded detector, yours to dispose. Default: the element's own. */
  detector?: LivenessDetector | null | undefined;
  /** Whether to start without a press. Default `false`. */
  autoStart?: boolean | undefined;
}

/** Their names. `autoStart` is the last: what it starts reads the others. */
export const PROPERTIES = [
  'operatingPoint',
  'challenge',
  'ticket',
  'rotate',
  'backend',
  'assetBase',
  'wasmBase',
  'strings',
  'detector',
  'autoStart',
] as const satisfies readonly (keyof LivenessCheckProperties)[];

/** Words that frameworks and people write for no, where HTML knows only an attribute's absence. */
const NO: ReadonlySet<string> = new Set(['false', 'no', 'off', '0']);

/** Whether a property's or an attribute's value means yes: `""` and `"true"` do, `null` and `"false"` do not. */
export function isMeant(value: unknown): boolean {
  return typeof value === 'string' ? !NO.has(value.trim().toLowerCase()) : Boolean(value);
}

/** The `detail` of each event, by what follows `liveness-` in its name. */
export interface LivenessCheckDetails {
  /** The new state. */
  state: State;
  /** What the person should change; `null` when there is nothing any more. */
  hint: Hint | null;
  /** After each frame but the last. */
  progress: CheckProgress;
  /** The verdict. */
  result: CheckResult;
  /** Why there is none. */
  error: LivenessError;
}

/** Their names. */
export const EVENTS = ['state', 'hint', 'progress', 'result', 'error'] as const satisfies readonly (keyof LivenessCheckDetails)[];

/** The events by their names on the element. */
export type LivenessCheckEventMap = {
  [Name in keyof LivenessCheckDetails as `liveness-${Name}`]: CustomEvent<LivenessCheckDetails[Name]>;
};
