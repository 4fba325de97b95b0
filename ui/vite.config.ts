// Everything is a file of its own: the server's content security policy knows `'self'` and nothing else, so nothing may
// be put inline, neither scripts nor styles nor fonts as data addresses.
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const server = process.env["SIGYN_SERVER"] ?? "http://127.0.0.1:7474";

export default defineConfig({
  plugins: [react()],
  build: { assetsInlineLimit: 0, modulePreload: { polyfill: false }, target: "es2022", reportCompressedSize: false },
  test: { include: ["test/unit/**/*.test.ts"] },
  server: { proxy: { "/api": server, "/health": server } },
});
