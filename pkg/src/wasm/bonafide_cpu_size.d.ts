// Type of the file that scripts/build-wasm.sh writes to dist/wasm: bytes of bonafide_cpu_bg.wasm.
declare const bytes: number;
export default bytes;
