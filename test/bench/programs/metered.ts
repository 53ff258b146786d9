import { answerMeasures } from "./meter.ts";

// Loaded with `--import` before the built program, which so can be measured as it is.

answerMeasures(() => ({}));
