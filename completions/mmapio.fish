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
complete -c mmapio -n "__fish_mmapio_needs_command" -f -a "warm" -d 'Load files into memory, and prove it'
complete -c mmapio -n "__fish_mmapio_needs_command" -f -a "prewarm" -d 'Load files into memory, and prove it'
complete -c mmapio -n "__fish_mmapio_needs_command" -f -a "evict" -d 'Drop files from memory, and say what stayed and why'
complete -c mmapio -n "__fish_mmapio_needs_command" -f -a "lock" -d 'Keep files in memory while it runs'
complete -c mmapio -n "__fish_mmapio_needs_command" -f -a "sync" -d 'Write dirty pages back, and say how many there were'
complete -c mmapio -n "__fish_mmapio_needs_command" -f -a "advise" -d 'Give the kernel an advice about files: madvise, posix_fadvise, or to a running process'
complete -c mmapio -n "__fish_mmapio_needs_command" -f -a "map" -d 'Map a file: facts, hex view, search, patch, grow, hold; or what processes map'
complete -c mmapio -n "__fish_mmapio_needs_command" -f -a "bench" -d 'Measure which way of reading a file is fastest here'
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
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l pid -d 'Look at the files that this process maps or holds open; may be given more than once' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l runs -d 'Print exact ranges, one a row: the resident ones, the absent ones, or all (absent data and holes told apart)' -r -f -a "resident\t'Ranges in memory'
absent\t'Ranges with data that is not in memory'
all\t'All ranges, holes too'"
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l format -d 'How to write what is found [default: table, with --missing paths]' -r -f -a "table\t'For people: aligned columns'
json\t'One JSON document'
ndjson\t'One JSON record a line, as they are found'
csv\t'Comma-separated values, as they are found'
paths\t'The paths alone, as they are found'
prometheus\t'Metrics for Prometheus: of the total, and with --top of so many files, with --by-directory of directories, each of which is a series'"
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l columns -d 'The columns of tables and csv, separated by commas; `help` lists them' -r -f -a "files\t''
size\t''
pages\t''
resident_pages\t''
resident_bytes\t''
resident_percent\t''
dirty_pages\t''
writeback_pages\t''
evicted_pages\t''
recently_evicted_pages\t''
probe\t''
first_percent\t''
middle_percent\t''
last_percent\t''
runs\t''
shortest_run_bytes\t''
median_run_bytes\t''
longest_run_bytes\t''
run_lengths\t''
map\t''
processes\t''
path\t''
note\t''
help\t''"
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l sort -d 'Sort by COLUMN: numbers from the largest, text from A to Z, unknown last' -r -f -a "files\t''
size\t''
pages\t''
resident_pages\t''
resident_bytes\t''
resident_percent\t''
dirty_pages\t''
writeback_pages\t''
evicted_pages\t''
recently_evicted_pages\t''
probe\t''
first_percent\t''
middle_percent\t''
last_percent\t''
runs\t''
shortest_run_bytes\t''
median_run_bytes\t''
longest_run_bytes\t''
path\t''"
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l top -d 'Show only the first N files or directories, sorted by resident memory unless --sort says otherwise' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l missing -d 'Show only files of which less than so much is in memory [default: 100%]; those of which that is unknown, too' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l textfile -d 'Write the metrics to FILE instead, all at once: for the textfile collector of Prometheus\' node_exporter' -r -F
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l probe -d 'Which system call to ask' -r -f -a "auto\t'cachestat where it is there and right, else mincore'
cachestat\t'cachestat or unknown'
mincore\t'mincore or unknown: slower, but does not count pages that are being read or could not be'"
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l by-directory -d 'Show directories instead of files, like du: each is the sum of all files in and below it' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l fold -d 'Put what holds less than so much of all resident memory into the last row of the table [default: 1%]; 0% shows all' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l svg -d 'Draw the files that are shown into FILE, as SVG; `-` is standard output, in place of the table' -r -F
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l html -d 'Write the same into FILE as a page for a browser, to be sorted and filtered there; `-` is standard output' -r -F
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l fail-under -d 'Exit with status 3 when less than so much of all files is in memory; unknown counts as less' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l wait -d 'Wait until so much of all files is in memory, then report; unknown counts as less' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l timeout -d 'Wait for so long at the most, then report and exit with status 3: 30s, 5m, 1.5h' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l watch -d 'Look again every SECONDS [default: 1]: a live view on a terminal, else one ndjson record a round' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l rounds -d 'End after N rounds; else only `q` or a signal ends it' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l progress -d 'Show progress on standard error: of long walks on a terminal, always (as lines where there is no terminal), never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l color -d 'Controls when to use color' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -s x -l one-file-system -d 'Stay on the filesystem of each named directory'
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -s L -l follow -d 'Follow symbolic links below named directories; loops are noticed'
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l open -d 'Look at the files that any process maps or holds open; with PATHs, at the files below those, too'
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l histogram -d 'Add how residency is spread: over the thirds of each file, and how many runs there are and how long'
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -s r -l reverse -d 'Sort the other way round (by path, unless --sort or --top says otherwise)'
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l cached-only -d 'Leave out files and directories that have nothing in memory; those of which that is unknown stay'
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -s 0 -l null -d 'End each path with a NUL byte instead of a new line: with --missing or --format paths, for `xargs -0`'
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l total -d 'Add the total of all files, also of those that are not shown, and their dirty pages'
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -s s -l summary -d 'Show the total alone'
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l ascii -d 'Draw strips with ASCII characters'
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -l exact -d 'Print sizes in tables as plain bytes'
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -s q -l quiet -d 'Say nothing of paths that fail; the exit status still tells'
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -s v -l verbose -d 'Say more: all files in tables that would leave some out; how many there were and how long it took'
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mmapio -n "__fish_mmapio_using_subcommand incore" -s V -l version -d 'Print version'
complete -c mmapio -n "__fish_mmapio_using_subcommand warm" -l include -d 'Take only files that match GLOB' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand warm" -l exclude -d 'Leave out files and directories that match GLOB (as for --include)' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand warm" -l min-size -d 'Leave out files smaller than SIZE' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand warm" -l max-size -d 'Leave out files larger than SIZE' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand warm" -l max-depth -d 'Go at most N directories deep: 1 takes the files directly in a named directory, 0 only named files' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand warm" -l files-from -d 'Take paths from FILE, one a line; `-` is standard input. Lines are taken as they are, empty ones left out' -r -F
complete -c mmapio -n "__fish_mmapio_using_subcommand warm" -l files0-from -d 'Take paths from FILE, each ended by a NUL byte, as `find -print0` writes them; `-` is standard input' -r -F
complete -c mmapio -n "__fish_mmapio_using_subcommand warm" -l range -d 'Look at this part of each file only: OFFSET[+LENGTH], without a length to the end' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand warm" -s j -l jobs -d 'Use at most N threads [default: one a processor]' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand warm" -l head -d 'The first SIZE bytes of each file; with --tail or --range, those too' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand warm" -l tail -d 'The last SIZE bytes of each file; with --head or --range, those too' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand warm" -l ranges-from -d 'The files and ranges that FILE lists; `-` is standard input' -r -F
complete -c mmapio -n "__fish_mmapio_using_subcommand warm" -l rate -d 'Load at most SIZE bytes a second' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand warm" -l max-memory -d 'Refuse to load more than this: a size, or a percentage of the memory that is to be had [default: 100%]' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand warm" -l require -d 'Demand that so much of what was asked for is in memory at the end, else exit with status 3' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand warm" -l probe -d 'Which system call tells what is absent' -r -f -a "auto\t'cachestat where it is there and right, else mincore'
cachestat\t'cachestat or unknown'
mincore\t'mincore or unknown: slower, but does not count pages that are being read or could not be'"
complete -c mmapio -n "__fish_mmapio_using_subcommand warm" -l format -d 'How to write the report' -r -f -a "table\t'For people: aligned columns'
json\t'One JSON document'
ndjson\t'One JSON record a line, as they are found'
csv\t'Comma-separated values, as they are found'"
complete -c mmapio -n "__fish_mmapio_using_subcommand warm" -l columns -d 'The columns of tables and csv, separated by commas; `help` lists them' -r -f -a "size\t''
pages\t''
before_resident_bytes\t''
before_resident_pages\t''
before_dirty_pages\t''
before_writeback_pages\t''
resident_pages\t''
resident_bytes\t''
resident_percent\t''
dirty_pages\t''
writeback_pages\t''
evicted_pages\t''
recently_evicted_pages\t''
probe\t''
requested_pages\t''
requested_bytes\t''
changed_pages\t''
changed_bytes\t''
seconds\t''
bytes_per_second\t''
reached_percent\t''
remaining\t''
path\t''
note\t''
help\t''"
complete -c mmapio -n "__fish_mmapio_using_subcommand warm" -l progress -d 'Show progress on standard error: of long walks on a terminal, always (as lines where there is no terminal), never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mmapio -n "__fish_mmapio_using_subcommand warm" -l color -d 'Controls when to use color' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mmapio -n "__fish_mmapio_using_subcommand warm" -s x -l one-file-system -d 'Stay on the filesystem of each named directory'
complete -c mmapio -n "__fish_mmapio_using_subcommand warm" -s L -l follow -d 'Follow symbolic links below named directories; loops are noticed'
complete -c mmapio -n "__fish_mmapio_using_subcommand warm" -l force -d 'Load even what does not fit into the memory that is to be had'
complete -c mmapio -n "__fish_mmapio_using_subcommand warm" -s n -l dry-run -d 'Change nothing: report what would be done'
complete -c mmapio -n "__fish_mmapio_using_subcommand warm" -s s -l summary -d 'Report the total alone'
complete -c mmapio -n "__fish_mmapio_using_subcommand warm" -l exact -d 'Print sizes in tables as plain bytes'
complete -c mmapio -n "__fish_mmapio_using_subcommand warm" -s q -l quiet -d 'Say nothing of paths that fail; the exit status still tells'
complete -c mmapio -n "__fish_mmapio_using_subcommand warm" -s v -l verbose -d 'Say more: all files in tables that would leave some out; how many there were and how long it took'
complete -c mmapio -n "__fish_mmapio_using_subcommand warm" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mmapio -n "__fish_mmapio_using_subcommand warm" -s V -l version -d 'Print version'
complete -c mmapio -n "__fish_mmapio_using_subcommand prewarm" -l include -d 'Take only files that match GLOB' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand prewarm" -l exclude -d 'Leave out files and directories that match GLOB (as for --include)' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand prewarm" -l min-size -d 'Leave out files smaller than SIZE' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand prewarm" -l max-size -d 'Leave out files larger than SIZE' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand prewarm" -l max-depth -d 'Go at most N directories deep: 1 takes the files directly in a named directory, 0 only named files' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand prewarm" -l files-from -d 'Take paths from FILE, one a line; `-` is standard input. Lines are taken as they are, empty ones left out' -r -F
complete -c mmapio -n "__fish_mmapio_using_subcommand prewarm" -l files0-from -d 'Take paths from FILE, each ended by a NUL byte, as `find -print0` writes them; `-` is standard input' -r -F
complete -c mmapio -n "__fish_mmapio_using_subcommand prewarm" -l range -d 'Look at this part of each file only: OFFSET[+LENGTH], without a length to the end' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand prewarm" -s j -l jobs -d 'Use at most N threads [default: one a processor]' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand prewarm" -l head -d 'The first SIZE bytes of each file; with --tail or --range, those too' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand prewarm" -l tail -d 'The last SIZE bytes of each file; with --head or --range, those too' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand prewarm" -l ranges-from -d 'The files and ranges that FILE lists; `-` is standard input' -r -F
complete -c mmapio -n "__fish_mmapio_using_subcommand prewarm" -l rate -d 'Load at most SIZE bytes a second' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand prewarm" -l max-memory -d 'Refuse to load more than this: a size, or a percentage of the memory that is to be had [default: 100%]' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand prewarm" -l require -d 'Demand that so much of what was asked for is in memory at the end, else exit with status 3' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand prewarm" -l probe -d 'Which system call tells what is absent' -r -f -a "auto\t'cachestat where it is there and right, else mincore'
cachestat\t'cachestat or unknown'
mincore\t'mincore or unknown: slower, but does not count pages that are being read or could not be'"
complete -c mmapio -n "__fish_mmapio_using_subcommand prewarm" -l format -d 'How to write the report' -r -f -a "table\t'For people: aligned columns'
json\t'One JSON document'
ndjson\t'One JSON record a line, as they are found'
csv\t'Comma-separated values, as they are found'"
complete -c mmapio -n "__fish_mmapio_using_subcommand prewarm" -l columns -d 'The columns of tables and csv, separated by commas; `help` lists them' -r -f -a "size\t''
pages\t''
before_resident_bytes\t''
before_resident_pages\t''
before_dirty_pages\t''
before_writeback_pages\t''
resident_pages\t''
resident_bytes\t''
resident_percent\t''
dirty_pages\t''
writeback_pages\t''
evicted_pages\t''
recently_evicted_pages\t''
probe\t''
requested_pages\t''
requested_bytes\t''
changed_pages\t''
changed_bytes\t''
seconds\t''
bytes_per_second\t''
reached_percent\t''
remaining\t''
path\t''
note\t''
help\t''"
complete -c mmapio -n "__fish_mmapio_using_subcommand prewarm" -l progress -d 'Show progress on standard error: of long walks on a terminal, always (as lines where there is no terminal), never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mmapio -n "__fish_mmapio_using_subcommand prewarm" -l color -d 'Controls when to use color' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mmapio -n "__fish_mmapio_using_subcommand prewarm" -s x -l one-file-system -d 'Stay on the filesystem of each named directory'
complete -c mmapio -n "__fish_mmapio_using_subcommand prewarm" -s L -l follow -d 'Follow symbolic links below named directories; loops are noticed'
complete -c mmapio -n "__fish_mmapio_using_subcommand prewarm" -l force -d 'Load even what does not fit into the memory that is to be had'
complete -c mmapio -n "__fish_mmapio_using_subcommand prewarm" -s n -l dry-run -d 'Change nothing: report what would be done'
complete -c mmapio -n "__fish_mmapio_using_subcommand prewarm" -s s -l summary -d 'Report the total alone'
complete -c mmapio -n "__fish_mmapio_using_subcommand prewarm" -l exact -d 'Print sizes in tables as plain bytes'
complete -c mmapio -n "__fish_mmapio_using_subcommand prewarm" -s q -l quiet -d 'Say nothing of paths that fail; the exit status still tells'
complete -c mmapio -n "__fish_mmapio_using_subcommand prewarm" -s v -l verbose -d 'Say more: all files in tables that would leave some out; how many there were and how long it took'
complete -c mmapio -n "__fish_mmapio_using_subcommand prewarm" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mmapio -n "__fish_mmapio_using_subcommand prewarm" -s V -l version -d 'Print version'
complete -c mmapio -n "__fish_mmapio_using_subcommand evict" -l include -d 'Take only files that match GLOB' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand evict" -l exclude -d 'Leave out files and directories that match GLOB (as for --include)' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand evict" -l min-size -d 'Leave out files smaller than SIZE' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand evict" -l max-size -d 'Leave out files larger than SIZE' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand evict" -l max-depth -d 'Go at most N directories deep: 1 takes the files directly in a named directory, 0 only named files' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand evict" -l files-from -d 'Take paths from FILE, one a line; `-` is standard input. Lines are taken as they are, empty ones left out' -r -F
complete -c mmapio -n "__fish_mmapio_using_subcommand evict" -l files0-from -d 'Take paths from FILE, each ended by a NUL byte, as `find -print0` writes them; `-` is standard input' -r -F
complete -c mmapio -n "__fish_mmapio_using_subcommand evict" -l range -d 'Look at this part of each file only: OFFSET[+LENGTH], without a length to the end' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand evict" -s j -l jobs -d 'Use at most N threads [default: one a processor]' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand evict" -l all-but -d 'Keep this part of each file, and drop the rest: OFFSET[+LENGTH], without a length to the end' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand evict" -l format -d 'How to write the report' -r -f -a "table\t'For people: aligned columns'
json\t'One JSON document'
ndjson\t'One JSON record a line, as they are found'
csv\t'Comma-separated values, as they are found'"
complete -c mmapio -n "__fish_mmapio_using_subcommand evict" -l columns -d 'The columns of tables and csv, separated by commas; `help` lists them' -r -f -a "size\t''
pages\t''
before_resident_bytes\t''
before_resident_pages\t''
before_dirty_pages\t''
before_writeback_pages\t''
resident_pages\t''
resident_bytes\t''
resident_percent\t''
dirty_pages\t''
writeback_pages\t''
evicted_pages\t''
recently_evicted_pages\t''
probe\t''
requested_pages\t''
requested_bytes\t''
changed_pages\t''
changed_bytes\t''
seconds\t''
bytes_per_second\t''
reached_percent\t''
remaining\t''
path\t''
note\t''
help\t''"
complete -c mmapio -n "__fish_mmapio_using_subcommand evict" -l progress -d 'Show progress on standard error: of long walks on a terminal, always (as lines where there is no terminal), never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mmapio -n "__fish_mmapio_using_subcommand evict" -l color -d 'Controls when to use color' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mmapio -n "__fish_mmapio_using_subcommand evict" -s x -l one-file-system -d 'Stay on the filesystem of each named directory'
complete -c mmapio -n "__fish_mmapio_using_subcommand evict" -s L -l follow -d 'Follow symbolic links below named directories; loops are noticed'
complete -c mmapio -n "__fish_mmapio_using_subcommand evict" -l sync -d 'Write each file back first (fdatasync), so that dirty pages go, too'
complete -c mmapio -n "__fish_mmapio_using_subcommand evict" -l require -d 'Exit with status 3 when anything stayed in memory, or when that is unknown'
complete -c mmapio -n "__fish_mmapio_using_subcommand evict" -s n -l dry-run -d 'Change nothing: report what would be done'
complete -c mmapio -n "__fish_mmapio_using_subcommand evict" -s s -l summary -d 'Report the total alone'
complete -c mmapio -n "__fish_mmapio_using_subcommand evict" -l exact -d 'Print sizes in tables as plain bytes'
complete -c mmapio -n "__fish_mmapio_using_subcommand evict" -s q -l quiet -d 'Say nothing of paths that fail; the exit status still tells'
complete -c mmapio -n "__fish_mmapio_using_subcommand evict" -s v -l verbose -d 'Say more: all files in tables that would leave some out; how many there were and how long it took'
complete -c mmapio -n "__fish_mmapio_using_subcommand evict" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mmapio -n "__fish_mmapio_using_subcommand evict" -s V -l version -d 'Print version'
complete -c mmapio -n "__fish_mmapio_using_subcommand lock" -l include -d 'Take only files that match GLOB' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand lock" -l exclude -d 'Leave out files and directories that match GLOB (as for --include)' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand lock" -l min-size -d 'Leave out files smaller than SIZE' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand lock" -l max-size -d 'Leave out files larger than SIZE' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand lock" -l max-depth -d 'Go at most N directories deep: 1 takes the files directly in a named directory, 0 only named files' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand lock" -l files-from -d 'Take paths from FILE, one a line; `-` is standard input. Lines are taken as they are, empty ones left out' -r -F
complete -c mmapio -n "__fish_mmapio_using_subcommand lock" -l files0-from -d 'Take paths from FILE, each ended by a NUL byte, as `find -print0` writes them; `-` is standard input' -r -F
complete -c mmapio -n "__fish_mmapio_using_subcommand lock" -l range -d 'Look at this part of each file only: OFFSET[+LENGTH], without a length to the end' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand lock" -s j -l jobs -d 'Use at most N threads [default: one a processor]' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand lock" -l max-memory -d 'Lock at most this much memory: a SIZE, or a PERCENT (`50%`) of what is available' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand lock" -l pidfile -d 'Write the process id to FILE, which must not exist, and remove it at the end' -r -F
complete -c mmapio -n "__fish_mmapio_using_subcommand lock" -l format -d 'How to say what is locked' -r -f -a "text\t'A line for people'
ndjson\t'JSON records, one a line'"
complete -c mmapio -n "__fish_mmapio_using_subcommand lock" -l progress -d 'Show progress on standard error: of long walks on a terminal, always (as lines where there is no terminal), never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mmapio -n "__fish_mmapio_using_subcommand lock" -l color -d 'Controls when to use color' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mmapio -n "__fish_mmapio_using_subcommand lock" -s x -l one-file-system -d 'Stay on the filesystem of each named directory'
complete -c mmapio -n "__fish_mmapio_using_subcommand lock" -s L -l follow -d 'Follow symbolic links below named directories; loops are noticed'
complete -c mmapio -n "__fish_mmapio_using_subcommand lock" -l force -d 'Lock more than the memory that is available; the machine may have to kill processes for it'
complete -c mmapio -n "__fish_mmapio_using_subcommand lock" -s k -l keep-going -d 'Lock the rest when a path fails; otherwise nothing is locked then'
complete -c mmapio -n "__fish_mmapio_using_subcommand lock" -l follow-changes -d 'Go along with files that grow, shrink or are replaced, and with new files in directories'
complete -c mmapio -n "__fish_mmapio_using_subcommand lock" -s n -l dry-run -d 'Say what would be locked, and which limits leave room for it; lock nothing'
complete -c mmapio -n "__fish_mmapio_using_subcommand lock" -s q -l quiet -d 'Say nothing of paths that fail; the exit status still tells'
complete -c mmapio -n "__fish_mmapio_using_subcommand lock" -s v -l verbose -d 'Say more: all files in tables that would leave some out; how many there were and how long it took'
complete -c mmapio -n "__fish_mmapio_using_subcommand lock" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mmapio -n "__fish_mmapio_using_subcommand lock" -s V -l version -d 'Print version'
complete -c mmapio -n "__fish_mmapio_using_subcommand sync" -l include -d 'Take only files that match GLOB' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand sync" -l exclude -d 'Leave out files and directories that match GLOB (as for --include)' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand sync" -l min-size -d 'Leave out files smaller than SIZE' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand sync" -l max-size -d 'Leave out files larger than SIZE' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand sync" -l max-depth -d 'Go at most N directories deep: 1 takes the files directly in a named directory, 0 only named files' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand sync" -l files-from -d 'Take paths from FILE, one a line; `-` is standard input. Lines are taken as they are, empty ones left out' -r -F
complete -c mmapio -n "__fish_mmapio_using_subcommand sync" -l files0-from -d 'Take paths from FILE, each ended by a NUL byte, as `find -print0` writes them; `-` is standard input' -r -F
complete -c mmapio -n "__fish_mmapio_using_subcommand sync" -l range -d 'Look at this part of each file only: OFFSET[+LENGTH], without a length to the end' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand sync" -s j -l jobs -d 'Use at most N threads [default: one a processor]' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand sync" -l format -d 'How to write the report' -r -f -a "table\t'For people: aligned columns'
json\t'One JSON document'
ndjson\t'One JSON record a line, as they are found'
csv\t'Comma-separated values, as they are found'"
complete -c mmapio -n "__fish_mmapio_using_subcommand sync" -l columns -d 'The columns of tables and csv, separated by commas; `help` lists them' -r -f -a "size\t''
pages\t''
before_resident_bytes\t''
before_resident_pages\t''
before_dirty_pages\t''
before_writeback_pages\t''
resident_pages\t''
resident_bytes\t''
resident_percent\t''
dirty_pages\t''
writeback_pages\t''
evicted_pages\t''
recently_evicted_pages\t''
probe\t''
requested_pages\t''
requested_bytes\t''
changed_pages\t''
changed_bytes\t''
seconds\t''
bytes_per_second\t''
reached_percent\t''
remaining\t''
path\t''
note\t''
help\t''"
complete -c mmapio -n "__fish_mmapio_using_subcommand sync" -l progress -d 'Show progress on standard error: of long walks on a terminal, always (as lines where there is no terminal), never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mmapio -n "__fish_mmapio_using_subcommand sync" -l color -d 'Controls when to use color' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mmapio -n "__fish_mmapio_using_subcommand sync" -s x -l one-file-system -d 'Stay on the filesystem of each named directory'
complete -c mmapio -n "__fish_mmapio_using_subcommand sync" -s L -l follow -d 'Follow symbolic links below named directories; loops are noticed'
complete -c mmapio -n "__fish_mmapio_using_subcommand sync" -l data-only -d 'Write the data, and of the metadata only what reading it needs: fdatasync'
complete -c mmapio -n "__fish_mmapio_using_subcommand sync" -l async -d 'Start writing and do not wait: sync_file_range. Nothing is durable when it returns, and no failure is noticed'
complete -c mmapio -n "__fish_mmapio_using_subcommand sync" -l msync -d 'Write through a mapping: msync with MS_SYNC. Needs the permission to write'
complete -c mmapio -n "__fish_mmapio_using_subcommand sync" -l invalidate -d 'The same with MS_INVALIDATE, for those who want that very call'
complete -c mmapio -n "__fish_mmapio_using_subcommand sync" -s n -l dry-run -d 'Change nothing: report what would be done'
complete -c mmapio -n "__fish_mmapio_using_subcommand sync" -s s -l summary -d 'Report the total alone'
complete -c mmapio -n "__fish_mmapio_using_subcommand sync" -l exact -d 'Print sizes in tables as plain bytes'
complete -c mmapio -n "__fish_mmapio_using_subcommand sync" -s q -l quiet -d 'Say nothing of paths that fail; the exit status still tells'
complete -c mmapio -n "__fish_mmapio_using_subcommand sync" -s v -l verbose -d 'Say more: all files in tables that would leave some out; how many there were and how long it took'
complete -c mmapio -n "__fish_mmapio_using_subcommand sync" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mmapio -n "__fish_mmapio_using_subcommand sync" -s V -l version -d 'Print version'
complete -c mmapio -n "__fish_mmapio_using_subcommand advise" -l include -d 'Take only files that match GLOB' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand advise" -l exclude -d 'Leave out files and directories that match GLOB (as for --include)' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand advise" -l min-size -d 'Leave out files smaller than SIZE' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand advise" -l max-size -d 'Leave out files larger than SIZE' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand advise" -l max-depth -d 'Go at most N directories deep: 1 takes the files directly in a named directory, 0 only named files' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand advise" -l files-from -d 'Take paths from FILE, one a line; `-` is standard input. Lines are taken as they are, empty ones left out' -r -F
complete -c mmapio -n "__fish_mmapio_using_subcommand advise" -l files0-from -d 'Take paths from FILE, each ended by a NUL byte, as `find -print0` writes them; `-` is standard input' -r -F
complete -c mmapio -n "__fish_mmapio_using_subcommand advise" -l range -d 'Look at this part of each file only: OFFSET[+LENGTH], without a length to the end' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand advise" -s j -l jobs -d 'Use at most N threads [default: one a processor]' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand advise" -l pid -d 'Advise this process about its mappings of the files, by process_madvise(2)' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand advise" -l call -d 'The call that carries the advice, where there are two [default: the first one in --list]' -r -f -a "madvise\t'madvise(2), on a mapping'
fadvise\t'posix_fadvise(2), on a descriptor'"
complete -c mmapio -n "__fish_mmapio_using_subcommand advise" -l format -d 'How to write the report' -r -f -a "table\t'For people: aligned columns'
json\t'One JSON document'
ndjson\t'One JSON record a line, as they are found'
csv\t'Comma-separated values, as they are found'"
complete -c mmapio -n "__fish_mmapio_using_subcommand advise" -l columns -d 'The columns of tables and csv, separated by commas; `help` lists them' -r -f -a "size\t''
pages\t''
before_resident_bytes\t''
before_resident_pages\t''
before_dirty_pages\t''
before_writeback_pages\t''
resident_pages\t''
resident_bytes\t''
resident_percent\t''
dirty_pages\t''
writeback_pages\t''
evicted_pages\t''
recently_evicted_pages\t''
probe\t''
requested_pages\t''
requested_bytes\t''
changed_pages\t''
changed_bytes\t''
seconds\t''
bytes_per_second\t''
reached_percent\t''
remaining\t''
path\t''
note\t''
help\t''"
complete -c mmapio -n "__fish_mmapio_using_subcommand advise" -l progress -d 'Show progress on standard error: of long walks on a terminal, always (as lines where there is no terminal), never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mmapio -n "__fish_mmapio_using_subcommand advise" -l color -d 'Controls when to use color' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mmapio -n "__fish_mmapio_using_subcommand advise" -s x -l one-file-system -d 'Stay on the filesystem of each named directory'
complete -c mmapio -n "__fish_mmapio_using_subcommand advise" -s L -l follow -d 'Follow symbolic links below named directories; loops are noticed'
complete -c mmapio -n "__fish_mmapio_using_subcommand advise" -l list -d 'List every advice, as a table or in another --format; with ADVICE this one'
complete -c mmapio -n "__fish_mmapio_using_subcommand advise" -s n -l dry-run -d 'Change nothing: report what would be done'
complete -c mmapio -n "__fish_mmapio_using_subcommand advise" -s s -l summary -d 'Report the total alone'
complete -c mmapio -n "__fish_mmapio_using_subcommand advise" -l exact -d 'Print sizes in tables as plain bytes'
complete -c mmapio -n "__fish_mmapio_using_subcommand advise" -s q -l quiet -d 'Say nothing of paths that fail; the exit status still tells'
complete -c mmapio -n "__fish_mmapio_using_subcommand advise" -s v -l verbose -d 'Say more: all files in tables that would leave some out; how many there were and how long it took'
complete -c mmapio -n "__fish_mmapio_using_subcommand advise" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mmapio -n "__fish_mmapio_using_subcommand advise" -s V -l version -d 'Print version'
complete -c mmapio -n "__fish_mmapio_using_subcommand map" -l range -d 'The part of the file it is about: OFFSET[+LENGTH], without a length to the end' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand map" -l format -d 'How to write what is found' -r -f -a "table\t'For people: aligned columns'
json\t'One JSON document'
ndjson\t'One JSON record a line, as they are found'"
complete -c mmapio -n "__fish_mmapio_using_subcommand map" -l dump -d 'Show the bytes, of RANGE or of all: OFFSET[+LENGTH]' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand map" -l find -d 'Print the offset of each place where PATTERN is: 0x and hexadecimal digits are bytes, anything else is text' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand map" -l context -d 'Show each find with N bytes before and after it, at most 1 MiB: in colour, or in brackets' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand map" -l max-count -d 'Stop after N finds, the first in the file' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand map" -l write -d 'Write at OFFSET what --hex, --text or --from gives' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand map" -l hex -d 'Bytes as hexadecimal digits; spaces between them, and 0x before them, are left out' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand map" -l text -d 'Text' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand map" -l from -d 'The content of FILE; `-` is standard input, which is read to its end before anything is written' -r -F
complete -c mmapio -n "__fish_mmapio_using_subcommand map" -l fill -d 'Fill the --range with this byte: 0 to 255, or 0x00 to 0xff' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand map" -l copy-from -d 'Copy this part of the same file over the --range: OFFSET, for as many bytes as the range has' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand map" -l undo -d 'Put back what --backup FILE kept' -r -F
complete -c mmapio -n "__fish_mmapio_using_subcommand map" -l backup -d 'Keep what is overwritten in FILE, which must not exist, for --undo' -r -F
complete -c mmapio -n "__fish_mmapio_using_subcommand map" -l size -d 'The size of a file to be created. Its blocks are allocated, unless --sparse' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand map" -l resize -d 'Give the file this size: what is beyond is lost, what is new is zeros whose blocks are allocated, unless --sparse' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand map" -l punch -d 'Make a hole of RANGE: its bytes become zeros, its blocks are freed, the size stays' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand map" -l hold -d 'Keep the file mapped, for DURATION (30s, 5m, 2h) or until Ctrl-C; prints the process and the address' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand map" -l advice -d 'Give the mapping this advice; `mmapio advise --list` explains them' -r -f -a "normal\t''
random\t''
sequential\t''
willneed\t''
dontneed\t''
noreuse\t''
cold\t''
pageout\t''
populate-read\t''
collapse\t''
hugepage\t''
nohugepage\t''
mergeable\t''
unmergeable\t''"
complete -c mmapio -n "__fish_mmapio_using_subcommand map" -l pid -d 'Show the files that process PID maps: what it holds of each, and what of each is in memory' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand map" -l file -d 'Of the process, only what it maps of this file' -r -F
complete -c mmapio -n "__fish_mmapio_using_subcommand map" -l color -d 'Controls when to use color' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mmapio -n "__fish_mmapio_using_subcommand map" -l exact -d 'Print sizes in tables as plain bytes'
complete -c mmapio -n "__fish_mmapio_using_subcommand map" -s q -l quiet -d 'Say nothing of what fails; the exit status still tells'
complete -c mmapio -n "__fish_mmapio_using_subcommand map" -l plain -d 'What `xxd FILE` prints, byte for byte, which `xxd -r` turns back: every line, no colours, no borders'
complete -c mmapio -n "__fish_mmapio_using_subcommand map" -l raw -d 'The bytes themselves. For a part that cannot be read there are as many zeros, and a warning says so'
complete -c mmapio -n "__fish_mmapio_using_subcommand map" -l skip-holes -d 'Leave out holes, of which the file has no data; a line `hole of N bytes` says where each is'
complete -c mmapio -n "__fish_mmapio_using_subcommand map" -l no-squeeze -d 'Show every line: without this, lines equal to the one before are one `*`'
complete -c mmapio -n "__fish_mmapio_using_subcommand map" -l literal -d 'PATTERN is text, whatever it looks like'
complete -c mmapio -n "__fish_mmapio_using_subcommand map" -l count -d 'Print the number of finds alone'
complete -c mmapio -n "__fish_mmapio_using_subcommand map" -l grow -d 'Let the file grow when the patch ends beyond its end'
complete -c mmapio -n "__fish_mmapio_using_subcommand map" -s n -l dry-run -d 'Change nothing: show before and after, or what would become of size and blocks'
complete -c mmapio -n "__fish_mmapio_using_subcommand map" -l create -d 'Create the file, which must not exist, with --size'
complete -c mmapio -n "__fish_mmapio_using_subcommand map" -l sparse -d 'Allocate no blocks: what is new is a hole'
complete -c mmapio -n "__fish_mmapio_using_subcommand map" -s y -l yes -d 'Do not ask before bytes are lost. Without a terminal this is needed for --punch, and for --resize to less'
complete -c mmapio -n "__fish_mmapio_using_subcommand map" -l lock -d 'Lock it in memory'
complete -c mmapio -n "__fish_mmapio_using_subcommand map" -l populate -d 'Bring it into memory and into the page tables'
complete -c mmapio -n "__fish_mmapio_using_subcommand map" -l all -d 'Show the processes that map FILE, and what each holds of it'
complete -c mmapio -n "__fish_mmapio_using_subcommand map" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mmapio -n "__fish_mmapio_using_subcommand map" -s V -l version -d 'Print version'
complete -c mmapio -n "__fish_mmapio_using_subcommand bench" -l strategy -d 'The strategies, separated by commas [default: all]; `help` lists them' -r -f -a "read\t''
pread\t''
dontcache\t''
direct\t''
mmap\t''
mmap-copy\t''
mmap-sequential\t''
mmap-random\t''
mmap-willneed\t''
mmap-populate\t''
mmap-hugepage\t''
pwrite\t''
pwrite-fsync\t''
pwrite-dontcache\t''
pwrite-direct\t''
mmap-msync\t''
mmap-fdatasync\t''
help\t''"
complete -c mmapio -n "__fish_mmapio_using_subcommand bench" -l pattern -d 'Where is read: sequential, random (each block once), stride:SIZE (every SIZE bytes), zipf or zipf:EXPONENT (some blocks far more often than others)' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand bench" -l state -d 'What of the file is in memory before each run: nothing of what is read, all of it, or as it is found' -r -f -a "cold\t'Nothing of what is read'
warm\t'All of what is read'
as-found\t'What happens to be'"
complete -c mmapio -n "__fish_mmapio_using_subcommand bench" -l threads -d 'Threads that read at the same time, each its own share' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand bench" -l block -d 'Bytes that are read at once, a multiple of 8 [default: 16K,128K,1M in order, 4K elsewhere]' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand bench" -l work -d 'What is done with the bytes: a checksum over all of them, or only a copy into memory of our own' -r -f -a "sum\t'Add them up'
copy\t'Copy them'"
complete -c mmapio -n "__fish_mmapio_using_subcommand bench" -l range -d 'Look at this part of the file only: OFFSET[+LENGTH], without a length to the end' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand bench" -l scratch -d 'Make the copy in this directory [default: beside FILE]: what is measured is the filesystem and device that it is on' -r -f -a "(__fish_complete_directories)"
complete -c mmapio -n "__fish_mmapio_using_subcommand bench" -l sync-every -d 'Wait after every N accesses, too, until what was written is on the storage [default: at the end of each run]' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand bench" -l budget -d 'Take about so long: more and longer runs make narrower intervals' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand bench" -l runs -d 'Make so many rounds, whatever the budget' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand bench" -l bytes -d 'Read so many bytes in each run [default: what the budget allows]' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand bench" -l seed -d 'What random numbers begin with: with the same seed the same blocks are read in the same order' -r
complete -c mmapio -n "__fish_mmapio_using_subcommand bench" -l format -d 'How to write the report; json has every run [default: table]' -r -f -a "table\t'For people'
json\t'One JSON document'
csv\t'One line for each strategy in each scenario'"
complete -c mmapio -n "__fish_mmapio_using_subcommand bench" -l svg -d 'Draw the report as a picture, too, and write it to FILE; `-` is standard output, in place of the report' -r -F
complete -c mmapio -n "__fish_mmapio_using_subcommand bench" -l compare -d 'Say what is faster and slower than in REPORT, written by an earlier run with --format json; `-` is standard input' -r -F
complete -c mmapio -n "__fish_mmapio_using_subcommand bench" -l from -d 'Measure nothing, and take what was measured from REPORT, written by an earlier run with --format json; `-` is standard input' -r -F
complete -c mmapio -n "__fish_mmapio_using_subcommand bench" -l progress -d 'Show progress on standard error: on a terminal, always (as lines where there is no terminal), never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c mmapio -n "__fish_mmapio_using_subcommand bench" -l color -d 'Controls when to use color' -r -f -a "auto\t''
always\t''
never\t''"
complete -c mmapio -n "__fish_mmapio_using_subcommand bench" -l write -d 'Measure ways of writing: into a copy of FILE or of a part of it, which is removed at the end. FILE itself is never written. The copy is in memory before each run, so that --state does not apply'
complete -c mmapio -n "__fish_mmapio_using_subcommand bench" -l no-restore-cache -d 'Leave in memory what the measurements left there'
complete -c mmapio -n "__fish_mmapio_using_subcommand bench" -s q -l quiet -d 'Say nothing of what could not be measured; the report has it'
complete -c mmapio -n "__fish_mmapio_using_subcommand bench" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mmapio -n "__fish_mmapio_using_subcommand bench" -s V -l version -d 'Print version'
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
complete -c mmapio -n "__fish_mmapio_using_subcommand help; and not __fish_seen_subcommand_from incore warm evict lock sync advise map bench completions man help" -f -a "incore" -d 'Show what is resident in memory: counts, strips, exact ranges'
complete -c mmapio -n "__fish_mmapio_using_subcommand help; and not __fish_seen_subcommand_from incore warm evict lock sync advise map bench completions man help" -f -a "warm" -d 'Load files into memory, and prove it'
complete -c mmapio -n "__fish_mmapio_using_subcommand help; and not __fish_seen_subcommand_from incore warm evict lock sync advise map bench completions man help" -f -a "evict" -d 'Drop files from memory, and say what stayed and why'
complete -c mmapio -n "__fish_mmapio_using_subcommand help; and not __fish_seen_subcommand_from incore warm evict lock sync advise map bench completions man help" -f -a "lock" -d 'Keep files in memory while it runs'
complete -c mmapio -n "__fish_mmapio_using_subcommand help; and not __fish_seen_subcommand_from incore warm evict lock sync advise map bench completions man help" -f -a "sync" -d 'Write dirty pages back, and say how many there were'
complete -c mmapio -n "__fish_mmapio_using_subcommand help; and not __fish_seen_subcommand_from incore warm evict lock sync advise map bench completions man help" -f -a "advise" -d 'Give the kernel an advice about files: madvise, posix_fadvise, or to a running process'
complete -c mmapio -n "__fish_mmapio_using_subcommand help; and not __fish_seen_subcommand_from incore warm evict lock sync advise map bench completions man help" -f -a "map" -d 'Map a file: facts, hex view, search, patch, grow, hold; or what processes map'
complete -c mmapio -n "__fish_mmapio_using_subcommand help; and not __fish_seen_subcommand_from incore warm evict lock sync advise map bench completions man help" -f -a "bench" -d 'Measure which way of reading a file is fastest here'
complete -c mmapio -n "__fish_mmapio_using_subcommand help; and not __fish_seen_subcommand_from incore warm evict lock sync advise map bench completions man help" -f -a "completions" -d 'Print the completion script of a shell'
complete -c mmapio -n "__fish_mmapio_using_subcommand help; and not __fish_seen_subcommand_from incore warm evict lock sync advise map bench completions man help" -f -a "man" -d 'Print a manual page, or write all of them'
complete -c mmapio -n "__fish_mmapio_using_subcommand help; and not __fish_seen_subcommand_from incore warm evict lock sync advise map bench completions man help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
