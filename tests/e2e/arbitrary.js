//! Arbitrary values, made in a page from a seed: what no type allows, and what looks right but is not.

/** Runs in a page: makes `arbitrary(seed)`, which gives `{ value(), int(n), pick(list), object(keys), clonable() }`. */
export function provideArbitrary() {
  globalThis.arbitrary = (seed) => {
    let state = seed >>> 0;
    // mulberry32
    const next = () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let t = Math.imul(state ^ (state >>> 15), state | 1);
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
      return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    };
    const int = (n) => Math.floor(next() * n);
    const pick = (list) => list[int(list.length)];
    const text = () => String.fromCodePoint(...Array.from({ length: int(12) }, () => pick([int(128), int(0xd800), 0xfffd, 0x1f600 + int(64), 0xd800 + int(0x7ff), 0])));
    const number = () => pick([0, -0, 1, -1, 0.5, NaN, Infinity, -Infinity, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 53), 1e308, 5e-324, int(1000), next() * 1e6, -next()]);
    const plain = (depth) =>
      pick([
        () => undefined, () => null, () => true, () => false, number, number, text, text,
        () => pick(['balanced', 'strict', 'cpu', 'auto', 'webgpu', 'turn-left', '0123456789abcdef', '__proto__', 'constructor', 'http://[', 'data:,', '//', '\0']),
        () => BigInt(int(2 ** 31)) ** 5n, () => new Date(NaN), () => /x/g, () => new Error(text()), () => new Map([[1, 2]]), () => new Set([text()]),
        () => new Uint8Array(int(64)), () => new Uint8ClampedArray(int(64)), () => new Float64Array(int(4)), () => new ArrayBuffer(int(16)), () => new DataView(new ArrayBuffer(4)),
        () => new ImageData(1 + int(3), 1 + int(3)), () => new Blob([text()]),
        ...(depth > 0 ? [() => Array.from({ length: int(5) }, () => plain(depth - 1)), () => object(Array.from({ length: int(4) }, text), depth - 1)] : []),
      ])();
    const object = (keys, depth = 2) => {
      const made = pick([{}, Object.create(null)]);
      for (const key of keys) if (int(3) > 0) Object.defineProperty(made, key, { value: value(depth), enumerable: true, configurable: true, writable: true });
      return made;
    };
    const ring = () => {
      const ring = { text: text() };
      return (ring.ring = ring);
    };
    const value = (depth = 2) =>
      int(3) > 0
        ? plain(depth)
        : pick([
            () => Symbol(text()), () => () => {}, () => class {}, () => Object.create(null), ring, () => Promise.resolve(1), () => new Proxy({}, {}), () => new Proxy(() => {}, {}), () => new WeakMap(),
            () => document.createElement(pick(['video', 'canvas', 'img', 'div'])), () => document, () => window, () => new OffscreenCanvas(int(3), int(3)), () => new EventTarget(), () => AbortSignal.abort(),
            () => ({ [Symbol.toStringTag]: pick(['HTMLVideoElement', 'ImageData', 'ImageBitmap', 'VideoFrame', 'OffscreenCanvas', 'AbortSignal', 'URL', 'Worker']) }),
            () => ({ [Symbol.toStringTag]: 'ImageData', data: plain(1), width: number(), height: number() }),
            () => ({ toString: plain(0), valueOf: plain(0) }), () => Object.assign([], { length: int(2 ** 31) }),
          ])();
    /** What a message can carry. */
    const clonable = () => {
      for (;;) {
        const made = plain(3);
        try {
          structuredClone(made);
          return made;
        } catch {
          // Another.
        }
      }
    };
    return { value, int, pick, object, clonable, number };
  };
}
