import { tools } from "../../../tools/index.ts";
import { serveWithoutLimits } from "./put-together.ts";

await serveWithoutLimits(tools);
