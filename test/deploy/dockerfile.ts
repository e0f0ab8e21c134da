/** An instruction of a Dockerfile, its lines joined. */
interface Instruction {
  readonly name: string;
  readonly text: string;
}

/** One `FROM` and what follows. */
interface Stage {
  readonly name: string;
  readonly instructions: readonly Instruction[];
}

/** The stages of a Dockerfile by name, the one before the first `FROM` left out. */
export function readStages(text: string): ReadonlyMap<string, Stage> {
  const lines = text.split("\n").filter((line) => !/^\s*(#|$)/.test(line));
  const instructions = lines
    .join("\n")
    .replaceAll(/\\\n\s*/g, "")
    .split("\n")
    .map((line): Instruction => {
      const [, name = "", rest = ""] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
      return { name: name.toUpperCase(), text: rest };
    });
  const stages = new Map<string, Instruction[]>();
  let current: Instruction[] | undefined;
  for (const instruction of instructions) {
    if (instruction.name === "FROM") {
      current = [];
      stages.set(/ AS (\S+)$/i.exec(instruction.text)?.[1] ?? "", current);
    } else {
      current?.push(instruction);
    }
  }
  return new Map(Array.from(stages, ([name, list]) => [name, { name, instructions: list }]));
}

/** The text of the last instruction of that name in a stage; throws when there is none. */
export function lastOf(stage: Stage | undefined, name: string): string {
  const found = stage?.instructions.findLast((instruction) => instruction.name === name);
  if (found === undefined) throw new Error(`stage ${stage?.name} has no ${name}`);
  return found.text;
}

/** The words of an instruction in exec form, such as `["a", "b"]`; throws for one in shell form. */
export function execForm(text: string): readonly string[] {
  const words: unknown = JSON.parse(text.replace(/^.*?CMD (?=\[)/, ""));
  if (!Array.isArray(words)) throw new Error(`${text} is not in exec form`);
  return words.map(String);
}
