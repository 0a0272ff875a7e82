# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_mmapio_global_optspecs
    string join \n color= h/help V/version
end

function __fish_mmapio_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_mmapio_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_mmapio_using_subcommand
    set -l cmd (__fish_mmapio_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c mmapio -n "__fish_mmapio_needs_command" -l color -d 'Controls when to use color' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mmapio -n "__fish_mmapio_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mmapio -n "__fish_mmapio_needs_command" -s V -l version -d 'Print version'
complete -c mmapio -n "__fish_mmapio_needs_command" -f -a "incore" -d 'Show what is resident in memory: counts, strips, exact ranges'
complete -c mmapio -n "__fish_mmapio_needs_command" -f -a "completions" -d 'Print the completion script of a shell'
complete -c mmapio -n "__fish_mmapio_needs_command" -f -a "man" -d 'Print a manual page, or write all of them'
complete -c mmapio -n "__fish_mmapio_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l include -d 'Take only files that match GLOB' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l exclude -d 'Leave out files and directories that match GLOB (as for --include)' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l min-size -d 'Leave out files smaller than SIZE' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l max-size -d 'Leave out files larger than SIZE' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l max-depth -d 'Go at most N directories deep: 1 takes the files directly in a named directory, 0 only named files' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l files-from -d 'Take paths from FILE, one a line; `-` is standard input. Lines are taken as they are, empty ones left out' -r -F
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l files0-from -d 'Take paths from FILE, each ended by a NUL byte, as `find -print0` writes them; `-` is standard input' -r -F
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l range -d 'Look at this part of each file only: OFFSET[+LENGTH], without a length to the end' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -s j -l jobs -d 'Use at most N threads [default: one a processor]' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l runs -d 'Print exact ranges, one a row: the resident ones, the absent ones, or all (absent data and holes told apart)' -r -f -a "resident\t'Ranges in memory'
absent\t'Ranges with data that is not in memory'
all\t'All ranges, holes too'"
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l format -d 'How to write what is found' -r -f -a "table\t'For people: aligned columns'
json\t'One JSON document'
ndjson\t'One JSON record a line, as they are found'
csv\t'Comma-separated values, as they are found'"
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l columns -d 'The columns of tables and csv, separated by commas; `help` lists them' -r -f -a "size\t''
pages\t''
resident_pages\t''
resident_bytes\t''
resident_percent\t''
dirty_pages\t''
writeback_pages\t''
evicted_pages\t''
recently_evicted_pages\t''
probe\t''
map\t''
path\t''
note\t''
help\t''"
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l sort -d 'Sort by COLUMN: numbers from the largest, text from A to Z, unknown last' -r -f -a "size\t''
pages\t''
resident_pages\t''
resident_bytes\t''
resident_percent\t''
dirty_pages\t''
writeback_pages\t''
evicted_pages\t''
recently_evicted_pages\t''
probe\t''
path\t''"
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l top -d 'Show only the first N files, sorted by resident memory unless --sort says otherwise' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l probe -d 'Which system call to ask' -r -f -a "auto\t'cachestat where it is there and right, else mincore'
cachestat\t'cachestat or unknown'
mincore\t'mincore or unknown: slower, but does not count pages that are being read or could not be'"
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l progress -d 'Show progress on standard error: of long walks on a terminal, always (as lines where there is no terminal), never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l color -d 'Controls when to use color' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -s x -l one-file-system -d 'Stay on the filesystem of each named directory'
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -s L -l follow -d 'Follow symbolic links below named directories; loops are noticed'
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -s r -l reverse -d 'Sort the other way round (by path, unless --sort or --top says otherwise)'
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l cached-only -d 'Leave out files that have nothing in memory; those of which that is unknown stay'
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l total -d 'Add the total of all files, also of those that are not shown, and their dirty pages'
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -s s -l summary -d 'Show the total alone'
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l ascii -d 'Draw strips with ASCII characters'
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l exact -d 'Print sizes in tables as plain bytes'
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -s q -l quiet -d 'Say nothing of paths that fail; the exit status still tells'
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -s v -l verbose -d 'Say more: how many files there were, how many of them unknown or failed, and how long it took'
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -s V -l version -d 'Print version'
complete -c mmapio -n "__fish_mmapio_using_subcommand completions" -l color -d 'Controls when to use color' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mmapio -n "__fish_mmapio_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mmapio -n "__fish_mmapio_using_subcommand completions" -s V -l version -d 'Print version'
complete -c mmapio -n "__fish_mmapio_using_subcommand man" -l dir -d 'Write all pages into DIR instead' -r -f -a "(__fish_complete_directories)"
complete -c mmapio -n "__fish_mmapio_using_subcommand man" -l color -d 'Controls when to use color' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mmapio -n "__fish_mmapio_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mmapio -n "__fish_mmapio_using_subcommand man" -s V -l version -d 'Print version'
complete -c mmapio -n "__fish_mmapio_using_subcommand help; and not __fish_seen_subcommand_from incore completions man help" -f -a "incore" -d 'Show what is resident in memory: counts, strips, exact ranges'
complete -c mmapio -n "__fish_mmapio_using_subcommand help; and not __fish_seen_subcommand_from incore completions man help" -f -a "completions" -d 'Print the completion script of a shell'
complete -c mmapio -n "__fish_mmapio_using_subcommand help; and not __fish_seen_subcommand_from incore completions man help" -f -a "man" -d 'Print a manual page, or write all of them'
complete -c mmapio -n "__fish_mmapio_using_subcommand help; and not __fish_seen_subcommand_from incore completions man help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
