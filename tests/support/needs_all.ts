/**
 * For a test that does itself what only `-A` allows, such as making a symbolic link: it is left out where the server's
 * tests run with the server's own permissions (`deno task test:narrow`).
 */
export const needsAll = { ignore: Deno.permissions.querySync({ name: "read" }).state !== "granted" };
