//! A page whose test renders the React component as it likes. Runs in a consumer's app, in strict mode.

import { LivenessCheck } from 'bonafide-liveness/react';
import { createElement as h, createRef, StrictMode, Suspense, version } from 'react';
import { createRoot } from 'react-dom/client';

const root = createRoot(document.body.appendChild(document.createElement('div')));
const ref = createRef();
let renders = 0;

const never = new Promise(() => {});
function Neighbour({ waits }) {
  if (waits) throw never;
  return null;
}
let hides = false;
/** Renders again, with a neighbour that waits or not: React hides both while it does. */
globalThis.hide = (whether, props) => ((hides = whether), render(props));

globalThis.version = version;
globalThis.heard = [];
/** Renders the component with `props`, each time with callbacks that are new. */
globalThis.render = ({ class: className, ...props }) => {
  const render = ++renders;
  const hear = (name) => (detail) => heard.push([render, name, detail]);
  const callbacks = { onState: hear('state'), onHint: hear('hint'), onProgress: hear('progress'), onResult: hear('result'), onError: hear('error') };
  const footer = h('p', { slot: 'footer' }, 'Why we ask');
  root.render(h(StrictMode, null, h(Suspense, { fallback: null }, h(LivenessCheck, { ref, className, ...callbacks, ...props }, footer), h(Neighbour, { waits: hides }))));
};
globalThis.unmount = () => root.render(null);
/** What an application's ref holds. */
globalThis.handle = () => ref.current;
