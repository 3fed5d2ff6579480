// Bundles the page: node build.mjs [FOLDER]. One script, one style sheet, one document, no network at run time.
import { build } from "esbuild";
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import path from "node:path";

const here = path.dirname(fileURLToPath(import.meta.url));
const out = path.resolve(process.argv[2] ?? path.join(here, "vidcalc_web", "static"));

// of Pyodide: what runs Python, and none of its packages
const RUNTIME = ["pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json"];

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
await build({
  absWorkingDir: here,
  entryPoints: {
    page: "page/main.tsx",
    style: "page/style/index.css",
    worker: "page/engine/worker.ts",
    offline: "page/engine/offline.ts",
  },
  outdir: out,
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022"],
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "none",
  logLevel: "warning",
});
const runtime = path.join(here, "node_modules", "pyodide");
const python = path.join(out, "..", "pyodide");
mkdirSync(python, { recursive: true });
for (const name of RUNTIME) cpSync(path.join(runtime, name), path.join(python, name));
for (const name of ["index.html", "icon.svg"]) cpSync(path.join(here, "page", name), path.join(out, name));
