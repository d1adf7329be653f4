// A page whose model is loaded by the module beside it, which a browser only does from a server.
import { startPage } from "./page.js";

const isOfServer = location.protocol !== "file:";
startPage(isOfServer ? import("./classifier.js") : Promise.reject(new Error("file:")), isOfServer ? "failed" : "from_disk");
