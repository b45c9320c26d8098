/** Finds the element of `static/index.html` with that id. Throws when there is none, or one of another type. */
export function find<T extends HTMLElement>(id: string, type: { new (): T }): T {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`Cannot show the page: static/index.html has no #${id}`);
  return element;
}

/**
 * Gives the whole page a class, or takes it away. Styles ask for it, because a browser is busy with all of the page when
 * they ask what some part of it is like.
 */
export function markPage(className: string, isSet: boolean): void {
  document.documentElement.classList.toggle(className, isSet);
}

/** Finds the one element of a class inside another. */
export function part<T extends HTMLElement>(within: ParentNode, className: string, type: { new (): T }): T {
  const element = within.querySelector(`.${className}`);
  if (!(element instanceof type)) throw new Error(`Cannot show the page: static/index.html has no .${className}`);
  return element;
}

/** Copies the element inside the template with that id. */
export function copyTemplate(id: string): HTMLElement {
  const first = find(id, HTMLTemplateElement).content.firstElementChild;
  if (!(first instanceof HTMLElement)) throw new Error(`Cannot show the page: the template #${id} is empty`);
  return document.importNode(first, true);
}

/** True when no visible element has the focus. A button that was pressed may be gone by now. */
export function isFocusLost(): boolean {
  const focused = document.activeElement;
  return focused === null || focused === document.body || focused.getClientRects().length === 0;
}

/**
 * Writes a text, unless it is there already. The browser lays out, and a screen reader speaks, whatever is written
 * anew.
 */
export function write(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Sets those properties of an element, or of its `dataset`, that differ. A browser looks for styles anew when an
 * attribute is set, also when it has that value already.
 */
export function set<Target extends object>(target: Target, wanted: Partial<Target>): void {
  for (const name of Object.keys(wanted) as (keyof Target)[]) {
    if (target[name] !== wanted[name]) target[name] = wanted[name] as Target[typeof name];
  }
}
