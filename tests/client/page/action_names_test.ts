import { assertStringIncludes } from "@std/assert";
import type { Messages } from "../../../client/languages/messages.ts";
import { LANGUAGES } from "../../../client/page/language.ts";

Deno.test("each button's name for a screen reader has the text that is seen on it, and the file (WCAG 2.5.3)", async () => {
  for (const tag of Object.keys(LANGUAGES)) {
    const { messages }: { messages: Messages } = await import(`../../../client/languages/${tag}.ts`);
    for (const { label, of } of Object.values(messages.actions)) {
      const name = of("film.mkv");
      assertStringIncludes(name.toLowerCase(), label.toLowerCase(), tag);
      assertStringIncludes(name, "film.mkv", tag);
    }
  }
});
