import { main } from "../../main.ts";

// The server as main.ts runs it, with a fault for each request: one that rejects where nobody looks, and one that
// throws.
const serve = Deno.serve;
Object.assign(Deno, {
  serve: (options: Deno.ServeTcpOptions, handler: Deno.ServeHandler<Deno.NetAddr>) =>
    serve(options, (request, info) => {
      Promise.reject(new Error("a promise that nobody has"));
      setTimeout(() => {
        throw new Error("a timer that throws");
      });
      return handler(request, info);
    }),
});
await main();
