import type { Messages } from "../languages/messages.ts";

/**
 * The words that come with the page, by the tag of their language. The server puts those of the language that the
 * browser asks for into this module when it links the page's script. In a page that is not linked there are none.
 */
export const BROUGHT_WORDS: Readonly<Record<string, Messages>> = {};
