import { defineConfig } from 'vite';
import { input, site } from './site/plugin.js';

export default defineConfig({
  // The site works from any folder of any host.
  base: './',
  plugins: [site()],
  build: {
    rolldownOptions: { input },
    // Inlined assets become data: URLs, which the pages' content security policy refuses to fetch.
    assetsInlineLimit: 0,
    target: 'es2022',
    modulePreload: { polyfill: false },
    emptyOutDir: true,
  },
  preview: { port: 4173, strictPort: false },
});
