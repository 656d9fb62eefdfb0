//! The CPU engine's module and where its file is.

import type { EngineFiles } from './engine.js';
import * as module from './wasm/bonafide_cpu.js';
import bytes from './wasm/bonafide_cpu_size.js';

export const cpu: EngineFiles = { module, bytes, name: 'bonafide_cpu_bg.wasm', url: new URL('./wasm/bonafide_cpu_bg.wasm', import.meta.url) };
