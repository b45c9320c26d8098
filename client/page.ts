import { Uploader, UploadError } from "./uploader.ts";
import { View } from "./view.ts";

const view = new View();
let uploader: Uploader | undefined;
let uploading = false;

/** Takes what the file field holds, and asks the server whether it knows that file already. */
function choose(): void {
  const file = view.file.files?.[0];
  view.showFile(file);
  uploader = undefined;
  if (file === undefined) return;
  const chosen = new Uploader({
    file,
    // A page may be left open overnight: it shows that it waits and why, and Stop ends it.
    tries: Infinity,
    onProgress(progress) {
      if (chosen !== uploader) return;
      if (progress.state === "done" && chosen.location !== undefined) view.showResult(chosen.location, file.name);
      view.show(progress);
    },
  });
  uploader = chosen;
  chosen.ask();
}

/** A browser does not tell when the same file is chosen again, unless the field has been emptied. */
function forget(): void {
  view.file.value = "";
  uploader = undefined;
}

async function upload(): Promise<void> {
  if (uploader === undefined) {
    view.showError("Choose a file first");
    view.file.focus();
    return;
  }
  if (uploading) return;
  const current = uploader;
  view.showError("");
  uploading = true;
  try {
    await current.upload();
  } catch (error) {
    if (!(error instanceof UploadError)) throw error;
    view.showError(error.message);
    if (error.code === "file-changed") forget();
  } finally {
    uploading = false;
  }
  // Its last answer is older than the last bytes that it received.
  if (view.isUnfinished) await current.ask();
}

view.form.addEventListener("submit", (event) => {
  event.preventDefault();
  upload();
});
view.stop.addEventListener("click", () => uploader?.stop());
view.file.addEventListener("change", choose);

// Without this, a file dropped beside the field would replace the page.
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  event.preventDefault();
  const file = event.dataTransfer?.files[0];
  if (file === undefined || uploading) return;
  const onlyThis = new DataTransfer();
  onlyThis.items.add(file);
  view.file.files = onlyThis.files;
  choose();
});

addEventListener("online", () => uploader?.retryNow());
addEventListener("visibilitychange", () => document.visibilityState === "visible" && uploader?.retryNow());
addEventListener("beforeunload", (event) => uploading && event.preventDefault());

// Some browsers keep the chosen file over a reload.
choose();
