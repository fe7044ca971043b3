log-heading = Log
log-none = Nothing was said yet. What a run does, warns of and fails at is written here.
log-no-alarms = No warnings and no errors.
log-alarms-only = Warnings and errors only
log-alarms = { $count ->
    [0] no warnings
    [one] { $count } warning or error so far
   *[other] { $count } warnings and errors so far
}
log-copy = Copy
log-more = Show older lines ({ $count })
log-step = step { $step }
log-level-info = note
log-level-warning = Warning
log-level-error = Error
log-device = { $kind ->
    [gpu] GPU
   *[cpu] processor
}: { $name } ({ $reason })
log-checkpoint = checkpoint saved: { $path }
log-resumed = resumed after step { COUNT($step) }
log-completed = the planned schedule is complete
