import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [react()],
  build: {
    assetsInlineLimit: 0, // the content security policy allows no data: addresses
    rolldownOptions: { input: ['index.html'] },
  },
  server: {
    proxy: Object.fromEntries(
      ['/graphql', '/sign-in', '/sign-out', '/session'].map((path) => [path, 'http://127.0.0.1:8000']),
    ),
  },
});
