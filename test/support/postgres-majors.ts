import { type PostgresMajor, postgresMajors } from "../../src/standin/postgres-major.ts";

/** What the tests run on unless TEST_POSTGRES says otherwise: the oldest with today's rules for `public`, and a recent one. */
const usualMajors = "15,17";

/**
 * The Postgres versions that TEST_POSTGRES lists, such as `14,18` or `all`; by default two.
 * @throws Error when it lists one that does not exist
 */
export function chosenMajors(listed: string = usualMajors): readonly PostgresMajor[] {
  if (listed === "all") return postgresMajors;
  return listed.split(",").map((word) => {
    const major = postgresMajors.find((known) => String(known) === word.trim());
    if (major === undefined) throw new Error(`TEST_POSTGRES lists ${word}; there are ${postgresMajors.join(", ")}`);
    return major;
  });
}
