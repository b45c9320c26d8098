import type { ProxyName } from "./proxy_name.ts";

/** The lines to change for each proxy, besides what to do whatever the proxy is. The words are those of `deploy/proxies`. */
export interface Remedy {
  readonly lines?: Partial<Readonly<Record<ProxyName, readonly string[]>>>;
  /** For every other proxy, and beside the lines. */
  readonly any?: string;
}

/** Cloudflare has no switch for most of it. */
const AROUND_CLOUDFLARE = ['In the DNS settings make the name "DNS only", and put one of deploy/proxies before Pawl'];

/** The lines to change, by what is in the way. */
export const REMEDIES = {
  buffers: {
    lines: {
      nginx: ["proxy_request_buffering off;", "proxy_http_version 1.1;"],
      Caddy: ["take request_buffers out of reverse_proxy"],
      HAProxy: ["take out: option http-buffer-request"],
      Apache: ["take out ModSecurity (SecRuleEngine Off), mod_request, and proxy-sendcl"],
      Traefik: ["take the buffering middleware out of the router"],
      Cloudflare: AROUND_CLOUDFLARE,
    },
    any: "Turn off what reads whole requests before it passes them on",
  },
  limit: {
    lines: {
      nginx: ["client_max_body_size 0;"],
      Caddy: ["take out: request_body { max_size … }"],
      HAProxy: ["take out the http-request deny rule about req.body_size or content-length"],
      Apache: ["LimitRequestBody 0"],
      Traefik: ["take the buffering middleware (maxRequestBodyBytes) out of the router"],
      Cloudflare: ["The limit belongs to your plan", ...AROUND_CLOUDFLARE],
    },
    any: "Turn off the proxy's limit: Pawl has its own (--max-size), and names it to its clients",
  },
  silence: {
    lines: {
      nginx: ["client_body_timeout 75s;", "proxy_send_timeout 75s;", "proxy_read_timeout 300s;"],
      HAProxy: ["timeout client 75s", "timeout server 300s"],
      Apache: [
        "RequestReadTimeout header=20-40,MinRate=500 body=0",
        "Timeout 75",
        "ProxyPass / http://127.0.0.1:8080/ nocanon flushpackets=on timeout=300",
      ],
      Caddy: ["take out of the global servers { timeouts { … } }: read_body"],
      Traefik: ["respondingTimeouts:", "  readTimeout: 0s"],
      Cloudflare: AROUND_CLOUDFLARE,
    },
    any: "Let the proxy wait for 75 s, which is longer than Pawl's own --idle-timeout (60 s by default)",
  },
  slow: {
    lines: {
      nginx: ["client_body_timeout 75s;", "proxy_read_timeout 300s;"],
      HAProxy: ["timeout client 75s", "timeout server 300s"],
      Apache: ["RequestReadTimeout header=20-40,MinRate=500 body=0"],
      Caddy: ["take out of the global servers { timeouts { … } }: read_body"],
      Traefik: ["respondingTimeouts:", "  readTimeout: 0s"],
      Cloudflare: AROUND_CLOUDFLARE,
    },
    any: "Let the proxy end no request that is not silent",
  },
  early: {
    lines: {
      nginx: ["proxy_request_buffering off;", "proxy_http_version 1.1;"],
      Apache: ["start Pawl with --trust-proxy and the address of Apache: it reads on further then (docs/proxies.md)"],
    },
    any: "Let the proxy pass on an answer that comes before the end of the body",
  },
  errors: {
    lines: {
      nginx: ["proxy_intercept_errors off;"],
      Caddy: ["take handle_response and handle_errors out of the site"],
      HAProxy: ["take out the http-response rules that replace answers (http-error, return)"],
      Apache: ["ProxyErrorOverride Off"],
      Traefik: ["take the errors middleware out of the router"],
      Cloudflare: ["take out the custom error rules of this name"],
    },
    any: "Let the proxy pass on Pawl's own error answers",
  },
  requestHeaders: {
    lines: {
      nginx: ["take out the proxy_set_header and more_clear_input_headers lines about these headers"],
      Caddy: ["take out the header_up lines about these headers"],
      HAProxy: ["take out the http-request del-header and set-header lines about these headers"],
      Apache: ["take out the RequestHeader lines about these headers"],
      Traefik: ["take them out of customRequestHeaders"],
    },
    any: "Let the proxy pass these headers on to Pawl as they are",
  },
  answerHeaders: {
    lines: {
      nginx: ["take out the proxy_hide_header and more_clear_headers lines about these headers"],
      Caddy: ["take out the header and header_down lines about these headers"],
      HAProxy: ["take out the http-response del-header lines about these headers"],
      Apache: ["take out the Header unset lines about these headers"],
      Traefik: ["take them out of customResponseHeaders"],
    },
    any: "Let the proxy pass these headers on to the client as they are",
  },
  methods: {
    lines: {
      nginx: ["take out limit_except, and the if about $request_method"],
      Caddy: ["take out the method matcher"],
      HAProxy: ["take out the http-request deny rule about method"],
      Apache: ["take out <Limit>, <LimitExcept> and AllowMethods"],
    },
    any: "Let GET, HEAD, POST, PATCH, DELETE and OPTIONS through",
  },
  chunked: {
    lines: {
      nginx: ["proxy_http_version 1.1;", "proxy_request_buffering off;"],
      Apache: ["take out ModSecurity's rule about Transfer-Encoding"],
    },
    any: "Let bodies without a Content-Length through (Transfer-Encoding: chunked)",
  },
  interim: {
    any:
      "Start Pawl with --interim=off: clients that begin an upload without its bytes go on after a break all the same",
  },
  unpacked: {
    lines: { Apache: ["take out: SetInputFilter DEFLATE"] },
    any: "Let the proxy pass bodies on with their Content-Encoding, and unpack none",
  },
  cached: {
    lines: {
      nginx: ["proxy_cache off;"],
      Apache: ["CacheDisable /"],
      Cloudflare: ["Add a cache rule for this name: Bypass cache"],
    },
    any: "Let no answer of Pawl's be kept: they say Cache-Control: no-store",
  },
  compressed: {
    lines: {
      nginx: ["gzip off;"],
      Caddy: ["take out: encode"],
      HAProxy: ["take out: filter compression, compression algo"],
      Apache: ["SetEnv no-gzip 1"],
      Traefik: ["take the compress middleware out of the router"],
      Cloudflare: ["Add a compression rule for this name: Disable compression"],
    },
    any: "Let the proxy compress nothing that comes from Pawl",
  },
  range: {
    lines: {
      nginx: ["proxy_cache off;", "take out: proxy_set_header Range"],
      Caddy: ["take out: header_up Range"],
      Apache: ["take out: RequestHeader unset Range, MaxRanges none"],
    },
    any: "Let Range through, and pass the 206 on as it is",
  },
  host: {
    lines: {
      nginx: ["proxy_set_header Host $http_host;"],
      Caddy: ["take out: header_up Host"],
      HAProxy: ["take out: http-request set-header Host"],
      Apache: ["ProxyPreserveHost On"],
      Traefik: ["passHostHeader: true"],
    },
    any: "Let the proxy pass the name on, or start Pawl with --public-url and this address",
  },
  scheme: {
    lines: {
      nginx: ["proxy_set_header X-Forwarded-For $remote_addr;", "proxy_set_header X-Forwarded-Proto $scheme;"],
      HAProxy: ["http-request set-header X-Forwarded-For %[src]", "http-request set-header X-Forwarded-Proto https"],
      Apache: ["RequestHeader set X-Forwarded-Proto https"],
    },
    any: "Start Pawl with --public-url and this address, and with --trust-proxy and the proxy's address",
  },
  login: {
    any: "Let the proxy ask for no sign-in of its own at these paths: /status, /upload, /files/, /api/",
  },
  http2: {
    lines: {
      nginx: ["listen 443 ssl http2;"],
      HAProxy: ["bind :443 ssl crt /etc/haproxy/files.example.com.pem alpn h2,http/1.1"],
      Apache: ["Protocols h2 http/1.1"],
    },
    any: "Turn HTTP/2 on",
  },
} as const satisfies Readonly<Record<string, Remedy>>;
