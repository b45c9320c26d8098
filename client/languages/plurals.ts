type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };

/** Chooses a form of a text by the number, as the language wants it. `#` in the text becomes the number. */
export function plurals(locale: string): (count: number, forms: Forms) => string {
  const rules = new Intl.PluralRules(locale);
  const digits = new Intl.NumberFormat(locale);
  return (count, forms) => (forms[rules.select(count)] ?? forms.other).replace("#", digits.format(count));
}
