//! Every text that the camera screen shows, as types. A key that a language lacks does not compile.

import type { ErrorReason, LivenessErrorCode } from '../errors.js';
import type { Hint, Notice, Outcome, Prompt, Reason } from '../generated.js';

/** A heading, and a sentence that says what it means or what to do. */
export interface Message {
  readonly title: string;
  readonly text: string;
}

/** All texts of the element. */
export interface Strings {
  readonly dir: 'ltr' | 'rtl';
  /** The element's name, for assistive technology. */
  readonly label: string;
  readonly intro: Message;
  readonly start: string;
  readonly cancel: string;
  readonly retry: string;
  readonly loading: string;
  /** While the page's server is asked for a ticket. */
  readonly ticket: string;
  /** While the browser asks for the camera. */
  readonly asking: string;
  /** While the camera is open and the browser wants a press before it plays. */
  readonly press: string;
  /** While nothing needs to change. */
  readonly ready: string;
  /** The progress bar's name. */
  readonly progress: string;
  /** The picker's name; numbers follow it where the system gives no names. */
  readonly camera: string;
  /** Above the list of reasons. */
  readonly why: string;
  readonly hints: Readonly<Record<Hint, string>>;
  readonly prompts: Readonly<Record<Prompt, string>>;
  readonly notices: Readonly<Record<Notice, string>>;
  readonly outcomes: Readonly<Record<Outcome, Message>>;
  readonly reasons: Readonly<Record<Reason, string>>;
  readonly errors: Readonly<Record<LivenessErrorCode, Message>>;
  /** In place of an error's, where its `reason` is known. */
  readonly causes: Readonly<Record<ErrorReason, Message>>;
}

/** An integrator's own texts: any of them, at either depth. */
export type OwnStrings = { readonly [K in keyof Strings]?: Strings[K] extends string ? Strings[K] : Partial<Strings[K]> };
