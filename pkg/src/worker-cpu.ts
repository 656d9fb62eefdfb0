//! Entry of the worker with the CPU engine.

import { cpu } from './engine-cpu.js';
import { serve } from './serve.js';

serve({ cpu });
