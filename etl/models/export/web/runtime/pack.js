// Reads a pack: a safetensors file, gzipped. The format stands in etl/models/export/pack/container.py.

const arrayTypes = {
  U8: Uint8Array,
  I8: Int8Array,
  U16: Uint16Array,
  I16: Int16Array,
  U32: Uint32Array,
  I32: Int32Array,
  F32: Float32Array,
};

/** @param {string} text @returns {Uint8Array} */
export function decodeBase64(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let at = 0; at < characters.length; at++) bytes[at] = characters.charCodeAt(at);
  return bytes;
}

/**
 * @param {Uint8Array} bytes
 * @returns {Promise<{config: any, tensors: Record<string, any>}>} the arrays by name, as typed arrays
 */
export async function openPack(bytes) {
  const unzipped = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const buffer = await new Response(unzipped).arrayBuffer();
  const headerEnd = 8 + Number(new DataView(buffer).getBigUint64(0, true));
  const decoder = new TextDecoder();
  const header = JSON.parse(decoder.decode(new Uint8Array(buffer, 8, headerEnd - 8)));
  const tensors = {};
  for (const [name, { dtype, data_offsets: [start, end] }] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    // A copy, since a view has to begin at a multiple of the size of its numbers.
    tensors[name] = new arrayTypes[dtype](buffer.slice(headerEnd + start, headerEnd + end));
  }
  const { config, ...others } = tensors;
  return { config: JSON.parse(decoder.decode(config)), tensors: others };
}
