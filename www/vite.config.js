import { defineConfig } from 'vite';

export default defineConfig({
  // The page works from any folder of any host.
  base: './',
  // Inlined assets become data: URLs, which the page's content security policy refuses to fetch.
  build: {
    rolldownOptions: { input: ['index.html', 'check.html'] },
    assetsInlineLimit: 0,
    target: 'es2022',
    modulePreload: { polyfill: false },
    emptyOutDir: true,
  },
  preview: { port: 4173, strictPort: false },
});
