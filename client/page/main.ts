import { UploadStore } from "../mod.ts";
import { Access, arrive } from "./access.ts";
import { announcerIn } from "./announcer.ts";
import { GivenNames } from "./given_names.ts";
import { Intake } from "./intake.ts";
import { Language } from "./language.ts";
import { Modules } from "./modules.ts";
import { Notices } from "./notices.ts";
import { notTakenText } from "./not_taken.ts";
import { mendOlderBrowsers } from "./older_browsers.ts";
import { nameHere } from "./server.ts";
import { may, type Visitor } from "./session.ts";
import { LINK_VISITOR, UploadLink } from "./upload_link.ts";
import type { Uploads } from "./uploads.ts";

// The page's first script: all that its buttons need until files are chosen. The rest, `uploads.ts`, is on its way when
// this script runs. Whatever is chosen or pressed before it has come waits for it.

/** How long the page of a link waits to be told what the link is for, before it shows itself. */
const PATIENCE_MS = 1000;

mendOlderBrowsers();
const link = UploadLink.in(location);
// The token of a sign-in link leaves the address before anything else happens.
const store = link?.store ?? new UploadStore({ name: nameHere("pawl") });
const arrival = link === undefined ? arrive() : undefined;
const modules = new Modules();
const status = announcerIn("status");
const notices = new Notices(status);
const language = await Language.load({
  modules,
  onChange() {
    notices.clear();
    access.redraw();
    link?.redraw(language);
    uploads.then((all) => all.redraw());
  },
  onFailure: () => notices.complain(language.messages.notLoaded),
});
const access = new Access({
  language,
  notices,
  onVisitor: welcome,
  onAsk: () => status.sayDone(language.messages.signInAgainHint),
});
const givenNames = new GivenNames();
const intake = new Intake({
  take: async (picked) => (await uploads).take(picked),
  named: (file, word) => givenNames.named(file, { word: language.messages[word], now: new Date() }),
  onIntent: () => uploads.then((all) => all.readLimits()),
  onNotTaken: (what) => notices.complain(notTakenText(what, language.messages)),
});
const uploads = loadUploads();
if (arrival !== undefined) await access.begin(arrival);
if (link !== undefined) {
  welcome(LINK_VISITOR);
  // A database that is silent must not hide the page.
  await Promise.race([link.show(language), new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))]);
}
const { dataset } = document.documentElement;
dataset["ready"] = "";
access.focus();
const all = await uploads;
if (link !== undefined) await all.readLimits();
dataset["ready"] = "all";
all.warmUp();

/** Offers a visitor what the visitor has the right for. */
function welcome(visitor: Visitor): void {
  intake.isOpen = may(visitor, "upload");
  uploads.then((all) => all.welcome(visitor));
}

/** Loads the rest of the page. */
async function loadUploads(): Promise<Uploads> {
  let hasFailed = false;
  const { openUploads } = await modules.loadPatiently<typeof import("./uploads.ts")>("page/uploads", () => {
    hasFailed = true;
    notices.complain(language.messages.stillLoading);
  });
  if (hasFailed) notices.clear();
  return openUploads({ store, language, notices, status, link, askToSignIn: () => access.ask() });
}
