//! Which backend to try, from what the browser offers. Starts nothing.

/** Where browsers before 2025 keep the flag. */
interface OldAdapter {
  readonly isFallbackAdapter?: boolean;
}

/**
 * True if WebGPU answers with a real GPU. A software adapter is no gain: measured 20 times slower than the CPU
 * engine. Whether every real GPU beats the CPU is not measured yet; when it is, this is the place.
 */
export async function hasRealGpu(): Promise<boolean> {
  if (!('gpu' in navigator)) return false;
  try {
    const adapter = await navigator.gpu.requestAdapter();
    return adapter !== null && !(adapter.info?.isFallbackAdapter ?? (adapter as OldAdapter).isFallbackAdapter ?? false);
  } catch {
    return false;
  }
}
