/// <reference types="vitest/config" />
import { resolve } from "node:path";
import vue from "@vitejs/plugin-vue";
import components from "unplugin-vue-components/vite";
import { ElementPlusResolver } from "unplugin-vue-components/resolvers";
import { defineConfig } from "vite";
import { phoneWorker } from "./worker.build.ts";

const here = import.meta.dirname;

export default defineConfig({
  plugins: [
    vue(),
    // Element Plus piece by piece: a page fetches the style and code of what it shows, nothing else.
    components({ dirs: [], resolvers: [ElementPlusResolver({ importStyle: "css", directives: false })], dts: "src/components.d.ts" }),
    phoneWorker(here),
  ],
  resolve: { alias: { "@": resolve(here, "src") } },
  build: {
    target: "chrome109", // kiosk browsers of Kylin and UOS; the last Chromium of Windows 7
    manifest: "built.json", // what belongs to which page; a test weighs the first load by it
    assetsInlineLimit: 0, // the content security policy allows no data: but images
    rollupOptions: { input: { index: resolve(here, "index.html"), phone: resolve(here, "phone.html") } },
  },
  // `npm run dev` beside a running gateway: the page is served from here, everything else comes from there.
  server: {
    proxy: Object.fromEntries(["/api", "/readyz", "/docs", "/swagger", "/openapi.json", "/map/"]
      .map((path) => [path, process.env["ANXIN_URL"] ?? "http://127.0.0.1:8000"])),
  },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.ts"],
    restoreMocks: true,
  },
});
