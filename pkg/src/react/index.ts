'use client';

//! `<LivenessCheck>` for React 18 and 19: the element, with its properties and events as props. Renders the bare tag on a
//! server; everything else happens in the browser.

import { createElement, forwardRef, useEffect, useImperativeHandle, useLayoutEffect, useRef } from 'react';
import type { ForwardRefExoticComponent, HTMLAttributes, RefAttributes } from 'react';
import '../element/index.js';
import type { LivenessCheckElement } from '../element/element.js';
import { EVENTS, PROPERTIES, type LivenessCheckDetails, type LivenessCheckProperties } from '../element/properties.js';

/** `onState`, `onHint`, `onProgress`, `onResult` and `onError`, each called with the `detail` of its event. */
export type LivenessCheckCallbacks = {
  [Name in keyof LivenessCheckDetails as `on${Capitalize<Name>}`]?: ((detail: LivenessCheckDetails[Name]) => void) | undefined;
};

/** The element's properties and events, and what every HTML element takes: `lang`, `className`, `style`, children for its slots. */
export type LivenessCheckProps = LivenessCheckProperties &
  LivenessCheckCallbacks &
  Omit<HTMLAttributes<LivenessCheckElement>, keyof LivenessCheckProperties | keyof LivenessCheckCallbacks>;

/** Props that React does not set: it would make attributes of them, and listeners that React 18 does not call. */
const OWN: ReadonlySet<string> = new Set([...PROPERTIES, ...EVENTS.map(callback)]);

// A layout effect comes before the first paint; React 18 complains about one on a server, where neither kind runs.
const useBrowserEffect = typeof document === 'undefined' ? useEffect : useLayoutEffect;

/** The camera screen of a check. Its `ref` is the `LivenessCheckElement`, with `start()`, `cancel()` and `state`. */
export const LivenessCheck: ForwardRefExoticComponent<LivenessCheckProps & RefAttributes<LivenessCheckElement>> = forwardRef(
  function LivenessCheck(props: LivenessCheckProps, ref) {
    const element = useRef<LivenessCheckElement>(null);
    const latest = useRef(props);
    const applied = useRef<LivenessCheckProps>({});
    const heard = useRef<LivenessCheckElement>(null);
    useImperativeHandle(ref, () => element.current!, []);

    // Before the properties, one of which may start a check: no event is missed.
    useBrowserEffect(() => {
      const node = element.current!;
      // Not taken back with the effect: React undoes effects of a tree that it merely hides, and a check there goes on to its end.
      if (heard.current === node) return;
      heard.current = node;
      for (const name of EVENTS) {
        node.addEventListener(`liveness-${name}`, ({ detail }: CustomEvent) => {
          // An element that is taken away cancels its check, which is no news to whoever took it.
          if (node.isConnected) (latest.current[callback(name)] as ((detail: unknown) => void) | undefined)?.(detail);
        });
      }
    }, []);

    useBrowserEffect(() => {
      latest.current = props;
      const node = element.current!;
      const before = applied.current;
      for (const name of PROPERTIES) {
        if (!Object.is(props[name], before[name])) Object.assign(node, { [name]: props[name] });
      }
      // React 19 sets what is gone to null, which makes `lang` of a custom element "null".
      for (const name of Object.keys(html(before)) as (keyof LivenessCheckProps)[]) {
        if (before[name] !== undefined && props[name] === undefined) node.removeAttribute(name);
      }
      applied.current = props;
    });

    return createElement('liveness-check', { ...html(props), ref: element });
  },
);

/** What is left for React to set: React 18 does not know `className` on a custom element. */
function html({ className, ...props }: LivenessCheckProps): Record<string, unknown> {
  const rest = Object.entries(props).filter(([name]) => !OWN.has(name));
  return { ...Object.fromEntries(rest), ...(className !== undefined && { class: className }) };
}

function callback<Name extends keyof LivenessCheckDetails>(name: Name): `on${Capitalize<Name>}` {
  return `on${name[0]!.toUpperCase()}${name.slice(1)}` as `on${Capitalize<Name>}`;
}
