/** The major versions of Postgres that come with the project's npm packages. */
export const postgresMajors = [15, 17] as const;

export type PostgresMajor = (typeof postgresMajors)[number];
