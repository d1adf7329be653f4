// A page that holds its model, or has it in `model.js` beside it.
import { openClassifier } from "../runtime/classify.js";
import { decodeBase64 } from "../runtime/pack.js";
import { startPage } from "./page.js";

startPage(openClassifier(decodeBase64(globalThis.emotionModel)), "failed");
