// Type of the file that scripts/build-wasm.sh writes to dist/wasm: bytes of bonafide_webgpu_bg.wasm.
declare const bytes: number;
export default bytes;
