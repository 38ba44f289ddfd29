import type { Command, Option } from 'commander';

export type Shell = 'bash' | 'zsh';

/** The words that may follow each place in the command tree; made from the tree itself, so it is never out of date. */
export function completionWords(program: Command): Map<string, string[]> {
  const words = new Map<string, string[]>();
  const visit = (command: Command, path: string) => {
    const subcommands = command.commands.filter((one) => !isHidden(one));
    words.set(path, [
      ...subcommands.map((one) => one.name()),
      ...command.options.flatMap((option: Option) => [option.long ?? option.short ?? '']),
      '--help',
    ]);
    for (const option of command.options)
      if (option.argChoices !== undefined) words.set(`${path} ${option.long}`, [...option.argChoices]);
    for (const one of subcommands) visit(one, `${path} ${one.name()}`);
  };
  visit(program, program.name());
  return words;
}

export function completionScript(program: Command, shell: Shell): string {
  const name = program.name();
  const cases = [...completionWords(program)]
    .map(([path, words]) => `    '${path}') words='${words.join(' ')}' ;;`)
    .join('\n');
  const body = `_${name}_complete() {
  local path='${name}' word next words='' index
  COMPREPLY=()
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="\${COMP_WORDS[index]}"
    case "$word" in -*) continue ;; esac
    next="$path $word"
    case "$next" in
${[...completionWords(program).keys()]
  .filter((path) => path !== name && !path.includes(' --'))
  .map((path) => `      '${path}') path="$next" ;;`)
  .join('\n')}
    esac
  done
  case "$path \${COMP_WORDS[COMP_CWORD - 1]}" in *' -o') path="$path --output" ;; *' --'*) path="$path \${COMP_WORDS[COMP_CWORD - 1]}" ;; esac
  case "$path" in
${cases}
  esac
  if [ -n "$words" ]; then COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
  else COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}")); fi
}
complete -o default -F _${name}_complete ${name}
`;
  return shell === 'bash' ? body : `autoload -Uz bashcompinit compinit && compinit -u && bashcompinit\n${body}`;
}

function isHidden(command: Command): boolean {
  return (command as unknown as { _hidden?: boolean })._hidden === true;
}
