// wasi.mjs GUEST ARGUMENTS…: runs a guest by the WASI of Node or Bun.
import {readFileSync} from 'node:fs';
import {WASI} from 'node:wasi';

const [guest, ...args] = process.argv.slice(2);
const wasi = new WASI({version: 'preview1', args: [guest, ...args], env: {}, preopens: {}, returnOnExit: false});
const module = new WebAssembly.Module(readFileSync(guest));
const imports = {wasi_snapshot_preview1: {...wasi.wasiImport}};
// Bun lacks some functions; a guest hears that they are not there (`nosys`).
for (const {name} of WebAssembly.Module.imports(module)) imports.wasi_snapshot_preview1[name] ??= () => 52;
wasi.start(new WebAssembly.Instance(module, imports));
