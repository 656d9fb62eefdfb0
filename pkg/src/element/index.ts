//! Importing this registers `<liveness-check>`: the package's only side effect. In Node, and a second time, it does nothing.

import { LivenessError } from '../errors.js';
import { LivenessCheckElement } from './element.js';
import type { LivenessCheckEventMap } from './properties.js';

export { LivenessCheckElement } from './element.js';
export type { LivenessCheckDetails, LivenessCheckEventMap, LivenessCheckProperties, Ticket } from './properties.js';
export type { Message, OwnStrings, Strings } from './strings.js';
export type { State } from './view.js';

declare global {
  interface HTMLElementTagNameMap {
    'liveness-check': LivenessCheckElement;
  }
  interface HTMLElementEventMap extends LivenessCheckEventMap {}
}

if (typeof customElements !== 'undefined') {
  const there = customElements.get('liveness-check');
  if (!there) customElements.define('liveness-check', LivenessCheckElement);
  // Another version of this package does the same; anything else would do nothing, without a word.
  else if (!('start' in there.prototype)) throw new LivenessError('INVALID_INPUT', 'Something else has defined <liveness-check> in this page.');
}
