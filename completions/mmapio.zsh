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
'(--wait)*--pid=[Look at the files that this process maps or holds open; may be given more than once]:PID:_default' \
'(--columns --sort -r --reverse --top --cached-only -s --summary --ascii --exact)--runs=[Print exact ranges, one a row\: the resident ones, the absent ones, or all (absent data and holes told apart)]::WHICH:((resident\:"Ranges in memory"
absent\:"Ranges with data that is not in memory"
all\:"All ranges, holes too"))' \
'--format=[How to write what is found \[default\: table, with --missing paths\]]:FORMAT:((table\:"For people\: aligned columns"
json\:"One JSON document"
ndjson\:"One JSON record a line, as they are found"
csv\:"Comma-separated values, as they are found"
paths\:"The paths alone, as they are found"
prometheus\:"Metrics for Prometheus\: of the total, and with --top of so many files, with --by-directory of directories, each of which is a series"))' \
'*--columns=[The columns of tables and csv, separated by commas; \`help\` lists them]:LIST:(files size pages resident_pages resident_bytes resident_percent dirty_pages writeback_pages evicted_pages recently_evicted_pages probe first_percent middle_percent last_percent runs shortest_run_bytes median_run_bytes longest_run_bytes run_lengths map processes path note help)' \
'--sort=[Sort by COLUMN\: numbers from the largest, text from A to Z, unknown last]:COLUMN:(files size pages resident_pages resident_bytes resident_percent dirty_pages writeback_pages evicted_pages recently_evicted_pages probe first_percent middle_percent last_percent runs shortest_run_bytes median_run_bytes longest_run_bytes path)' \
'--top=[Show only the first N files or directories, sorted by resident memory unless --sort says otherwise]:N:_default' \
'(--runs)--missing=[Show only files of which less than so much is in memory \[default\: 100%\]; those of which that is unknown, too]::PERCENT:_default' \
'(-0 --null)--textfile=[Write the metrics to FILE instead, all at once\: for the textfile collector of Prometheus'\'' node_exporter]:FILE:_files' \
'--probe=[Which system call to ask]:CALL:((auto\:"cachestat where it is there and right, else mincore"
cachestat\:"cachestat or unknown"
mincore\:"mincore or unknown\: slower, but does not count pages that are being read or could not be"))' \
'(--runs --missing -0 --null --svg --html --watch)--by-directory=[Show directories instead of files, like du\: each is the sum of all files in and below it]::DEPTH:_default' \
'(--top)--fold=[Put what holds less than so much of all resident memory into the last row of the table \[default\: 1%\]; 0% shows all]:PERCENT:_default' \
'(--runs)--svg=[Draw the files that are shown into FILE, as SVG; \`-\` is standard output, in place of the table]:FILE:_files' \
'(--runs)--html=[Write the same into FILE as a page for a browser, to be sorted and filtered there; \`-\` is standard output]:FILE:_files' \
'(--runs)--fail-under=[Exit with status 3 when less than so much of all files is in memory; unknown counts as less]:PERCENT:_default' \
'(--runs --fail-under)--wait=[Wait until so much of all files is in memory, then report; unknown counts as less]:PERCENT:_default' \
'--timeout=[Wait for so long at the most, then report and exit with status 3\: 30s, 5m, 1.5h]:DURATION:_default' \
'(--runs --columns --missing -0 --null --textfile --fail-under --wait --pid --open --svg --html --total)--watch=[Look again every SECONDS \[default\: 1\]\: a live view on a terminal, else one ndjson record a round]::SECONDS:_default' \
'--rounds=[End after N rounds; else only \`q\` or a signal ends it]:N:_default' \
'--progress=[Show progress on standard error\: of long walks on a terminal, always (as lines where there is no terminal), never]:WHEN:((auto\:"On a terminal"
always\:"Always"
never\:"Never"))' \
'--color=[Controls when to use color]:WHEN:(auto always never)' \
'-x[Stay on the filesystem of each named directory]' \
'--one-file-system[Stay on the filesystem of each named directory]' \
'-L[Follow symbolic links below named directories; loops are noticed]' \
'--follow[Follow symbolic links below named directories; loops are noticed]' \
'(--pid --wait)--open[Look at the files that any process maps or holds open; with PATHs, at the files below those, too]' \
'(--runs --by-directory --watch)--histogram[Add how residency is spread\: over the thirds of each file, and how many runs there are and how long]' \
'-r[Sort the other way round (by path, unless --sort or --top says otherwise)]' \
'--reverse[Sort the other way round (by path, unless --sort or --top says otherwise)]' \
'--cached-only[Leave out files and directories that have nothing in memory; those of which that is unknown stay]' \
'-0[End each path with a NUL byte instead of a new line\: with --missing or --format paths, for \`xargs -0\`]' \
'--null[End each path with a NUL byte instead of a new line\: with --missing or --format paths, for \`xargs -0\`]' \
'--total[Add the total of all files, also of those that are not shown, and their dirty pages]' \
'-s[Show the total alone]' \
'--summary[Show the total alone]' \
'--ascii[Draw strips with ASCII characters]' \
'--exact[Print sizes in tables as plain bytes]' \
'(-v --verbose)-q[Say nothing of paths that fail; the exit status still tells]' \
'(-v --verbose)--quiet[Say nothing of paths that fail; the exit status still tells]' \
'-v[Say more\: all files in tables that would leave some out; how many there were and how long it took]' \
'--verbose[Say more\: all files in tables that would leave some out; how many there were and how long it took]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'-V[Print version]' \
'--version[Print version]' \
'*::paths -- Files, directories (walked to their end) and block devices:_files' \
&& ret=0
;;
(warm)
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
'--head=[The first SIZE bytes of each file; with --tail or --range, those too]:SIZE:_default' \
'--tail=[The last SIZE bytes of each file; with --head or --range, those too]:SIZE:_default' \
'(--files-from --files0-from --range --head --tail)--ranges-from=[The files and ranges that FILE lists; \`-\` is standard input]:FILE:_files' \
'--rate=[Load at most SIZE bytes a second]:SIZE[/s]:_default' \
'--max-memory=[Refuse to load more than this\: a size, or a percentage of the memory that is to be had \[default\: 100%\]]:SIZE|PERCENT%:_default' \
'--require=[Demand that so much of what was asked for is in memory at the end, else exit with status 3]:PERCENT:_default' \
'--probe=[Which system call tells what is absent]:CALL:((auto\:"cachestat where it is there and right, else mincore"
cachestat\:"cachestat or unknown"
mincore\:"mincore or unknown\: slower, but does not count pages that are being read or could not be"))' \
'--format=[How to write the report]:FORMAT:((table\:"For people\: aligned columns"
json\:"One JSON document"
ndjson\:"One JSON record a line, as they are found"
csv\:"Comma-separated values, as they are found"))' \
'*--columns=[The columns of tables and csv, separated by commas; \`help\` lists them]:LIST:(size pages before_resident_bytes before_resident_pages before_dirty_pages before_writeback_pages resident_pages resident_bytes resident_percent dirty_pages writeback_pages evicted_pages recently_evicted_pages probe requested_pages requested_bytes changed_pages changed_bytes seconds bytes_per_second reached_percent remaining path note help)' \
'--progress=[Show progress on standard error\: of long walks on a terminal, always (as lines where there is no terminal), never]:WHEN:((auto\:"On a terminal"
always\:"Always"
never\:"Never"))' \
'--color=[Controls when to use color]:WHEN:(auto always never)' \
'-x[Stay on the filesystem of each named directory]' \
'--one-file-system[Stay on the filesystem of each named directory]' \
'-L[Follow symbolic links below named directories; loops are noticed]' \
'--follow[Follow symbolic links below named directories; loops are noticed]' \
'--force[Load even what does not fit into the memory that is to be had]' \
'-n[Change nothing\: report what would be done]' \
'--dry-run[Change nothing\: report what would be done]' \
'-s[Report the total alone]' \
'--summary[Report the total alone]' \
'--exact[Print sizes in tables as plain bytes]' \
'(-v --verbose)-q[Say nothing of paths that fail; the exit status still tells]' \
'(-v --verbose)--quiet[Say nothing of paths that fail; the exit status still tells]' \
'-v[Say more\: all files in tables that would leave some out; how many there were and how long it took]' \
'--verbose[Say more\: all files in tables that would leave some out; how many there were and how long it took]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'-V[Print version]' \
'--version[Print version]' \
'*::paths -- Files, directories (walked to their end) and block devices:_files' \
&& ret=0
;;
(prewarm)
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
'--head=[The first SIZE bytes of each file; with --tail or --range, those too]:SIZE:_default' \
'--tail=[The last SIZE bytes of each file; with --head or --range, those too]:SIZE:_default' \
'(--files-from --files0-from --range --head --tail)--ranges-from=[The files and ranges that FILE lists; \`-\` is standard input]:FILE:_files' \
'--rate=[Load at most SIZE bytes a second]:SIZE[/s]:_default' \
'--max-memory=[Refuse to load more than this\: a size, or a percentage of the memory that is to be had \[default\: 100%\]]:SIZE|PERCENT%:_default' \
'--require=[Demand that so much of what was asked for is in memory at the end, else exit with status 3]:PERCENT:_default' \
'--probe=[Which system call tells what is absent]:CALL:((auto\:"cachestat where it is there and right, else mincore"
cachestat\:"cachestat or unknown"
mincore\:"mincore or unknown\: slower, but does not count pages that are being read or could not be"))' \
'--format=[How to write the report]:FORMAT:((table\:"For people\: aligned columns"
json\:"One JSON document"
ndjson\:"One JSON record a line, as they are found"
csv\:"Comma-separated values, as they are found"))' \
'*--columns=[The columns of tables and csv, separated by commas; \`help\` lists them]:LIST:(size pages before_resident_bytes before_resident_pages before_dirty_pages before_writeback_pages resident_pages resident_bytes resident_percent dirty_pages writeback_pages evicted_pages recently_evicted_pages probe requested_pages requested_bytes changed_pages changed_bytes seconds bytes_per_second reached_percent remaining path note help)' \
'--progress=[Show progress on standard error\: of long walks on a terminal, always (as lines where there is no terminal), never]:WHEN:((auto\:"On a terminal"
always\:"Always"
never\:"Never"))' \
'--color=[Controls when to use color]:WHEN:(auto always never)' \
'-x[Stay on the filesystem of each named directory]' \
'--one-file-system[Stay on the filesystem of each named directory]' \
'-L[Follow symbolic links below named directories; loops are noticed]' \
'--follow[Follow symbolic links below named directories; loops are noticed]' \
'--force[Load even what does not fit into the memory that is to be had]' \
'-n[Change nothing\: report what would be done]' \
'--dry-run[Change nothing\: report what would be done]' \
'-s[Report the total alone]' \
'--summary[Report the total alone]' \
'--exact[Print sizes in tables as plain bytes]' \
'(-v --verbose)-q[Say nothing of paths that fail; the exit status still tells]' \
'(-v --verbose)--quiet[Say nothing of paths that fail; the exit status still tells]' \
'-v[Say more\: all files in tables that would leave some out; how many there were and how long it took]' \
'--verbose[Say more\: all files in tables that would leave some out; how many there were and how long it took]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'-V[Print version]' \
'--version[Print version]' \
'*::paths -- Files, directories (walked to their end) and block devices:_files' \
&& ret=0
;;
(evict)
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
'(--range)--all-but=[Keep this part of each file, and drop the rest\: OFFSET\[+LENGTH\], without a length to the end]:OFFSET[+LENGTH]:_default' \
'--format=[How to write the report]:FORMAT:((table\:"For people\: aligned columns"
json\:"One JSON document"
ndjson\:"One JSON record a line, as they are found"
csv\:"Comma-separated values, as they are found"))' \
'*--columns=[The columns of tables and csv, separated by commas; \`help\` lists them]:LIST:(size pages before_resident_bytes before_resident_pages before_dirty_pages before_writeback_pages resident_pages resident_bytes resident_percent dirty_pages writeback_pages evicted_pages recently_evicted_pages probe requested_pages requested_bytes changed_pages changed_bytes seconds bytes_per_second reached_percent remaining path note help)' \
'--progress=[Show progress on standard error\: of long walks on a terminal, always (as lines where there is no terminal), never]:WHEN:((auto\:"On a terminal"
always\:"Always"
never\:"Never"))' \
'--color=[Controls when to use color]:WHEN:(auto always never)' \
'-x[Stay on the filesystem of each named directory]' \
'--one-file-system[Stay on the filesystem of each named directory]' \
'-L[Follow symbolic links below named directories; loops are noticed]' \
'--follow[Follow symbolic links below named directories; loops are noticed]' \
'--sync[Write each file back first (fdatasync), so that dirty pages go, too]' \
'(-n --dry-run)--require[Exit with status 3 when anything stayed in memory, or when that is unknown]' \
'-n[Change nothing\: report what would be done]' \
'--dry-run[Change nothing\: report what would be done]' \
'-s[Report the total alone]' \
'--summary[Report the total alone]' \
'--exact[Print sizes in tables as plain bytes]' \
'(-v --verbose)-q[Say nothing of paths that fail; the exit status still tells]' \
'(-v --verbose)--quiet[Say nothing of paths that fail; the exit status still tells]' \
'-v[Say more\: all files in tables that would leave some out; how many there were and how long it took]' \
'--verbose[Say more\: all files in tables that would leave some out; how many there were and how long it took]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'-V[Print version]' \
'--version[Print version]' \
'*::paths -- Files, directories (walked to their end) and block devices:_files' \
&& ret=0
;;
(lock)
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
'--max-memory=[Lock at most this much memory\: a SIZE, or a PERCENT (\`50%\`) of what is available]:SIZE|PERCENT%:_default' \
'--pidfile=[Write the process id to FILE, which must not exist, and remove it at the end]:FILE:_files' \
'--format=[How to say what is locked]:FORMAT:((text\:"A line for people"
ndjson\:"JSON records, one a line"))' \
'--progress=[Show progress on standard error\: of long walks on a terminal, always (as lines where there is no terminal), never]:WHEN:((auto\:"On a terminal"
always\:"Always"
never\:"Never"))' \
'--color=[Controls when to use color]:WHEN:(auto always never)' \
'-x[Stay on the filesystem of each named directory]' \
'--one-file-system[Stay on the filesystem of each named directory]' \
'-L[Follow symbolic links below named directories; loops are noticed]' \
'--follow[Follow symbolic links below named directories; loops are noticed]' \
'--force[Lock more than the memory that is available; the machine may have to kill processes for it]' \
'-k[Lock the rest when a path fails; otherwise nothing is locked then]' \
'--keep-going[Lock the rest when a path fails; otherwise nothing is locked then]' \
'--follow-changes[Go along with files that grow, shrink or are replaced, and with new files in directories]' \
'-n[Say what would be locked, and which limits leave room for it; lock nothing]' \
'--dry-run[Say what would be locked, and which limits leave room for it; lock nothing]' \
'(-v --verbose)-q[Say nothing of paths that fail; the exit status still tells]' \
'(-v --verbose)--quiet[Say nothing of paths that fail; the exit status still tells]' \
'-v[Say more\: all files in tables that would leave some out; how many there were and how long it took]' \
'--verbose[Say more\: all files in tables that would leave some out; how many there were and how long it took]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'-V[Print version]' \
'--version[Print version]' \
'*::paths -- Files, directories (walked to their end) and block devices:_files' \
&& ret=0
;;
(sync)
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
'--format=[How to write the report]:FORMAT:((table\:"For people\: aligned columns"
json\:"One JSON document"
ndjson\:"One JSON record a line, as they are found"
csv\:"Comma-separated values, as they are found"))' \
'*--columns=[The columns of tables and csv, separated by commas; \`help\` lists them]:LIST:(size pages before_resident_bytes before_resident_pages before_dirty_pages before_writeback_pages resident_pages resident_bytes resident_percent dirty_pages writeback_pages evicted_pages recently_evicted_pages probe requested_pages requested_bytes changed_pages changed_bytes seconds bytes_per_second reached_percent remaining path note help)' \
'--progress=[Show progress on standard error\: of long walks on a terminal, always (as lines where there is no terminal), never]:WHEN:((auto\:"On a terminal"
always\:"Always"
never\:"Never"))' \
'--color=[Controls when to use color]:WHEN:(auto always never)' \
'-x[Stay on the filesystem of each named directory]' \
'--one-file-system[Stay on the filesystem of each named directory]' \
'-L[Follow symbolic links below named directories; loops are noticed]' \
'--follow[Follow symbolic links below named directories; loops are noticed]' \
'(--async --msync --invalidate)--data-only[Write the data, and of the metadata only what reading it needs\: fdatasync]' \
'(--msync --invalidate)--async[Start writing and do not wait\: sync_file_range. Nothing is durable when it returns, and no failure is noticed]' \
'--msync[Write through a mapping\: msync with MS_SYNC. Needs the permission to write]' \
'--invalidate[The same with MS_INVALIDATE, for those who want that very call]' \
'-n[Change nothing\: report what would be done]' \
'--dry-run[Change nothing\: report what would be done]' \
'-s[Report the total alone]' \
'--summary[Report the total alone]' \
'--exact[Print sizes in tables as plain bytes]' \
'(-v --verbose)-q[Say nothing of paths that fail; the exit status still tells]' \
'(-v --verbose)--quiet[Say nothing of paths that fail; the exit status still tells]' \
'-v[Say more\: all files in tables that would leave some out; how many there were and how long it took]' \
'--verbose[Say more\: all files in tables that would leave some out; how many there were and how long it took]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'-V[Print version]' \
'--version[Print version]' \
'*::paths -- Files, directories (walked to their end) and block devices:_files' \
&& ret=0
;;
(advise)
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
'(--call)--pid=[Advise this process about its mappings of the files, by process_madvise(2)]:PID:_default' \
'--call=[The call that carries the advice, where there are two \[default\: the first one in --list\]]:CALL:((madvise\:"madvise(2), on a mapping"
fadvise\:"posix_fadvise(2), on a descriptor"))' \
'--format=[How to write the report]:FORMAT:((table\:"For people\: aligned columns"
json\:"One JSON document"
ndjson\:"One JSON record a line, as they are found"
csv\:"Comma-separated values, as they are found"))' \
'*--columns=[The columns of tables and csv, separated by commas; \`help\` lists them]:LIST:(size pages before_resident_bytes before_resident_pages before_dirty_pages before_writeback_pages resident_pages resident_bytes resident_percent dirty_pages writeback_pages evicted_pages recently_evicted_pages probe requested_pages requested_bytes changed_pages changed_bytes seconds bytes_per_second reached_percent remaining path note help)' \
'--progress=[Show progress on standard error\: of long walks on a terminal, always (as lines where there is no terminal), never]:WHEN:((auto\:"On a terminal"
always\:"Always"
never\:"Never"))' \
'--color=[Controls when to use color]:WHEN:(auto always never)' \
'-x[Stay on the filesystem of each named directory]' \
'--one-file-system[Stay on the filesystem of each named directory]' \
'-L[Follow symbolic links below named directories; loops are noticed]' \
'--follow[Follow symbolic links below named directories; loops are noticed]' \
'(--files-from --files0-from --pid --call)--list[List every advice, as a table or in another --format; with ADVICE this one]' \
'-n[Change nothing\: report what would be done]' \
'--dry-run[Change nothing\: report what would be done]' \
'-s[Report the total alone]' \
'--summary[Report the total alone]' \
'--exact[Print sizes in tables as plain bytes]' \
'(-v --verbose)-q[Say nothing of paths that fail; the exit status still tells]' \
'(-v --verbose)--quiet[Say nothing of paths that fail; the exit status still tells]' \
'-v[Say more\: all files in tables that would leave some out; how many there were and how long it took]' \
'--verbose[Say more\: all files in tables that would leave some out; how many there were and how long it took]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'-V[Print version]' \
'--version[Print version]' \
'::advice -- The advice:((normal\:"reads ahead as usual\: takes back random, sequential, noreuse"
random\:"reads no page ahead"
sequential\:"reads more ahead; in a mapping, gives up sooner what was read"
willneed\:"starts to read what is absent, only as much as the device takes at once"
dontneed\:"drops clean pages that nobody maps; of dirty ones, starts writing back"
noreuse\:"reading through the descriptor does not keep pages in memory longer"
cold\:"makes its pages the first to go when memory is short"
pageout\:"drops clean pages that nobody else maps; on tmpfs, moves them to swap"
populate-read\:"reads what is absent, and waits for it\: an unreadable page is an error"
collapse\:"puts its pages together to huge pages, reading what is absent"
hugepage\:"lets the mapping have huge pages"
nohugepage\:"keeps huge pages out of the mapping"
mergeable\:"lets equal pages be shared that a private mapping has written; a shared one has none"
unmergeable\:"takes back mergeable"))' \
'*::paths -- Files, directories (walked to their end) and block devices:_files' \
&& ret=0
;;
(map)
_arguments "${_arguments_options[@]}" : \
'--range=[The part of the file it is about\: OFFSET\[+LENGTH\], without a length to the end]:OFFSET[+LENGTH]:_default' \
'--format=[How to write what is found]:FORMAT:((table\:"For people\: aligned columns"
json\:"One JSON document"
ndjson\:"One JSON record a line, as they are found"))' \
'--dump=[Show the bytes, of RANGE or of all\: OFFSET\[+LENGTH\]]::RANGE:_default' \
'--find=[Print the offset of each place where PATTERN is\: 0x and hexadecimal digits are bytes, anything else is text]:PATTERN:_default' \
'--context=[Show each find with N bytes before and after it, at most 1 MiB\: in colour, or in brackets]:N:_default' \
'--max-count=[Stop after N finds, the first in the file]:N:_default' \
'--write=[Write at OFFSET what --hex, --text or --from gives]:OFFSET:_default' \
'--hex=[Bytes as hexadecimal digits; spaces between them, and 0x before them, are left out]:DIGITS:_default' \
'--text=[Text]:TEXT:_default' \
'--from=[The content of FILE; \`-\` is standard input, which is read to its end before anything is written]:FILE:_files' \
'--fill=[Fill the --range with this byte\: 0 to 255, or 0x00 to 0xff]:BYTE:_default' \
'--copy-from=[Copy this part of the same file over the --range\: OFFSET, for as many bytes as the range has]:OFFSET:_default' \
'(--backup --grow)--undo=[Put back what --backup FILE kept]:FILE:_files' \
'(--create --resize --punch)--backup=[Keep what is overwritten in FILE, which must not exist, for --undo]:FILE:_files' \
'--size=[The size of a file to be created. Its blocks are allocated, unless --sparse]:SIZE:_default' \
'--resize=[Give the file this size\: what is beyond is lost, what is new is zeros whose blocks are allocated, unless --sparse]:SIZE:_default' \
'--punch=[Make a hole of RANGE\: its bytes become zeros, its blocks are freed, the size stays]:RANGE:_default' \
'--hold=[Keep the file mapped, for DURATION (30s, 5m, 2h) or until Ctrl-C; prints the process and the address]::DURATION:_default' \
'--advice=[Give the mapping this advice; \`mmapio advise --list\` explains them]:ADVICE:(normal random sequential willneed dontneed noreuse cold pageout populate-read collapse hugepage nohugepage mergeable unmergeable)' \
'--pid=[Show the files that process PID maps\: what it holds of each, and what of each is in memory]:PID:_default' \
'--file=[Of the process, only what it maps of this file]:PATH:_files' \
'--color=[Controls when to use color]:WHEN:(auto always never)' \
'--exact[Print sizes in tables as plain bytes]' \
'-q[Say nothing of what fails; the exit status still tells]' \
'--quiet[Say nothing of what fails; the exit status still tells]' \
'--plain[What \`xxd FILE\` prints, byte for byte, which \`xxd -r\` turns back\: every line, no colours, no borders]' \
'(--plain)--raw[The bytes themselves. For a part that cannot be read there are as many zeros, and a warning says so]' \
'(--raw)--skip-holes[Leave out holes, of which the file has no data; a line \`hole of N bytes\` says where each is]' \
'(--raw)--no-squeeze[Show every line\: without this, lines equal to the one before are one \`*\`]' \
'--literal[PATTERN is text, whatever it looks like]' \
'--count[Print the number of finds alone]' \
'(--create --resize --punch)--grow[Let the file grow when the patch ends beyond its end]' \
'-n[Change nothing\: show before and after, or what would become of size and blocks]' \
'--dry-run[Change nothing\: show before and after, or what would become of size and blocks]' \
'--create[Create the file, which must not exist, with --size]' \
'(--write --fill --copy-from --undo --punch)--sparse[Allocate no blocks\: what is new is a hole]' \
'-y[Do not ask before bytes are lost. Without a terminal this is needed for --punch, and for --resize to less]' \
'--yes[Do not ask before bytes are lost. Without a terminal this is needed for --punch, and for --resize to less]' \
'--lock[Lock it in memory]' \
'--populate[Bring it into memory and into the page tables]' \
'--all[Show the processes that map FILE, and what each holds of it]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'-V[Print version]' \
'--version[Print version]' \
'::file -- The file\: a regular file or a block device:_files' \
&& ret=0
;;
(bench)
_arguments "${_arguments_options[@]}" : \
'*--strategy=[The strategies, separated by commas \[default\: all\]; \`help\` lists them]:LIST:(read pread dontcache direct mmap mmap-copy mmap-sequential mmap-random mmap-willneed mmap-populate mmap-hugepage pwrite pwrite-fsync pwrite-dontcache pwrite-direct mmap-msync mmap-fdatasync help)' \
'*--pattern=[Where is read\: sequential, random (each block once), stride\:SIZE (every SIZE bytes), zipf or zipf\:EXPONENT (some blocks far more often than others)]:LIST:_default' \
'*--state=[What of the file is in memory before each run\: nothing of what is read, all of it, or as it is found]:LIST:((cold\:"Nothing of what is read"
warm\:"All of what is read"
as-found\:"What happens to be"))' \
'*--threads=[Threads that read at the same time, each its own share]:LIST:_default' \
'*--block=[Bytes that are read at once, a multiple of 8 \[default\: 16K,128K,1M in order, 4K elsewhere\]]:LIST:_default' \
'--work=[What is done with the bytes\: a checksum over all of them, or only a copy into memory of our own]:WORK:((sum\:"Add them up"
copy\:"Copy them"))' \
'--range=[Look at this part of the file only\: OFFSET\[+LENGTH\], without a length to the end]:OFFSET[+LENGTH]:_default' \
'--scratch=[Make the copy in this directory \[default\: beside FILE\]\: what is measured is the filesystem and device that it is on]:DIR:_files -/' \
'--sync-every=[Wait after every N accesses, too, until what was written is on the storage \[default\: at the end of each run\]]:N:_default' \
'--budget=[Take about so long\: more and longer runs make narrower intervals]:SECONDS:_default' \
'--runs=[Make so many rounds, whatever the budget]:N:_default' \
'--bytes=[Read so many bytes in each run \[default\: what the budget allows\]]:SIZE:_default' \
'--seed=[What random numbers begin with\: with the same seed the same blocks are read in the same order]:N:_default' \
'--format=[How to write the report; json has every run \[default\: table\]]:FORMAT:((table\:"For people"
json\:"One JSON document"
csv\:"One line for each strategy in each scenario"))' \
'--svg=[Draw the report as a picture, too, and write it to FILE; \`-\` is standard output, in place of the report]:FILE:_files' \
'--compare=[Say what is faster and slower than in REPORT, written by an earlier run with --format json; \`-\` is standard input]:REPORT:_files' \
'(--strategy --pattern --state --threads --block --work --range --write --scratch --sync-every --budget --runs --bytes --seed --no-restore-cache)--from=[Measure nothing, and take what was measured from REPORT, written by an earlier run with --format json; \`-\` is standard input]:REPORT:_files' \
'--progress=[Show progress on standard error\: on a terminal, always (as lines where there is no terminal), never]:WHEN:((auto\:"On a terminal"
always\:"Always"
never\:"Never"))' \
'--color=[Controls when to use color]:WHEN:(auto always never)' \
'(--state --work)--write[Measure ways of writing\: into a copy of FILE or of a part of it, which is removed at the end. FILE itself is never written. The copy is in memory before each run, so that --state does not apply]' \
'--no-restore-cache[Leave in memory what the measurements left there]' \
'-q[Say nothing of what could not be measured; the report has it]' \
'--quiet[Say nothing of what could not be measured; the report has it]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'-V[Print version]' \
'--version[Print version]' \
'::file -- The file\: a regular file or a block device. It is never written:_files' \
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
(warm)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(evict)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(lock)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(sync)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(advise)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(map)
_arguments "${_arguments_options[@]}" : \
&& ret=0
;;
(bench)
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
'warm:Load files into memory, and prove it' \
'prewarm:Load files into memory, and prove it' \
'evict:Drop files from memory, and say what stayed and why' \
'lock:Keep files in memory while it runs' \
'sync:Write dirty pages back, and say how many there were' \
'advise:Give the kernel an advice about files\: madvise, posix_fadvise, or to a running process' \
'map:Map a file\: facts, hex view, search, patch, grow, hold; or what processes map' \
'bench:Measure which way of reading a file is fastest here' \
'completions:Print the completion script of a shell' \
'man:Print a manual page, or write all of them' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'mmapio commands' commands "$@"
}
(( $+functions[_mmapio__subcmd__advise_commands] )) ||
_mmapio__subcmd__advise_commands() {
    local commands; commands=()
    _describe -t commands 'mmapio advise commands' commands "$@"
}
(( $+functions[_mmapio__subcmd__bench_commands] )) ||
_mmapio__subcmd__bench_commands() {
    local commands; commands=()
    _describe -t commands 'mmapio bench commands' commands "$@"
}
(( $+functions[_mmapio__subcmd__completions_commands] )) ||
_mmapio__subcmd__completions_commands() {
    local commands; commands=()
    _describe -t commands 'mmapio completions commands' commands "$@"
}
(( $+functions[_mmapio__subcmd__evict_commands] )) ||
_mmapio__subcmd__evict_commands() {
    local commands; commands=()
    _describe -t commands 'mmapio evict commands' commands "$@"
}
(( $+functions[_mmapio__subcmd__help_commands] )) ||
_mmapio__subcmd__help_commands() {
    local commands; commands=(
'incore:Show what is resident in memory\: counts, strips, exact ranges' \
'warm:Load files into memory, and prove it' \
'evict:Drop files from memory, and say what stayed and why' \
'lock:Keep files in memory while it runs' \
'sync:Write dirty pages back, and say how many there were' \
'advise:Give the kernel an advice about files\: madvise, posix_fadvise, or to a running process' \
'map:Map a file\: facts, hex view, search, patch, grow, hold; or what processes map' \
'bench:Measure which way of reading a file is fastest here' \
'completions:Print the completion script of a shell' \
'man:Print a manual page, or write all of them' \
'help:Print this message or the help of the given subcommand(s)' \
    )
    _describe -t commands 'mmapio help commands' commands "$@"
}
(( $+functions[_mmapio__subcmd__help__subcmd__advise_commands] )) ||
_mmapio__subcmd__help__subcmd__advise_commands() {
    local commands; commands=()
    _describe -t commands 'mmapio help advise commands' commands "$@"
}
(( $+functions[_mmapio__subcmd__help__subcmd__bench_commands] )) ||
_mmapio__subcmd__help__subcmd__bench_commands() {
    local commands; commands=()
    _describe -t commands 'mmapio help bench commands' commands "$@"
}
(( $+functions[_mmapio__subcmd__help__subcmd__completions_commands] )) ||
_mmapio__subcmd__help__subcmd__completions_commands() {
    local commands; commands=()
    _describe -t commands 'mmapio help completions commands' commands "$@"
}
(( $+functions[_mmapio__subcmd__help__subcmd__evict_commands] )) ||
_mmapio__subcmd__help__subcmd__evict_commands() {
    local commands; commands=()
    _describe -t commands 'mmapio help evict commands' commands "$@"
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
(( $+functions[_mmapio__subcmd__help__subcmd__lock_commands] )) ||
_mmapio__subcmd__help__subcmd__lock_commands() {
    local commands; commands=()
    _describe -t commands 'mmapio help lock commands' commands "$@"
}
(( $+functions[_mmapio__subcmd__help__subcmd__man_commands] )) ||
_mmapio__subcmd__help__subcmd__man_commands() {
    local commands; commands=()
    _describe -t commands 'mmapio help man commands' commands "$@"
}
(( $+functions[_mmapio__subcmd__help__subcmd__map_commands] )) ||
_mmapio__subcmd__help__subcmd__map_commands() {
    local commands; commands=()
    _describe -t commands 'mmapio help map commands' commands "$@"
}
(( $+functions[_mmapio__subcmd__help__subcmd__sync_commands] )) ||
_mmapio__subcmd__help__subcmd__sync_commands() {
    local commands; commands=()
    _describe -t commands 'mmapio help sync commands' commands "$@"
}
(( $+functions[_mmapio__subcmd__help__subcmd__warm_commands] )) ||
_mmapio__subcmd__help__subcmd__warm_commands() {
    local commands; commands=()
    _describe -t commands 'mmapio help warm commands' commands "$@"
}
(( $+functions[_mmapio__subcmd__incore_commands] )) ||
_mmapio__subcmd__incore_commands() {
    local commands; commands=()
    _describe -t commands 'mmapio incore commands' commands "$@"
}
(( $+functions[_mmapio__subcmd__lock_commands] )) ||
_mmapio__subcmd__lock_commands() {
    local commands; commands=()
    _describe -t commands 'mmapio lock commands' commands "$@"
}
(( $+functions[_mmapio__subcmd__man_commands] )) ||
_mmapio__subcmd__man_commands() {
    local commands; commands=()
    _describe -t commands 'mmapio man commands' commands "$@"
}
(( $+functions[_mmapio__subcmd__map_commands] )) ||
_mmapio__subcmd__map_commands() {
    local commands; commands=()
    _describe -t commands 'mmapio map commands' commands "$@"
}
(( $+functions[_mmapio__subcmd__sync_commands] )) ||
_mmapio__subcmd__sync_commands() {
    local commands; commands=()
    _describe -t commands 'mmapio sync commands' commands "$@"
}
(( $+functions[_mmapio__subcmd__warm_commands] )) ||
_mmapio__subcmd__warm_commands() {
    local commands; commands=()
    _describe -t commands 'mmapio warm commands' commands "$@"
}

if [ "$funcstack[1]" = "_mmapio" ]; then
    _mmapio "$@"
else
    compdef _mmapio mmapio
fi
