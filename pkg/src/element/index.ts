//! Importing this registers `<liveness-check>`: the package's only side effect. In Node, and a second time, it does nothing.

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

if (typeof customElements !== 'undefined' && !customElements.get('liveness-check')) {
  customElements.define('liveness-check', LivenessCheckElement);
}
