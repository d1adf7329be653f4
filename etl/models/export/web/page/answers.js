/** What an export is compared by. */
async function answer(texts) {
  const answers = [];
  for (const text of texts) {
    const start = performance.now();
    const { probabilities } = await classify(text);
    const milliseconds = performance.now() - start;
    const { tokens, ...encoded } = encode(text);
    const kept = tokens?.filter(({ isKept }) => isKept).map(({ token }) => token) ?? null;
    const all = labels.map((label) => probabilities[label]);
    answers.push({ ...encoded, tokens: kept, probabilities: all, milliseconds });
  }
  return answers;
}
