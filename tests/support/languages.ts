import { LANGUAGES } from "../../client/page/language.ts";
import { extent } from "./campaign.ts";

/** The languages in which the page is looked at: English and the one with the longest words, or all. */
export const LANGUAGES_TRIED = extent({ short: ["en", "ru"], long: Object.keys(LANGUAGES) });
