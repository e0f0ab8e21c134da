/** How long a connection to our own Postgres may take to be made, in milliseconds. */
export const connectLimitMs = 30_000;
