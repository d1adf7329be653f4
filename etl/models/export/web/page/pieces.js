// The files lie beside this one: on the disk, where `fetch` reads none, or on a server.
async function readBeside(name) {
  const address = new URL(name, import.meta.url);
  if (address.protocol === "file:") {
    const { readFile } = await import("node:fs/promises");
    return new Uint8Array(await readFile(address));
  }
  const response = await fetch(address);
  if (!response.ok) throw new Error(`the server answers ${response.status} to ${name}`);
  return new Uint8Array(await response.arrayBuffer());
}

const [pack, model, runtime] = await Promise.all(
  ["preparation.pack", "model.onnx", "ort-wasm-simd-threaded.wasm"].map(readBeside),
);
ort.env.wasm.wasmBinary = runtime;
ort.env.wasm.numThreads = 1; // more need a server that isolates the page from all others
const session = await ort.InferenceSession.create(model, { executionProviders: ["wasm"] });

const classifier = await openPieceClassifier(pack, async (ids) => {
  const given = await session.run({ ids: new ort.Tensor("int32", ids, [1, ids.length]) });
  return given.probabilities.data;
});

export const { classify, encode, labels } = classifier;
