//! The GPU that WebGPU would compute on, as the browser tells it. Starts nothing.

import { LivenessError } from './errors.js';
import { within } from './within.js';

/** The CPU serves meanwhile; a driver that hangs would keep the choice open for ever. */
const ADAPTER_MS = 10_000;

/** Where browsers before 2025 keep the flag. */
interface OldAdapter {
  readonly isFallbackAdapter?: boolean;
}

/**
 * What the adapter calls itself, `unnamed` if it does not; `undefined` if there is none, or a software one: that is no
 * gain (measured 20 times slower than the CPU engine).
 */
export async function realGpu(): Promise<string | undefined> {
  if (!('gpu' in navigator)) return undefined;
  try {
    const late = () => new LivenessError('TIMEOUT', 'The browser tells nothing of a GPU.');
    const adapter = await within(ADAPTER_MS, navigator.gpu.requestAdapter(), late);
    if (!adapter || (adapter.info?.isFallbackAdapter ?? (adapter as OldAdapter).isFallbackAdapter)) return undefined;
    const { vendor, architecture, device, description } = adapter.info ?? {};
    return [vendor, architecture, device, description].filter(Boolean).join(' ') || 'unnamed';
  } catch {
    return undefined;
  }
}
