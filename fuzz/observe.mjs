// The same line as `differential run TIER` writes for each path on standard input, from the engine of Node.
import {readFileSync} from 'node:fs';
import {createInterface} from 'node:readline';
import {crc32} from 'node:zlib';

const host = {
  a: (a, b) => BigInt.asIntN(64, b * 3n + BigInt(a)),
  b: (x) => [x > 1 ? 1 : 0, 1.5],
  c: () => {},
};

function endOf(error) {
  if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) return `!${error.message}`;
  if (error instanceof WebAssembly.Exception) return '!uncaught exception';
  return `!error: ${error}`;
}

function resultsOf(func) {
  try {
    const result = func();
    return result === undefined ? '' : typeof result === 'bigint' ? String(result) : [...result].join();
  } catch (error) {
    return endOf(error);
  }
}

function observe(path) {
  let instance;
  try {
    instance = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(path)), {host});
  } catch (error) {
    return `!error: ${error.message}`;
  }
  const {exports} = instance;
  let text = '';
  for (let i = 0; exports[`run${i}`]; ++i) text += `run${i}=${resultsOf(exports[`run${i}`])};`;
  text += `state=${resultsOf(exports.state)};`;
  for (const name of ['m', 'n', 'o', 'p']) {
    const bytes = new Uint8Array(exports[name].buffer);
    text += `${name}=${bytes.length}:${crc32(bytes).toString(16).padStart(8, '0')};`;
  }
  return text;
}

let modules = 0;
for await (const path of createInterface({input: process.stdin})) {
  process.stdout.write(observe(path).replaceAll('\n', ' ') + '\n');
  // Every memory reserves gigabytes of addresses, which the collector does not see.
  if (++modules % 20 === 0) globalThis.gc();
}
