/** @module */
export { buffer } from "./buffer.ts";
export { chunks } from "./chunks.ts";
export { debounce } from "./debounce.ts";
export { map } from "./map.ts";
export { merge } from "./merge.ts";
export { tee } from "./tee.ts";
export { throttle } from "./throttle.ts";
export { timeoutEach } from "./timeout_each.ts";
export { zip } from "./zip.ts";
