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
