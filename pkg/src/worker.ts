//! `bonafide-liveness/worker`: entry of the worker for pages that start it themselves. It serves either engine, whose WebAssembly
//! is still downloaded only if it is asked for.

import { cpu } from './engine-cpu.js';
import { webgpu } from './engine-webgpu.js';
import { serve } from './serve.js';

serve({ cpu, webgpu });
