/** The packages that a program of today has, in fixed versions. */
export const PACKAGES: Readonly<Record<string, string>> = {
  "@types/node": "20.19.8",
  "@types/react": "19.3.3",
  "@types/react-dom": "19.3.0",
  "react": "19.3.1",
  "react-dom": "19.3.1",
  "typescript": "7.0.2",
  "vite": "7.3.8",
};

const STRICT = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
  // The declarations of the library are checked too, not only what the program does with them.
  skipLibCheck: false,
};

/** The compilers' settings, by the names of their files. */
export const CONFIGS: Readonly<Record<string, unknown>> = {
  "tsconfig.json": {
    compilerOptions: {
      ...STRICT,
      target: "es2022",
      lib: ["es2024", "dom", "dom.iterable"],
      module: "esnext",
      moduleResolution: "bundler",
      jsx: "react-jsx",
      types: [],
    },
    files: ["main.tsx"],
  },
  "tsconfig.node.json": {
    compilerOptions: {
      ...STRICT,
      // The declarations of Node itself are wrong by this one.
      exactOptionalPropertyTypes: false,
      target: "es2022",
      module: "node16",
      moduleResolution: "node16",
      types: ["node"],
    },
    files: ["upload.mts"],
  },
};

const MAIN = `import { useState } from "react";
import { createRoot } from "react-dom/client";
import { type Progress, UploadError, Uploader } from "@pawl/client";

const endpoint = new URLSearchParams(location.search).get("server") ?? "";

function Upload() {
  const [progress, setProgress] = useState<Progress>();
  const [answer, setAnswer] = useState("");

  async function send(file: File | undefined) {
    if (file === undefined) return;
    const uploader = new Uploader({ file, endpoint, onProgress: setProgress });
    try {
      if (await uploader.upload()) setAnswer(\`There: \${uploader.href}\`);
    } catch (error) {
      setAnswer(error instanceof UploadError ? error.code : String(error));
    }
  }

  return (
    <>
      <input type="file" onChange={({ target }) => void send(target.files?.[0])} />
      <progress max={progress?.total ?? 1} value={progress?.confirmed ?? 0} />
      <output>{answer}</output>
    </>
  );
}

createRoot(document.getElementById("root")!).render(<Upload />);
`;

const NODE = `import { openAsBlob } from "node:fs";
import { basename } from "node:path";
import { createFetchTransport, Uploader, UploadError } from "@pawl/client";

const [path = "", endpoint = ""] = process.argv.slice(2);
const uploader = new Uploader({
  file: await openAsBlob(path),
  name: basename(path),
  id: "from Node",
  endpoint,
  transport: createFetchTransport(),
});
const states: string[] = [];
const counts = new Set<number>();
uploader.on("state", (state) => states.push(state));
uploader.on("progress", ({ sent }) => counts.add(sent));
try {
  await uploader.upload({ signal: AbortSignal.timeout(60_000) });
} catch (error) {
  states.push(error instanceof UploadError ? error.code : String(error));
}
console.log(JSON.stringify({ states, counts: counts.size, href: uploader.href }));
`;

/** The files of the program, by their names. */
export const FILES: Readonly<Record<string, string>> = {
  "index.html": `<!DOCTYPE html><title>App</title><div id="root"></div><script type="module" src="/main.tsx"></script>`,
  "main.tsx": MAIN,
  "upload.mts": NODE,
  "one.mjs": `export { Uploader } from "@pawl/client";\n`,
  "many.mjs": `export { UploadQueue } from "@pawl/client";\n`,
};
