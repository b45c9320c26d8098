export { default as build } from "uppy/dist/uppy.min.mjs" with { type: "text" };
export { default as style } from "uppy/dist/uppy.min.css" with { type: "text" };
