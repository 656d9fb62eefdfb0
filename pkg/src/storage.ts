//! What was measured on this device last time, in the page's local storage: a GPU's name, two times and a date. The only
//! thing that this package stores.

const KEY = 'bonafide.backend';
/** Browsers and drivers change. */
const KEPT_MS = 30 * 24 * 3600 * 1000;

/** Milliseconds of one look, on either backend. */
export interface Measured {
  readonly cpuMs: number;
  readonly webgpuMs: number;
}

/** What this GPU measured within the last thirty days; `undefined` where nothing is kept, or it is not ours. */
export function recall(gpu: string): Measured | undefined {
  try {
    const { gpu: of, at, cpuMs, webgpuMs } = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Record<string, unknown>;
    const fresh = typeof at === 'number' && Math.abs(Date.now() - at) < KEPT_MS;
    const times = typeof cpuMs === 'number' && typeof webgpuMs === 'number' && cpuMs > 0 && webgpuMs > 0;
    return of === gpu && fresh && times ? { cpuMs, webgpuMs } : undefined;
  } catch {
    // No storage on this page, or something else's text: as if nothing was kept.
    return undefined;
  }
}

/** Keeps it, where the page may. */
export function remember(gpu: string, measured: Measured): void {
  try {
    localStorage.setItem(KEY, JSON.stringify({ gpu, at: Date.now(), ...measured }));
  } catch {
    // Then it is measured again next time.
  }
}
