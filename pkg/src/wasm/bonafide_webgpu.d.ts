// Types of the module that scripts/build-wasm.sh writes to dist/wasm.
import type { EngineModule } from '../engine.js';

declare const init: EngineModule['default'];
export default init;
export declare const Engine: EngineModule['Engine'];
