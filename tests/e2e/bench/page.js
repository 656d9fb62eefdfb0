//! In the browser: what the benchmark's pages share. Pixels -> a network's input, and ways to ask who is compared.

/** RGBA bytes of a square picture -> `[3, side, side]`, each byte at `scale * value + offset`. */
export function planar(rgba, scale, offset) {
  const plane = rgba.length / 4;
  const values = new Float32Array(3 * plane);
  for (let at = 0; at < plane; at++) {
    for (let channel = 0; channel < 3; channel++) values[channel * plane + at] = scale * rgba[4 * at + channel] + offset;
  }
  return values;
}

/** The networks' ranges: the classifier's `[0, 1]`, the detector's `[-1, 1]`. */
export const classifierInput = (rgba) => planar(rgba, 1 / 255, 0);
export const detectorInput = (rgba) => planar(rgba, 2 / 255, -1);

export const pixels = async (name) => new Uint8ClampedArray(await (await fetch(`/bench/${name}.rgba`)).arrayBuffer());

/** ONNX Runtime Web in a worker of its own, as our engine is. */
export function peer(options) {
  const worker = new Worker('/bench/peer.js', { type: 'module' });
  const ask = (inputs) => new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => (data.error ? reject(new Error(data.error)) : resolve(data.answer));
    worker.onerror = (event) => reject(new Error(event.message || 'the worker of ONNX Runtime Web failed'));
    worker.postMessage({ options, inputs });
  });
  return { ask, end: () => worker.terminate() };
}

/** Lets everyone take turns, each round in another order, so that a busy machine hits all alike. */
export async function takeTurns(contestants, rounds, pauseMs) {
  const names = Object.keys(contestants);
  const results = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(round + turn) % names.length];
      results[name].push(await contestants[name]());
      // Threads that spin for more work would otherwise run into the next one's turn.
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
  return results;
}
