//! Importing this registers `<liveness-check>`: the package's only side effect. In Node, and a second time, it does nothing.

import type { LivenessError } from '../errors.js';
import type { CheckProgress, CheckResult } from '../types.js';
import type { Hint } from '../vocabulary.js';
import { LivenessCheckElement } from './element.js';
import type { State } from './view.js';

export { LivenessCheckElement } from './element.js';
export type { Message, OwnStrings, Strings } from './strings.js';
export type { State } from './view.js';

declare global {
  interface HTMLElementTagNameMap {
    'liveness-check': LivenessCheckElement;
  }
  interface HTMLElementEventMap {
    'liveness-state': CustomEvent<State>;
    'liveness-hint': CustomEvent<Hint | null>;
    'liveness-progress': CustomEvent<CheckProgress>;
    'liveness-result': CustomEvent<CheckResult>;
    'liveness-error': CustomEvent<LivenessError>;
  }
}

if (typeof customElements !== 'undefined' && !customElements.get('liveness-check')) {
  customElements.define('liveness-check', LivenessCheckElement);
}
