//! A page whose test renders the Vue component as it likes. Runs in a consumer's app.

import { LivenessCheck } from 'bonafide-liveness/vue';
import { createApp, h, ref, shallowRef, version } from 'vue';

// A deep ref, as applications have: what is read from it is a proxy.
const given = ref(null);
const component = shallowRef(null);
let renders = 0;

globalThis.version = version;
globalThis.heard = [];
/** Renders the component with `props`, each time with listeners that are new. */
globalThis.render = (props) => (renders++, (given.value = props));
globalThis.unmount = () => (given.value = null);
/** What an application's template ref holds. */
globalThis.handle = () => component.value;

createApp({
  setup: () => () => {
    if (!given.value) return null;
    const render = renders;
    const hear = (name) => (detail) => heard.push([render, name, detail]);
    const listeners = { onState: hear('state'), onHint: hear('hint'), onProgress: hear('progress'), onResult: hear('result'), onError: hear('error') };
    return h(LivenessCheck, { ref: component, ...listeners, ...given.value }, { footer: () => h('p', 'Why we ask') });
  },
}).mount(document.body.appendChild(document.createElement('div')));
