// compile.mjs FILE: compiles a module as the engine's options say, once, and prints what that took.
import {readFileSync} from 'node:fs';

function codeBytes(bytes) {
  for (let at = 8; at < bytes.length;) {
    const id = bytes[at++];
    let size = 0, shift = 0, byte;
    do {
      byte = bytes[at++];
      size += (byte & 0x7f) * 2 ** shift;
      shift += 7;
    } while (byte & 0x80);
    if (id === 10) return size;
    at += size;
  }
  return 0;
}

const before = process.memoryUsage.rss();
const bytes = readFileSync(process.argv[2]);
const start = process.cpuUsage();
const module = new WebAssembly.Module(bytes);
const {user, system} = process.cpuUsage(start);
const peak = process.resourceUsage().maxRSS * 1024 - before;
console.log(`code_bytes=${codeBytes(bytes)} module_bytes=${bytes.length} cpu_ns=${(user + system) * 1000} peak_bytes=${peak}`);
if (!module) process.exit(1);
