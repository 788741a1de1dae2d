// Runs a test program that was compiled for wasm32-wasip1, as cargo's runner: node run-wasi.mjs PROGRAM ARGUMENTS...
// It sees the repository and nothing else, but for its own processor time where SAMLGATE_PROCESSOR_TIME is set.
import { readFile } from "node:fs/promises";
import { argv, env, cwd, exit } from "node:process";
import { WASI } from "node:wasi";

const [, , program, ...rest] = argv;
// One thread is all there is.
const arguments_ = [program, "--test-threads=1", ...rest];
const root = env.SAMLGATE_ROOT ?? cwd();
const wasi = new WASI({
  version: "preview1",
  args: arguments_,
  env: { RUST_BACKTRACE: "0" },
  preopens: env.SAMLGATE_PROCESSOR_TIME ? { [root]: root, "/proc/self": "/proc/self" } : { [root]: root },
  returnOnExit: true,
});
const module = await WebAssembly.compile(await readFile(program));
const instance = await WebAssembly.instantiate(module, wasi.getImportObject());
exit(wasi.start(instance));
