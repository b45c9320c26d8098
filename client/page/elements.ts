/** Finds the element of `static/index.html` with that id. Throws when it is not there, or is another one. */
export function find<T extends HTMLElement>(id: string, type: { new (): T }): T {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`Cannot show the page: static/index.html has no #${id}`);
  return element;
}

/** Finds the one element of a class inside another. */
export function part<T extends HTMLElement>(within: ParentNode, className: string, type: { new (): T }): T {
  const element = within.querySelector(`.${className}`);
  if (!(element instanceof type)) throw new Error(`Cannot show the page: static/index.html has no .${className}`);
  return element;
}

/** A copy of what is inside the template with that id. */
export function copyTemplate(id: string): HTMLElement {
  const first = find(id, HTMLTemplateElement).content.firstElementChild;
  if (!(first instanceof HTMLElement)) throw new Error(`Cannot show the page: the template #${id} is empty`);
  return document.importNode(first, true);
}

/** Whether nothing has the focus that can be seen: what was pressed may be gone now, or while a question was open. */
export function isFocusLost(): boolean {
  const focused = document.activeElement;
  return focused === null || focused === document.body || focused.getClientRects().length === 0;
}

/** Writes a text where it is not there already: what is written anew is laid out anew, and spoken again. */
export function write(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
