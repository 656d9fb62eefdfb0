//! esbuild leaves `new URL('./file', import.meta.url)` as it is: the workers are entry points of their own, beside the page's,
//! and the modules and weights are copied to where these look for them.

import { build } from 'esbuild';
import { cpSync } from 'node:fs';

await build({
  entryPoints: {
    main: 'src/main.js',
    'worker-cpu': 'bonafide-liveness/worker-cpu.js',
    'worker-webgpu': 'bonafide-liveness/worker-webgpu.js',
  },
  outdir: 'public/app',
  bundle: true,
  format: 'esm',
  splitting: true,
  minify: true,
});
for (const backend of ['cpu', 'webgpu']) {
  const module = `bonafide_${backend}_bg.wasm`;
  cpSync(`node_modules/bonafide-liveness/dist/wasm/${module}`, `public/app/wasm/${module}`);
}
cpSync('node_modules/bonafide-liveness/weights', 'public/weights', { recursive: true });
