// The core, which travels as text inside a script: the page may not fetch anything.
import init, * as core from "./samlgate_playground.js";
import wasm from "./samlgate_playground_bg.wasm.js";

await init({ module_or_path: Uint8Array.from(atob(wasm), (character) => character.charCodeAt(0)) });

export const version = core.version();
export const schema = JSON.parse(core.schema());

/** Calls an export that takes and gives JSON. */
export function call(name, input) {
  const answer = JSON.parse(core[name](JSON.stringify(input)));
  if (answer.problem) throw new Error(answer.problem);
  return answer;
}
