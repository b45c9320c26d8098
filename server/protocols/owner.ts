/** The owner of every upload, because there is no login. */
export const OWNER = "anonymous";
