/** Whose uploads these are, as long as nobody has to say who they are. */
export const OWNER = "anonymous";
