/** A metric in an expression of PromQL, and the labels that it is picked by. */
export interface UsedMetric {
  readonly name: string;
  readonly labels: readonly string[];
}

/** What an expression of PromQL speaks of. */
export interface UsedNames {
  readonly metrics: readonly UsedMetric[];
  /** Labels that it groups by. */
  readonly groupLabels: readonly string[];
  /** Words that are neither: functions and operators. */
  readonly words: readonly string[];
}

const grouping = /\b(?:by|without|on|ignoring)\s*\(([^)]*)\)/g;
const selector = /([a-zA-Z_:][\w:]*)\s*\{([^}]*)\}/g;
const matcher = /([a-zA-Z_]\w*)\s*(?:=~|!~|!=|=)\s*"(?:[^"\\]|\\.)*"/g;
const range = /\[[^\]]*\]/g;
const word = /\b[a-zA-Z_:][\w:]*/g;

/**
 * Takes an expression apart far enough to know its names. A metric is what has matchers in braces, or is followed by neither
 * brace nor parenthesis and is no word of the language.
 */
export function namesIn(expression: string): UsedNames {
  const metrics: UsedMetric[] = [];
  const groupLabels: string[] = [];
  const rest = expression
    .replaceAll(selector, (_, name: string, matchers: string) => {
      metrics.push({ name, labels: Array.from(matchers.matchAll(matcher), ([, label = ""]) => label) });
      return " ";
    })
    .replaceAll(grouping, (_, labels: string) => {
      groupLabels.push(...labels.split(",").map((label) => label.trim()));
      return " ";
    })
    .replaceAll(range, " ");
  const words: string[] = [];
  for (const match of rest.matchAll(word)) {
    const [found] = match;
    const isCalled = /^\s*\(/.test(rest.slice(match.index + found.length));
    if (isCalled || operators.includes(found)) words.push(found);
    else metrics.push({ name: found, labels: [] });
  }
  return { metrics, groupLabels, words };
}

const operators: readonly string[] = ["and", "or", "unless", "by", "sum", "max", "min", "avg", "bool"];
