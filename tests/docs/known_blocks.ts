/** How a test runs one block of shell in the documentation. */
export interface HowToRun {
  /** Lines that the shell runs first: what the reader has done before, or programs that a test must not start. */
  readonly before?: string;
  /** Texts of the block, and what the test puts in their places, besides {@linkcode REPLACED}. */
  readonly replaced?: Readonly<Record<string, string>>;
  /** Lines behind the block: they fail, as every line does, if it did not do what the documentation says. */
  readonly after?: string;
}

/** A block that no test runs, with the reason. */
export interface NotRun {
  readonly notRun: string;
}

/**
 * What every block has and no test can have, and what stands there instead. `$URL` is the address of one server that
 * lets everybody in, and `$PAWL_DATA` its data folder. Each block runs in an empty folder of its own, and beside others.
 */
export const REPLACED: Readonly<Record<string, string>> = {
  "http://localhost:8080": "$URL",
  // A test lets no other machine in.
  "0.0.0.0": "127.0.0.1",
  "--allow-net=127.0.0.1:8080": "--allow-net=127.0.0.1:0",
  "/mnt/backups/": "$PWD/",
};

const FILM = "head -c 300000 /dev/urandom > film.mkv";
const SENT = 'test "$(curl -fsS $URL/status -H "X-File-Id: my-film")" = 300000';

/** Adds a token to the one server. */
const TOKEN = "TOKEN=$(deno run -A main.ts token add sender-$$ 2> token.txt | grep -o 'pawl_[A-Za-z0-9_-]*')";
/** Makes a backup, as the chapter of the block has it, and a data folder that is to be replaced. */
const BACKUP = "deno run -A main.ts backup 2026-11-30; mkdir data; echo broken > data/pawl.db";
/** Lets two deliveries wait, of a server that has ended. */
const WAITING = `export PAWL_WEBHOOK_SECRET="whsec_$(openssl rand -base64 32)"
start run -A $ROOT/main.ts --webhook http://127.0.0.1:1/ --webhook-allow-private
curl -fsS --data-binary x -H "X-File-Id: waits" $ADDRESS/upload
stop
export PAWL_DATA=data`;

/** What `send` sends, and a cache folder of its own. */
const TO_SEND = `${FILM}; mkdir photos; echo clip > photos/clip.mp4; export XDG_CACHE_HOME="$PWD/cache"`;
/** Makes a certificate, in the places of certbot's. */
const CERTIFICATE = `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \\
  -subj /CN=up.example -addext subjectAltName=DNS:up.example -keyout privkey.pem -out fullchain.pem 2> openssl.txt`;

/**
 * Every block of shell in the README and in docs/: its file, its first line, and how it is run. `{}` runs it as it is.
 * `deno run … main.ts` without a command starts a server, waits until it runs, and ends it by SIGTERM. `deno task` only
 * looks whether there is such a task.
 */
export const KNOWN: Readonly<Record<string, HowToRun | NotRun>> = {
  "README.md: npx -y deno@2.9.6 run -A main.ts     # the server: open http://localhost:8080": {},
  "README.md: deno run -A main.ts send film.mkv photos http://localhost:8080": {
    before: TO_SEND,
    after: 'test -e "$PAWL_DATA/files/photos/clip.mp4"',
  },
  'README.md: curl --data-binary @film.mkv -H "X-File-Id: my-film" -H "X-File-Name: film.mkv" http://localhost:8080/upload':
    { before: FILM, after: SENT },
  "README.md: file=film.mkv server=http://localhost:8080": {
    before: FILM,
    after: 'test "$(curl -fsS $URL/status -H "X-File-Id: $id")" = 300000',
  },
  'README.md: for file in photos/*; do set -- "$@" -F "file=@\\"$file\\""; done': {
    before: "mkdir photos && echo 1 > photos/one.jpg && echo 2 > 'photos/two 2.jpg'",
    after: 'test -e "$PAWL_DATA/files/one.jpg" && test -e "$PAWL_DATA/files/two 2.jpg"',
  },
  "README.md: deno run -A main.ts --host 0.0.0.0": {},
  "README.md: deno run -A main.ts token add anna": {},
  'README.md: curl -u :TOKEN --data-binary @film.mkv -H "X-File-Id: my-film" http://localhost:8080/upload': {
    before: `${FILM}; ${TOKEN}`,
    replaced: { ":TOKEN": ':"$TOKEN"' },
    after: 'test "$(curl -fsS -u :"$TOKEN" $URL/status -H "X-File-Id: my-film")" = 300000',
  },
  'README.md: deno run -A main.ts link add --folder inbox --max-files 20 --quota 5GB --note "Photos of the party"': {
    before: "echo 'a long password' > secret.txt",
    replaced: { "remove ID": `remove "$(deno run -A main.ts link list | awk '/of the party/ { print $1 }')"` },
  },
  "README.md: deno run -A main.ts --trust-proxy 127.0.0.1 --user-header Remote-User": {},
  "docs/options.md: deno run -A main.ts --config pawl.json --check-config": {
    before: `echo '{ "max-size": "20GiB" }' > pawl.json`,
  },
  "README.md: deno run -A main.ts --host 0.0.0.0 --port 443 --http-redirect 80 --public-url https://up.example \\": {
    before: CERTIFICATE,
    replaced: {
      "--port 443": "--port 0",
      "--http-redirect 80": "--http-redirect 0",
      "/etc/letsencrypt/live/up.example/": "$PWD/",
    },
    after: "grep '^Pawl is at https://' served && grep 'is led to HTTPS' served",
  },
  "README.md: deno run -A main.ts list": {},
  "README.md: deno run --allow-net=127.0.0.1:8080 --allow-read=static,client,data --allow-write=data \\": {
    replaced: { "--allow-read=static,client,data": "--allow-read=$ROOT/static,$ROOT/client,data" },
  },
  'docs/api.md: curl -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \\': {
    before: TOKEN,
    after: "deno run -A main.ts link list | grep Photos",
  },
  "docs/deploy.md: deno task compile        # ./pawl, for this machine": {},
  "docs/deploy.md: install -m 755 pawl /usr/local/bin/pawl": {
    notRun: "needs root and a running systemd; tests/deploy/systemd_test.ts runs the unit's command",
  },
  "docs/deploy.md: DENO_DIR=/opt/pawl/.deno deno cache /opt/pawl/main.ts": {
    notRun: "needs root, and loads every package anew; tests/deploy/systemd_test.ts runs the command of pawl-deno.conf",
  },
  "docs/deploy.md: docker build -t pawl -f deploy/Dockerfile .": {
    notRun: "needs Docker; tests/deploy/containers_test.ts runs what the image runs",
  },
  "docs/deploy.md: docker compose -f deploy/compose.many.yaml build      # with the PAWL_PUBLIC_URL of the start": {
    notRun: "needs Docker; tests/shared/rolling_update_test.ts replaces two instances behind nginx",
  },
  "docs/deploy.md: pawl health                          # this machine's server": {
    before: 'pawl() { "$DENO" run -A $ROOT/main.ts "$@"; }; export PAWL_PORT="${URL##*:}"',
    replaced: { "https://up.example": "$URL" },
  },
  "docs/embedding.md: deno run -A --config pawl/deno.json app.ts": {
    notRun: "tests/embedding_test.ts runs it, with the program above it",
  },
  "docs/embedding.md: deno serve -A --host 127.0.0.1 --port 8080 serve_entry.ts --data uploads": {
    notRun: "tests/embedding_test.ts runs it, on a free port",
  },
  "docs/ietf.md: curl --data-binary @clip.mkv -H 'Upload-Complete: ?1' -H 'Content-Disposition: inline; filename=\"clip.mkv\"' \\":
    { before: "head -c 300000 /dev/urandom > clip.mkv", after: 'cmp clip.mkv "$PAWL_DATA/files/clip.mkv"' },
  "docs/operations.md: export OTEL_DENO=true OTEL_DENO_METRICS=false OTEL_PROPAGATORS=tracecontext OTEL_SERVICE_NAME=pawl":
    {
      replaced: { "http://collector:4318": "http://127.0.0.1:1" },
    },
  "docs/operations.md: deno run -A main.ts list": {},
  "docs/operations.md: deno run -A main.ts verify": {},
  "docs/operations.md: deno run -A main.ts backup /mnt/backups/2026-11-30": {},
  "docs/operations.md: deno run -A main.ts verify --data /mnt/backups/2026-11-30": { before: BACKUP },
  "docs/operations.md: deno run -A main.ts gc": {},
  "docs/operations.md: cp -a data /mnt/disk2/pawl": {
    before: "deno run -A main.ts backup data; mkdir disk2",
    replaced: { "/mnt/disk2/": "disk2/" },
  },
  "docs/performance.md: deno task bench                      # every job, five rounds": {},
  "docs/performance.md: deno task bench:browser                  # every job, three rounds: about 20 minutes on a quiet machine":
    {},
  "docs/proxies.md: deno run -A main.ts --trust-proxy 127.0.0.1 --public-url https://files.example.com": {},
  "docs/send.md: deno run -A main.ts send film.mkv photos http://localhost:8080": {
    before: TO_SEND,
    after: 'test -e "$PAWL_DATA/files/photos/clip.mp4"',
  },
  "docs/send.md: pg_dump shop | gzip | deno run -A main.ts send --name shop.sql.gz --into backups - https://up.example":
    {
      before: `${TO_SEND}; pg_dump() { echo "the tables of $1"; }`,
      replaced: { "https://up.example": "$URL" },
      after: `gunzip -c "$PAWL_DATA/files/backups/shop.sql.gz" | grep -x 'the tables of shop'`,
    },
  'docs/webhooks.md: export PAWL_WEBHOOK_SECRET="whsec_$(openssl rand -base64 32)"': {},
  "docs/webhooks.md: deno run -A main.ts --hook-command /usr/local/bin/on-upload --webhook-events upload.completed": {},
  "docs/webhooks.md: #!/bin/sh": {
    before: `jq() { echo inbox/film.mkv; }
ffmpeg() { test "$*" = "-i /srv/pawl/files/inbox/film.mkv /srv/films/film.mkv.mp4"; }`,
  },
  "docs/webhooks.md: deno run -A main.ts webhook list          # hook, event, upload, attempts, next one, and why the last one failed":
    {
      before: WAITING,
      replaced: { "drop EVENT": `drop "$(deno run -A main.ts webhook list | awk 'NR == 1 { print $2 }')"` },
    },
  "docs/scale.md: pawl doctor --bucket": {
    notRun: "it needs an S3 server: tests/shared/doctor_test.ts runs it on Ceph and PostgreSQL",
  },
  "docs/doctor.md: deno run -A main.ts doctor http://localhost:8081": {
    notRun: "it waits for 72 seconds behind an nginx: tests/deploy/doctor_test.ts does so with short waits",
  },
};
