// Answers, and does nothing else. It prints its port.
Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  // deno-lint-ignore no-console -- its standard output is how the port is handed over
  onListen: ({ port }) => console.log(port),
}, () => new Response("idle"));
