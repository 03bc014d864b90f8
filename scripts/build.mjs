// Bundles every static/src/*.js entry point, and the rescue page, to static/dist/, which git ignores.
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { buildRescue } from "./rescue.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(root, "static", "src");
const output = join(root, "static", "dist");

const trustFile = process.env.WAYMEET_TRUST ?? join(root, ".cache", "trust.json");

// The addresses that pages believe without asking the server; `manage.py trust` writes them.
async function trust() {
  const text = await readFile(trustFile, "utf8").catch((error) => {
    if (error.code !== "ENOENT") throw error;
    console.warn("built without addresses: `manage.py trust --build` compiles them in, as the demo does");
    return JSON.stringify({
      settler: "", permit2: "", deposit_implementation: "", call_executor: "", deviating: {}, chains: {},
    });
  });
  return JSON.stringify(JSON.parse(text));
}

async function entryPoints() {
  const names = await readdir(source).catch((error) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return names.filter((name) => name.endsWith(".js")).map((name) => join(source, name));
}

// The server sends these to whoever takes them: a phone loads a third.
async function compress(folder) {
  const names = (await readdir(folder)).filter((name) => /\.(js|css|svg)$/.test(name));
  for (const name of names) {
    const content = await readFile(join(folder, name));
    await writeFile(join(folder, `${name}.gz`), gzipSync(content, { level: 9 }));
  }
}

await mkdir(output, { recursive: true });
const believed = await trust();
await rm(join(output, "trust.json"), { force: true });
const entries = await entryPoints();
if (entries.length > 0) {
  await build({
    entryPoints: entries,
    outdir: output,
    bundle: true,
    format: "esm",
    target: "es2022",
    define: { __TRUST__: believed },
    minify: true,
    legalComments: "linked",
    logLevel: "warning",
  });
}
await buildRescue({ source: join(root, "static", "rescue"), output: join(output, "rescue.html") });
for (const folder of [output, join(root, "static", "css"), join(root, "static", "icons")]) await compress(folder);
// Last: what the bundles believe, by which `manage.py trust --build` tells whether they are this network's.
await writeFile(join(output, "trust.json"), believed);
console.log(`${entries.length} bundles in static/dist`);
