//! What a page and its workers hold: JavaScript heap after collection, and the WebAssembly memories, by Chromium's debugger.

/** Looks at a page and its workers: `{ heapBytes, wasmBytes }`, summed over all of them. */
export async function watchMemory(context, page) {
  const session = await context.newCDPSession(page);
  const workers = new Map();
  const waiting = new Map();
  let last = 0;
  session.on('Target.attachedToTarget', ({ sessionId }) => workers.set(sessionId, true));
  session.on('Target.detachedFromTarget', ({ sessionId }) => workers.delete(sessionId));
  session.on('Target.receivedMessageFromTarget', ({ message }) => {
    const { id, result, error } = JSON.parse(message);
    const { resolve, reject } = waiting.get(id) ?? {};
    waiting.delete(id);
    if (error) reject?.(new Error(error.message));
    else resolve?.(result);
  });
  await session.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: false, flatten: false });
  const inWorker = (sessionId) => (method, params = {}) => new Promise((resolve, reject) => {
    const id = ++last;
    waiting.set(id, { resolve, reject });
    session.send('Target.sendMessageToTarget', { sessionId, message: JSON.stringify({ id, method, params }) }).catch(reject);
  });

  async function look(send) {
    await send('HeapProfiler.collectGarbage');
    const { usedSize } = await send('Runtime.getHeapUsage');
    const { result: prototype } = await send('Runtime.evaluate', { expression: 'WebAssembly.Memory.prototype' });
    const { objects } = await send('Runtime.queryObjects', { prototypeObjectId: prototype.objectId });
    const { result } = await send('Runtime.callFunctionOn', {
      objectId: objects.objectId,
      functionDeclaration: 'function () { return this.reduce((sum, memory) => sum + memory.buffer.byteLength, 0) }',
      returnByValue: true,
    });
    return { heapBytes: usedSize, wasmBytes: result.value };
  }

  return async () => {
    const all = [await look((method, params) => session.send(method, params))];
    for (const sessionId of workers.keys()) all.push(await look(inWorker(sessionId)));
    return {
      heapBytes: all.reduce((sum, { heapBytes }) => sum + heapBytes, 0),
      wasmBytes: all.reduce((sum, { wasmBytes }) => sum + wasmBytes, 0),
    };
  };
}
