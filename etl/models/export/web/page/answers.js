/** What an export is compared by. */
function answer(texts) {
  return texts.map((text) => {
    const start = performance.now();
    const { probabilities } = classify(text);
    const milliseconds = performance.now() - start;
    const { tokens, ...encoded } = encode(text);
    const kept = tokens.filter(({ isKept }) => isKept).map(({ token }) => token);
    return { ...encoded, tokens: kept, probabilities: labels.map((label) => probabilities[label]), milliseconds };
  });
}
