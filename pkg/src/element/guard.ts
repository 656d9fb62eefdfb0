//! An open camera -> the reason to close it: the page is hidden, or nothing is shown of the element, or the camera stopped.
//! Nobody is filmed by what they do not see.

import { LivenessError } from '../errors.js';

/** Dialogs open, and frameworks exchange what they show, within less. */
const UNSEEN_MS = 1_000;

/** Calls `fail` with the first such reason, until the signal aborts. `stage` is what shows the camera. */
export function guard(stage: Element, signal: AbortSignal, fail: (error: LivenessError) => void): void {
  const page = stage.ownerDocument;
  const hide = () => {
    if (page.visibilityState === 'hidden') fail(new LivenessError('APP_INACTIVE', 'The page was hidden while its camera was open.'));
  };
  page.addEventListener('visibilitychange', hide);
  let unseen: ReturnType<typeof setTimeout> | undefined;
  const look = () => {
    const shown = stage.getClientRects().length > 0;
    if (shown) clearTimeout(unseen);
    else unseen ??= setTimeout(() => fail(new LivenessError('APP_INACTIVE', 'The element was not shown (display: none, itself or what it is in) while its camera was open.')), UNSEEN_MS);
    if (shown) unseen = undefined;
  };
  // It hears of what is not rendered any more too.
  const observer = typeof ResizeObserver === 'undefined' ? undefined : new ResizeObserver(look);
  observer?.observe(stage);
  signal.addEventListener('abort', () => {
    page.removeEventListener('visibilitychange', hide);
    observer?.disconnect();
    clearTimeout(unseen);
  }, { once: true });
  hide();
}
