//! The WebGPU engine's module and where its file is.

import type { EngineFiles } from './engine.js';
import * as module from './wasm/bonafide_webgpu.js';
import bytes from './wasm/bonafide_webgpu_size.js';

export const webgpu: EngineFiles = { module, bytes, name: 'bonafide_webgpu_bg.wasm', url: new URL('./wasm/bonafide_webgpu_bg.wasm', import.meta.url) };
