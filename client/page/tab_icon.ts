const SIDE = 32;
const COLOURS = { sending: "#0f766e", waiting: "#b45309", paused: "#565f63", failed: "#a61b1b", done: "#0f766e" };

/** The states that the icon of the tab shows. */
export type TabState = keyof typeof COLOURS;

/** The icon of the tab: how far the uploads are, so that it can be seen while another tab is in front. */
export class TabIcon {
  readonly #link = document.querySelector<HTMLLinkElement>("link[rel=icon]");
  readonly #usual = this.#link?.getAttribute("href") ?? "";
  #shown = "";

  /** Shows the share of the bytes that are safe, from 0 to 1, or the page's own icon when there are no uploads. */
  show(state: TabState | undefined, part = 0): void {
    const percent = Math.floor(100 * part);
    const shown = state === undefined ? "" : `${state} ${state === "sending" ? percent : ""}`;
    if (this.#link === null || shown === this.#shown) return;
    this.#shown = shown;
    this.#link.href = state === undefined ? this.#usual : drawTabIcon(state, percent) ?? this.#usual;
  }
}

/** Draws the icon of a state, and gives its address. */
export function drawTabIcon(state: TabState, percent: number): string | undefined {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIDE;
  const pen = canvas.getContext("2d");
  if (pen === null) return undefined;
  const line = (width: number, colour: string, ...path: [x: number, y: number][]) => {
    pen.lineWidth = width;
    pen.strokeStyle = colour;
    pen.beginPath();
    for (const [x, y] of path) pen.lineTo(x, y);
    pen.stroke();
  };
  pen.lineCap = pen.lineJoin = "round";
  pen.fillStyle = COLOURS[state];
  pen.beginPath();
  pen.arc(16, 16, 16, 0, 2 * Math.PI);
  pen.fill();
  if (state === "done") line(4, "#fff", [9, 17], [14, 22], [23, 11]);
  if (state === "failed") line(4, "#fff", [16, 8], [16, 18]), line(4, "#fff", [16, 24], [16, 24]);
  if (state === "paused") line(4, "#fff", [12, 10], [12, 22]), line(4, "#fff", [20, 10], [20, 22]);
  if (state === "waiting") line(4, "#fff", [16, 8], [16, 16], [22, 20]);
  if (state === "sending") {
    pen.fillStyle = "#fff";
    pen.beginPath();
    pen.moveTo(16, 16);
    pen.arc(16, 16, 12, -Math.PI / 2, -Math.PI / 2 + 2 * Math.PI * percent / 100);
    pen.fill();
  }
  return canvas.toDataURL();
}
