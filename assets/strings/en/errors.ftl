# What went wrong, by the code of the error, and in `.help` what to do about it. Shared advice begins with `help-`.

error-label = error
error-help-label = help

cannot-do = cannot { $doing }: { $detail }

help-check-path = check the path; relative paths start at the current folder
help-check-permissions = check the permissions of the file and of its folder
help-free-space = free some space, or choose another folder with --out

checkpoint-lost = the checkpoint of step { $step } was not written, earlier ones are untouched: { $why }
checkpoint-damaged = the checkpoint of step { $step } is damaged: { $why }{ $others ->
    [0] { "" }
    *[other] { " (" }and so are those of step { $steps })
}

## What could not be done with a file: completes "cannot ...".
io-append-to = append to
io-append-to-runs-log = append to the run's log
io-create = create
io-create-folder = create the folder
io-create-folder-of-caches = create the folder of caches
io-create-runs-folder = create the run's folder
io-list = list
io-lock-runs-folder = lock the run's folder
io-make-settings-folder = make the settings' folder
io-map-into-memory = map into memory
io-open = open
io-open-file = open the file
io-open-runs-log = open the run's log
io-put-finished-folder-in-its-place = put the finished folder in its place
io-put-folder-back = put the folder back
io-put-token-cache-in-place = put the token cache in place
io-read = read
io-read-configuration = read the configuration
io-read-file = read the file
io-read-fixture = read the fixture
io-read-folder = read the folder
io-read-folder-of-runs = read the folder of runs
io-read-kernels-variants = read the kernels' variants
io-read-list-of-shards = read the list of shards
io-read-runs-configuration = read the run's configuration
io-read-runs-folder = read the run's folder
io-read-runs-log = read the run's log
io-read-state = read the state
io-read-text = read the text
io-read-tokenizers-file = read the tokenizer's file
io-remove-folder = remove the folder
io-remove-unfinished-folder = remove the unfinished folder
io-save-windows-settings = save the window's settings
io-set-checkpoint-aside = set the checkpoint aside
io-write-into-folder = write into the folder
io-write-configuration = write the configuration
io-write-events = write the events
io-write-file = write the file
io-write-numbers = write the numbers
io-write-picture = write the picture
io-write-report = write the report
io-write-tensors = write the tensors
io-write-token-cache = write the token cache
io-write-there = write there
