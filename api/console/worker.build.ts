// The phone's service worker: one file at /sw.js that knows the files of the phone's page, built after them.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { build, type Connect, type Plugin } from "vite";

/** What the page needs besides its own modules and styles. */
const BESIDE = ["/favicon.svg", "/phone.webmanifest", "/icon-192.png", "/icon-512.png", "/badge-96.png"];

interface Chunk {
  type: string;
  fileName: string;
  imports?: string[];
  dynamicImports?: string[];
  facadeModuleId?: string | null;
  code?: string;
  viteMetadata?: { importedCss: Set<string>; importedAssets: Set<string> };
}

/** Build `src/phone/push/worker.ts` into `sw.js`; while developing, answer `/m` with the phone's page. */
export function phoneWorker(root: string): Plugin {
  let files: string[] = [];
  let mark = "";
  let out = "";
  return {
    name: "phone-worker",
    configResolved(config) {
      out = resolve(root, config.build.outDir);
    },
    generateBundle(_, bundle) {
      const chunks = bundle as unknown as Record<string, Chunk>;
      files = [...BESIDE, ...filesOf(chunks)].sort();
      const digest = createHash("sha256");
      // Names of built files carry the hash of what is in them; page, manifest and icons have none.
      for (const name of files) digest.update(name);
      for (const path of ["phone.html", ...BESIDE.map((one) => `public${one}`)]) digest.update(readFileSync(resolve(root, path)));
      mark = digest.digest("hex").slice(0, 12);
    },
    async closeBundle() {
      if (files.length === 0) return;
      await build({
        root,
        configFile: false,
        publicDir: false,
        logLevel: "warn",
        resolve: { alias: { "@": resolve(root, "src") } },
        define: { __FILES__: JSON.stringify(files), __BUILD__: JSON.stringify(mark) },
        build: {
          outDir: out,
          emptyOutDir: false,
          target: "chrome109",
          rollupOptions: {
            input: resolve(root, "src/phone/push/worker.ts"),
            output: { format: "iife", entryFileNames: "sw.js" },
          },
        },
      });
    },
    configureServer: (server) => void server.middlewares.use(toPhone),
    configurePreviewServer: (server) => void server.middlewares.use(toPhone),
  };
}

/** Every file the phone's page may ask for. */
function filesOf(chunks: Record<string, Chunk>): string[] {
  const found = new Set<string>();
  const visit = (name: string): void => {
    const chunk = chunks[name];
    if (chunk === undefined || found.has(`/${name}`)) return;
    found.add(`/${name}`);
    for (const one of [...(chunk.viteMetadata?.importedCss ?? []), ...(chunk.viteMetadata?.importedAssets ?? [])]) found.add(`/${one}`);
    for (const one of [...(chunk.imports ?? []), ...(chunk.dynamicImports ?? [])]) visit(one);
  };
  for (const chunk of Object.values(chunks)) if (chunk.facadeModuleId?.endsWith("phone.html")) visit(chunk.fileName);
  if (found.size === 0) throw new Error("the phone's page was not built; its service worker would keep nothing");
  return [...found];
}

const toPhone: Connect.NextHandleFunction = (request, _, next) => {
  if (/^\/m([/?]|$)/.test(request.url ?? "")) request.url = "/phone.html";
  next();
};
