/** A text from elsewhere that is safe to show on a terminal: control characters but line ends and tabs are spelled out. */
export function printable(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n\t]/gu, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}
