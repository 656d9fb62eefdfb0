//! Entry of the worker with the WebGPU engine.

import * as engine from './wasm/bonafide_webgpu.js';
import { serve } from './worker.js';

serve('webgpu', engine, new URL('./wasm/bonafide_webgpu_bg.wasm', import.meta.url), 'bonafide_webgpu_bg.wasm');
