//! `<LivenessCheck>` for Vue 3: the element, with its properties as props and its events as emits. Renders the bare tag on a
//! server; everything else happens in the browser.

import { defineComponent, h, onMounted, shallowRef, toRaw, watch, type PropType } from 'vue';
import type { LivenessDetector } from '../detector.js';
import '../element/index.js';
import type { LivenessCheckElement } from '../element/element.js';
import { EVENTS, PROPERTIES, type LivenessCheckDetails, type LivenessCheckProperties } from '../element/properties.js';
import type { OwnStrings } from '../element/strings.js';
import type { BackendChoice, Turn } from '../types.js';

/** The element's named slots. */
const SLOTS = ['intro', 'footer'] as const;

const props = {
  operatingPoint: String,
  challenge: Boolean,
  ticket: Function as PropType<LivenessCheckProperties['ticket']>,
  rotate: Number as PropType<Turn>,
  backend: String as PropType<BackendChoice>,
  assetBase: [String, URL] as PropType<string | URL>,
  wasmBase: [String, URL] as PropType<string | URL>,
  strings: Object as PropType<OwnStrings>,
  detector: Object as PropType<LivenessDetector | null>,
  autoStart: Boolean,
} satisfies Record<keyof LivenessCheckProperties, unknown>;

type Emits = { [Name in keyof LivenessCheckDetails]: (detail: LivenessCheckDetails[Name]) => boolean };

const emits: Emits = { state: () => true, hint: () => true, progress: () => true, result: () => true, error: () => true };

/**
 * The camera screen of a check. Emits `state`, `hint`, `progress`, `result` and `error`, each with the `detail` of the element's
 * event; has the slots `intro` and `footer`; a template ref has `start()`, `cancel()` and the `element`.
 */
export const LivenessCheck = defineComponent({
  name: 'LivenessCheck',
  props,
  emits,
  setup(props) {
    const element = shallowRef<LivenessCheckElement | null>(null);
    onMounted(() => {
      for (const name of PROPERTIES) {
        // An element with private fields does not work through a reactive proxy, and a ref() of the application makes one.
        watch(() => props[name], (value) => Object.assign(element.value!, { [name]: toRaw(value) }), { immediate: true });
      }
    });
    return {
      /** The element itself; `null` before it is mounted. */
      element,
      /** Starts a check; does nothing while one runs. */
      start: (): void => element.value?.start(),
      /** Stops the check, closes the camera, and goes back to the start. */
      cancel: (): void => element.value?.cancel(),
    };
  },
  render() {
    const listeners = EVENTS.map((name) => [
      `onLiveness${name[0]!.toUpperCase()}${name.slice(1)}`,
      // One name stands for all: TypeScript cannot tell that name and detail belong together.
      ({ detail }: CustomEvent) => this.$emit(name as 'state', detail),
    ]);
    const slotted = SLOTS.flatMap((name) => (this.$slots[name] ? [h('div', { slot: name }, this.$slots[name]!())] : []));
    return h('liveness-check', { ref: 'element', ...Object.fromEntries(listeners) }, slotted);
  },
});
