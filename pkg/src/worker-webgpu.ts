//! Entry of the worker with the WebGPU engine.

import { webgpu } from './engine-webgpu.js';
import { serve } from './serve.js';

serve({ webgpu });
