/** The major versions of Postgres that come with the project's npm packages. */
export const postgresMajors = [14, 15, 16, 17, 18] as const;

export type PostgresMajor = (typeof postgresMajors)[number];
