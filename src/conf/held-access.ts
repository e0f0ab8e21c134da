/** A line up to its comment. */
const beforeComment = /^(?:"(?:[^"]|"")*"|[^"#])*/;
/** One word of a rule: quoted, with doubled quotes inside, or bare; commas belong to it. */
const word = /(?:"(?:[^"]|"")*"|[^\s"#])+/g;

/**
 * pg_hba.conf with which only `user` gets in, by the rules that let this user in anyway (FIELD-2); nobody gets in who did not
 * before. Rules of others are left out, and so are files that are included.
 */
export function heldHba(text: string, user: string): string {
  const rules = text.split("\n").flatMap((line) => {
    const [type = "", database = "", users = "", ...rest] = (beforeComment.exec(line)?.[0] ?? "").match(word) ?? [];
    if (type === "" || type.startsWith("include") || users === "") return [];
    const named = users.split(",").map((each) => each.replace(/^"(.*)"$/, "$1").replaceAll('""', '"'));
    const lets = users.split(",").includes("all") || named.includes(user);
    return lets ? [[type, database, `"${user.replaceAll('"', '""')}"`, ...rest].join("\t")] : [];
  });
  return `# Only ${JSON.stringify(user)} until roles and databases are in place; compute_ctl puts the other rules back then.\n${rules.join("\n")}\n`;
}
