import { answerMeasures } from "./meter.ts";

// Loaded with `--import` before the built program, so that it can be measured unchanged.

answerMeasures(() => ({}));
