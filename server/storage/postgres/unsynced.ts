/**
 * A column of a `SELECT`, or of what a change returns, by which its commit waits neither for the database's disk nor for a
 * standby: for what a crash may forget.
 */
export const UNSYNCED = "set_config('synchronous_commit', 'off', true)";
