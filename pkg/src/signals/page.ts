//! The page's camera interface -> which of its functions are not the browser's own. Asks a fresh frame what a function's
//! text is, since a page may have changed that as well.

import type { Finding } from './names.js';

/** Whether functions between camera and page were replaced. */
export function pageFunctions(track: MediaStreamTrack | undefined): Finding {
  const textOf = (clean ??= cleanText());
  const changed = [
    ...replaced(MediaDevices.prototype, ['getUserMedia', 'enumerateDevices', 'getSupportedConstraints'], textOf),
    ...replaced(MediaStreamTrack.prototype, ['getSettings', 'getCapabilities', 'applyConstraints', 'label'], textOf),
    ...replaced(MediaStream.prototype, ['getVideoTracks', 'getTracks'], textOf),
    ...replaced(HTMLVideoElement.prototype, ['requestVideoFrameCallback'], textOf),
    ...replaced(HTMLMediaElement.prototype, ['srcObject'], textOf),
    ...replaced(Function.prototype, ['toString'], textOf),
    // Methods live on prototypes: one on the object itself stands before it.
    ...own('navigator', navigator, ['mediaDevices']),
    ...own('mediaDevices', navigator.mediaDevices, ['getUserMedia', 'enumerateDevices', 'getSupportedConstraints']),
    ...(track ? own('track', track, ['getSettings', 'getCapabilities', 'applyConstraints', 'label']) : []),
  ];
  return { fired: changed.length > 0, measured: { changed } };
}

/** A frame costs some 10 ms: one for each page. */
let clean: ((f: unknown) => string) | undefined;

/** `Function.prototype.toString` of a frame that no script of the page has touched; the page's own where none can be made. */
function cleanText(): (f: unknown) => string {
  const frame = document.createElement('iframe');
  frame.hidden = true;
  document.documentElement.append(frame);
  const { toString } = ((frame.contentWindow as (Window & typeof globalThis) | null)?.Function ?? Function).prototype;
  frame.remove();
  return (f) => toString.call(f);
}

/** What the prototype's functions and getters are called that are not written as native ones are, by their own name. */
function replaced(prototype: object, names: readonly string[], textOf: (f: unknown) => string): string[] {
  return names.filter((name) => {
    const property = Object.getOwnPropertyDescriptor(prototype, name);
    // What a browser never had is not replaced.
    if (!property) return false;
    const f: unknown = property.get ?? property.value;
    // A bound function and a proxy are native too, but go by no name.
    return typeof f !== 'function' || !new RegExp(`^function (get )?${name}\\(\\)\\s*\\{\\s*\\[native code\\]\\s*\\}$`).test(textOf(f).trim());
  });
}

function own(what: string, object: object | undefined, names: readonly string[]): string[] {
  return object ? names.filter((name) => Object.hasOwn(object, name)).map((name) => `${what}.${name}`) : [];
}
