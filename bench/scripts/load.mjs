// load.mjs FILE: reads and compiles a program, and runs it until its first call of the host.
import {readFileSync} from 'node:fs';

const first = new Error('the first call');
const start = process.hrtime.bigint();
const module = new WebAssembly.Module(readFileSync(process.argv[2]));
const imports = {};
for (const {module: from, name} of WebAssembly.Module.imports(module)) (imports[from] ??= {})[name] = () => { throw first; };
try {
  new WebAssembly.Instance(module, imports).exports._start();
  process.exit(1);
} catch (error) {
  if (error !== first) throw error;
}
console.log(`ns=${process.hrtime.bigint() - start}`);
