#compdef mmapio

autoload -U is-at-least

_mmapio() {
    typeset -A opt_args
    typeset -a _arguments_options
    local ret=1

    if is-at-least 5.2; then
        _arguments_options=(-s -S -C)
    else
        _arguments_options=(-s -C)
    fi

    local context curcontext="$curcontext" state line
    _arguments "${_arguments_options[@]}" : \
'--color=[Controls when to use color]:WHEN:(auto always never)' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'-V[Print version]' \
'--version[Print version]' \
":: :_mmapio_commands" \
"*::: :->mmapio" \
&& ret=0
    case $state in
    (mmapio)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:mmapio-command-$line[1]:"
        case $line[1] in
            (incore)
_arguments "${_arguments_options[@]}" : \
'*--include=[Take only files that match GLOB]:GLOB:_default' \
'*--exclude=[Leave out files and directories that match GLOB (as for --include)]:GLOB:_default' \
'--min-size=[Leave out files smaller than SIZE]:SIZE:_default' \
'--max-size=[Leave out files larger than SIZE]:SIZE:_default' \
'--max-depth=[Go at most N directories deep\: 1 takes the files directly in a named directory, 0 only named files]:N:_default' \
'(--files0-from)--files-from=[Take paths from FILE, one a line; \`-\` is standard input. Lines are taken as they are, empty ones left out]:FILE:_files' \
'--files0-from=[Take paths from FILE, each ended by a NUL byte, as \`find -print0\` writes them; \`-\` is standard input]:FILE:_files' \
'--range=[Look at this part of each file only\: OFFSET\[+LENGTH\], without a length to the end]:OFFSET[+LENGTH]:_default' \
'-j+[Use at most N threads \[default\: one a processor\]]:N:_default' \
'--jobs=[Use at most N threads \[default\: one a processor\]]:N:_default' \
'(--columns --sort -r --reverse --top --cached-only -s --summary --ascii --exact)--runs=[Print exact ranges, one a row\: the resident ones, the absent ones, or all (absent data and holes told apart)]::WHICH:((resident\:"Ranges in memory"
absent\:"Ranges with data that is not in memory"
all\:"All ranges, holes too"))' \
'--format=[How to write what is found]:FORMAT:((table\:"For people\: aligned columns"
json\:"One JSON document"
ndjson\:"One JSON record a line, as they are found"
csv\:"Comma-separated values, as they are found"))' \
'*--columns=[The columns of tables and csv, separated by commas; \`help\` lists them]:LIST:(size pages resident_pages resident_bytes resident_percent dirty_pages writeback_pages evicted_pages recently_evicted_pages probe map path note help)' \
'--sort=[Sort by COLUMN\: numbers from the largest, text from A to Z, unknown last]:COLUMN:(size pages resident_pages resident_bytes resident_percent dirty_pages writeback_pages evicted_pages recently_evicted_pages probe path)' \
'--top=[Show only the first N files, sorted by resident memory unless --sort says otherwise]:N:_default' \
'--probe=[Which system call to ask]:CALL:((auto\:"cachestat where it is there and right, else mincore"
cachestat\:"cachestat or unknown"
mincore\:"mincore or unknown\: slower, but does not count pages that are being read or could not be"))' \
'--progress=[Show progress on standard error\: of long walks on a terminal, always (as lines where there is no terminal), never]:WHEN:((auto\:"On a terminal"
always\:"Always"
never\:"Never"))' \
'--color=[Controls when to use color]:WHEN:(auto always never)' \
'-x[Stay on the filesystem of each named directory]' \
'--one-file-system[Stay on the filesystem of each named directory]' \
'-L[Follow symbolic links below named directories; loops are noticed]' \
'--follow[Follow symbolic links below named directories; loops are noticed]' \
'-r[Sort the other way round (by path, unless --sort or --top says otherwise)]' \
'--reverse[Sort the other way round (by path, unless --sort or --top says otherwise)]' \
'--cached-only[Leave out files that have nothing in memory; those of which that is unknown stay]' \
'--total[Add the total of all files, also of those that are not shown, and their dirty pages]' \
'-s[Show the total alone]' \
'--summary[Show the total alone]' \
'--ascii[Draw strips with ASCII characters]' \
'--exact[Print sizes in tables as plain bytes]' \
'(-v --verbose)-q[Say nothing of paths that fail; the exit status still tells]' \
'(-v --verbose)--quiet[Say nothing of paths that fail; the exit status still tells]' \
'-v[Say more\: how many files there were, how many of them unknown or failed, and how long it took]' \
'--verbose[Say more\: how many files there were, how many of them unknown or failed, and how long it took]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'-V[Print version]' \
'--version[Print version]' \
'*::paths -- Files, directories (walked to their end) and block devices:_files' \
&& ret=0
;;
(completions)
_arguments "${_arguments_options[@]}" : \
'--color=[Controls when to use color]:WHEN:(auto always never)' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'-V[Print version]' \
'--version[Print version]' \
':shell -- The shell:((bash\:"GNU Bash"
zsh\:"Z shell"
fish\:"fish"
powershell\:"PowerShell"
elvish\:"Elvish"
nushell\:"Nushell"))' \
&& ret=0
;;
(man)
_arguments "${_arguments_options[@]}" : \
'()--dir=[Write all pages into DIR instead]:DIR:_files -/' \
'--color=[Controls when to use color]:WHEN:(auto always never)' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'-V[Print version]' \
'--version[Print version]' \
'::page -- The page\: a subcommand'\''s name; without it the page of mmapio itself:_default' \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
":: :_mmapio__subcmd__help_commands" \
"*::: :->help" \
&& ret=0

    case $state in
    (help)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:mmapio-help-command-$line[1]:"
        case $line[1] in
            (incore)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(completions)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(man)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(help)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
        esac
    ;;
esac
;;
        esac
    ;;
esac
}

(( $+functions[_mmapio_commands] )) ||
_mmapio_commands() {
    local commands; commands=(
'incore:Show what is resident in memory\: counts, strips, exact ranges' \
'completions:Print the completion script of a shell' \
'man:Print a manual page, or write all of them' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'mmapio commands' commands "$@"
}
(( $+functions[_mmapio__subcmd__completions_commands] )) ||
_mmapio__subcmd__completions_commands() {
    local commands; commands=()
    _describe -t commands 'mmapio completions commands' commands "$@"
}
(( $+functions[_mmapio__subcmd__help_commands] )) ||
_mmapio__subcmd__help_commands() {
    local commands; commands=(
'incore:Show what is resident in memory\: counts, strips, exact ranges' \
'completions:Print the completion script of a shell' \
'man:Print a manual page, or write all of them' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'mmapio help commands' commands "$@"
}
(( $+functions[_mmapio__subcmd__help__subcmd__completions_commands] )) ||
_mmapio__subcmd__help__subcmd__completions_commands() {
    local commands; commands=()
    _describe -t commands 'mmapio help completions commands' commands "$@"
}
(( $+functions[_mmapio__subcmd__help__subcmd__help_commands] )) ||
_mmapio__subcmd__help__subcmd__help_commands() {
    local commands; commands=()
    _describe -t commands 'mmapio help help commands' commands "$@"
}
(( $+functions[_mmapio__subcmd__help__subcmd__incore_commands] )) ||
_mmapio__subcmd__help__subcmd__incore_commands() {
    local commands; commands=()
    _describe -t commands 'mmapio help incore commands' commands "$@"
}
(( $+functions[_mmapio__subcmd__help__subcmd__man_commands] )) ||
_mmapio__subcmd__help__subcmd__man_commands() {
    local commands; commands=()
    _describe -t commands 'mmapio help man commands' commands "$@"
}
(( $+functions[_mmapio__subcmd__incore_commands] )) ||
_mmapio__subcmd__incore_commands() {
    local commands; commands=()
    _describe -t commands 'mmapio incore commands' commands "$@"
}
(( $+functions[_mmapio__subcmd__man_commands] )) ||
_mmapio__subcmd__man_commands() {
    local commands; commands=()
    _describe -t commands 'mmapio man commands' commands "$@"
}

if [ "$funcstack[1]" = "_mmapio" ]; then
    _mmapio "$@"
else
    compdef _mmapio mmapio
fi
