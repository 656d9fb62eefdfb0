//! A promise that may never settle -> one that does, by a limit or a signal.

import type { LivenessError } from './errors.js';

/** What `work` gives, or the error that `late` makes where it takes longer than the limit. */
export async function within<T>(limitMs: number, work: Promise<T>, late: () => LivenessError): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(late()), limitMs)));
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** Goes no further after an abort. Not `throwIfAborted`, which browsers that have all that a check needs, and jsdom, may lack. */
export function heed(signal: AbortSignal): void {
  if (signal.aborted) throw signal.reason;
}

/** What `work` gives, or the signal's reason once it aborts: at once, and whatever comes later. */
export async function unless<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  let leave!: () => void;
  const left = new Promise<never>((_, reject) => (leave = () => reject(signal.reason)));
  signal.addEventListener('abort', leave, { once: true });
  try {
    const value = await Promise.race([left, work]);
    heed(signal);
    return value;
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
