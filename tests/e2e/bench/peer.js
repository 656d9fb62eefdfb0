//! In the browser: ONNX Runtime Web with our networks, in a page or as a worker.
//!
//! Networks alone. What else a frame costs (scaling, anchors, crop) would be code of ours, so its figures leave it out.

/** Ours as ONNX files, by `trainer export-onnx`. */
const NETWORKS = ['detector', 'classifier'];

/** `build` is a file of the package, `provider` 'wasm' or 'webgpu'. */
export async function start({ build, provider, threads }) {
  const ort = await import(`/ort/${build}`);
  ort.env.wasm.numThreads = threads;
  ort.env.logLevel = 'error';
  const open = (network) => ort.InferenceSession.create(`/onnx/${network}.onnx`, { executionProviders: [provider] });
  const sessions = {};
  for (const network of NETWORKS) sessions[network] = await open(network);
  return {
    /** A network's input, `[3, side, side]` -> all that it puts out, logits first, and how long that took. */
    async run(network, input) {
      const session = sessions[network];
      const side = Math.sqrt(input.length / 3);
      const began = performance.now();
      const tensor = new ort.Tensor('float32', input, [1, 3, side, side]);
      const outputs = await session.run({ [session.inputNames[0]]: tensor });
      const values = await Promise.all(session.outputNames.map((name) => outputs[name].getData()));
      return { outputs: values, ms: performance.now() - began };
    },
  };
}

if (typeof WorkerGlobalScope !== 'undefined' && self instanceof WorkerGlobalScope) {
  let started;
  self.onmessage = async ({ data: { options, inputs } }) => {
    try {
      started ??= await start(options);
      const answer = {};
      for (const [network, values] of Object.entries(inputs ?? {})) answer[network] = await started.run(network, values);
      self.postMessage({ answer });
    } catch (error) {
      self.postMessage({ error: String(error?.message ?? error) });
    }
  };
}
