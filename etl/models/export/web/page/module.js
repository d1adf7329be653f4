const classifier = await openClassifier(decodeBase64(globalThis.emotionModel));

export const { classify, encode, labels } = classifier;
