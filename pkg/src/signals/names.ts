//! The signals by name, and their shape. Lists, so that a server can see whether it knows each.

/** Names of the signals, in the order in which a check tells them. New ones may be added in a minor version. */
export const SIGNALS = [
  /** Frames come as evenly as only a program counts, or far less evenly than a camera gives them. */
  'frame-timing',
  /** Frames repeat to the last bit: a still picture or a loop. A camera's noise never does. */
  'repeated-frames',
  /** The track says itself that it comes from a canvas or a program. */
  'track-class',
  /** The track names a device that the browser does not list. */
  'unlisted-device',
  /** The track's settings lack what a camera has, or lie outside what it says it can do. */
  'settings',
  /** The track accepts what no camera can do. */
  'constraints',
  /** Its name is one that virtual cameras, or phones used as cameras, are known by. */
  'label',
  /** Functions of the page's camera interface are not the browser's own. */
  'page-functions',
] as const;

export type SignalName = (typeof SIGNALS)[number];

/**
 * One hint that the pictures may not come from a camera: for a server to weigh, beside the verdict. No verdict depends on
 * one. Whoever owns the page can suppress each of them, and honest set-ups fire some.
 */
export interface Signal {
  readonly name: SignalName;
  /** What was measured points away from a camera. False where nothing could be measured. */
  readonly fired: boolean;
  /** What was measured, as plain JSON; `null` where the browser, or so short a check, gave nothing to measure. */
  readonly measured: Readonly<Record<string, number | string | boolean | null | readonly string[]>> | null;
}

/** A signal without its name. */
export type Finding = Omit<Signal, 'name'>;

/** Nothing to measure. */
export const UNKNOWN: Finding = { fired: false, measured: null };
