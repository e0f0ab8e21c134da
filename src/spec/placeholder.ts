/** What a template leaves behind when nobody fills it in: `${NAME}` or `{{ name }}`. */
export const placeholder = /\$\{[^}]*\}|\{\{[^}]*\}\}/;
