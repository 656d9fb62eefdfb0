//! Entry of the worker with the CPU engine.

import * as engine from './wasm/bonafide_cpu.js';
import { serve } from './worker.js';

serve('cpu', engine, new URL('./wasm/bonafide_cpu_bg.wasm', import.meta.url), 'bonafide_cpu_bg.wasm');
