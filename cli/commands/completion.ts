import { Argument, Command } from "commander";
import { print } from "../output.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;
type Shell = (typeof SHELLS)[number];

/** What may follow these words: after `tunnel create` come `--tunnel-name` and others. */
interface Place {
  words: string;
  commands: { name: string; description: string }[];
  options: { name: string; description: string }[];
}

export function completionCommand(): Command {
  return new Command("completion")
    .description("print a script that completes commands in your shell")
    .addArgument(new Argument("<shell>", "your shell").choices(SHELLS))
    .addHelpText(
      "after",
      `
Examples:
  source <(culvert completion bash)                                        # in ~/.bashrc
  culvert completion zsh > "\${fpath[1]}/_culvert"
  culvert completion fish > ~/.config/fish/completions/culvert.fish`,
    )
    .action((shell: Shell, _options: object, self: Command) => {
      print(completionScript(shell, placesOf(self.parent ?? self, "")));
    });
}

function placesOf(command: Command, words: string): Place[] {
  const help = command.createHelp();
  const commands = help.visibleCommands(command).filter((child) => child.name() !== "help");
  return [
    {
      words,
      commands: commands.map((child) => ({ name: child.name(), description: child.description() })),
      options: help
        .visibleOptions(command)
        .flatMap(({ long, description }) => (long === undefined ? [] : [{ name: long, description }])),
    },
    ...commands.flatMap((child) => placesOf(child, `${words} ${child.name()}`.trim())),
  ];
}

function completionScript(shell: Shell, places: readonly Place[]): string {
  switch (shell) {
    case "bash":
      return bash(places);
    case "zsh":
      return zsh(places);
    case "fish":
      return fish(places);
  }
}

/** Does not distinguish an option's value from a command. No command has a name that is a likely value. */
function bash(places: readonly Place[]): string {
  return `_culvert() {
  local place="" word words
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${place:+$place }$word" in
      ${commandPaths(places)}) place="\${place:+$place }$word" ;;
    esac
  done
  case "$place" in
${places.map((place) => `    "${place.words}") words="${wordsOf(place)}" ;;`).join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _culvert culvert`;
}

function zsh(places: readonly Place[]): string {
  return `#compdef culvert
_culvert() {
  local place="" word
  local -a words_here
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "\${place:+$place }$word" in
      ${commandPaths(places)}) place="\${place:+$place }$word" ;;
    esac
  done
  case "$place" in
${places.map((place) => `    "${place.words}") words_here=(${wordsOf(place)}) ;;`).join("\n")}
  esac
  if [[ "\${words[CURRENT-1]}" == *-file ]]; then _files; else compadd -- "\${words_here[@]}"; fi
}
if [[ "\${funcstack[1]}" == _culvert ]]; then _culvert "$@"; else compdef _culvert culvert; fi`;
}

function fish(places: readonly Place[]): string {
  const lines = places.flatMap(({ words, commands, options }) => [
    ...commands.map(
      ({ name, description }) =>
        `complete -c culvert -f -n '__culvert_at "${words}"' -a ${name} -d ${quoted(description)}`,
    ),
    ...options.map(
      ({ name, description }) =>
        `complete -c culvert -n '__culvert_at "${words}"' -l ${name.slice(2)} -d ${quoted(description)}`,
    ),
  ]);
  return `function __culvert_at
  set -l place ""
  for word in (commandline -opc)[2..]
    set -l next (string trim "$place $word")
    contains -- "$next" ${places.flatMap(({ words }) => (words === "" ? [] : [`"${words}"`])).join(" ")}; and set place "$next"
  end
  test "$place" = "$argv[1]"
end
${lines.join("\n")}`;
}

function commandPaths(places: readonly Place[]): string {
  return places.flatMap(({ words }) => (words === "" ? [] : [`"${words}"`])).join(" | ");
}

function wordsOf({ commands, options }: Place): string {
  return [...commands, ...options].map(({ name }) => name).join(" ");
}

function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, "\\$&")}'`;
}
