import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// What the page asks for or leads to, and the portal answers.
const SERVED = ['/graphql', '/sign-in', '/sign-out', '/session', '/account', '/audit-log.jsonl'];

export default defineConfig({
  plugins: [react()],
  build: {
    assetsInlineLimit: 0, // the content security policy allows no data: addresses
    chunkSizeWarningLimit: 4_000, // GraphiQL's editor
    rolldownOptions: {
      input: ['index.html', 'graphiql.html'],
      onLog(level, log, handler) {
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE') handler(level, log); // GraphiQL ships the compiler's directives
      },
    },
  },
  server: {
    proxy: Object.fromEntries(SERVED.map((path) => [path, 'http://127.0.0.1:8000'])),
  },
});
