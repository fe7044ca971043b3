# What the commands print on a terminal.

terminal-warning = warning: { $what }
terminal-usage = Usage: { $usage }
terminal-usage-more = For more information, try '--help'.

## info
terminal-info-threads = cpu executor: { $threads } threads
terminal-info-room = memory that may still be taken: { $mib } MiB, limited by { $limit }
terminal-info-no-adapter = no GPU adapter (Vulkan, Metal, DX12)
terminal-info-limits = { $binding } a binding, { $buffer } a buffer, { $buffers } storage buffers, { $invocations } invocations and { $workgroup } bytes a workgroup
terminal-info-portable = meets WebGPU's default limits
terminal-info-not-portable = below WebGPU's default limits: it cannot train
terminal-info-discrete = discrete
terminal-info-integrated = integrated
terminal-info-virtual = virtual
terminal-info-other = other
terminal-info-software = software
terminal-info-unnamed = unnamed adapter
terminal-info-timestamps = timestamps
terminal-info-f16 = f16
terminal-info-matrices = cooperative matrices
terminal-info-subgroups = subgroups
terminal-info-kernels-unknown = kernels: not measured yet; the first training run does it
terminal-info-kernels = kernels: chosen for { $shapes } shapes, { $median } times faster than the median variant, { $slowest } times faster than the slowest
terminal-info-preset = preset
terminal-info-parameters = parameters
terminal-info-memory = memory
terminal-info-activations = activations
terminal-info-dispatches = dispatches
terminal-info-step = GFLOP/step
terminal-info-about = for
terminal-info-unfit = not on { $devices }

## tokenizer train
terminal-tokenizer = { $path }: { $entries } entries
terminal-tokenizer-covers = { $kept } of the { $characters } characters have an entry and cover { NUMBER($covered, style: "percent", maximumFractionDigits: 2) } of the text; unknown tokens: { NUMBER($unknown, style: "percent", maximumFractionDigits: 2) }
terminal-tokenizer-counting = counting words: { $megabytes } MB
terminal-tokenizer-merging = entries: { $entries }/{ $target }

## verify
terminal-verify-passed = all { $comparisons } comparisons passed
terminal-verify-twins = kernels: the cpu executor's are the twins themselves; the gradients below test them
terminal-verify-suite = { $suite }: { $count } comparisons, passed; the worst:
terminal-verify-suite-failed = { $suite }: { $count } comparisons, { $failed } FAILED; the worst:
terminal-verify-comparison = { "      " } { $name } { $error } of { $max }
terminal-verify-comparison-failed = { "  " }FAIL { $name } { $error } of { $max }
terminal-verify-failure = { "  " }FAIL { $what }

## train
terminal-train-unread = nobody reads standard output any more: ending with a checkpoint
terminal-train-stopping = ending: first a checkpoint, then a last measurement. Ctrl-C once more, after two seconds, ends at once
terminal-train-quitting = ending with a checkpoint
terminal-train-at-once = ending at once
terminal-train-no-ctrl-c = Ctrl-C will end the run without a checkpoint: { $detail }

## corrupt
terminal-corrupt-text = text
terminal-corrupt-mask = mask
terminal-corrupt-replace = replace
terminal-corrupt-judge = judge
terminal-corrupt-caught = caught
terminal-corrupt-missed = missed
terminal-corrupt-false-alarm = false alarm
terminal-corrupt-right-guess = right guess

## eval
terminal-eval = held out, after step { $step }
terminal-eval-unknown = unknown tokens
terminal-eval-part = { $name }   { $auc }   caught { $caught }, false alarms { $alarms }

## bench
terminal-bench-drawn = drawn: { $path }
terminal-bench-measuring = measuring { $preset } for { $seconds } s ...
terminal-bench-no-times = (no times per kernel: the device has no timestamps to trust)
terminal-bench-limits = { $device } at its best: { $copy } GB/s copied, { $product } GFLOP/s in a product, { $dispatch } us a dispatch
terminal-bench-ratio = { $preset }  { $times } x the tokens a second of { $other } (medians of { $turns } turns; { $low } to { $high })
terminal-bench-step = { $engine } on { $device }: { $rows } rows of { $seq } tokens, { $params } parameters
terminal-bench-speed = { $rate } tokens/s, { $step } ms a step ({ $fastest } to { $slowest }, { $host } of it the host, { $steps } steps), { $flops } GFLOP
terminal-bench-plan = { $dispatches } dispatches, { $moved } moved, { $memory } in memory
terminal-bench-predicted = at the device's best it would take { $predicted } ms: { $share } of that speed is reached
terminal-bench-launched = launching them takes the host { $encode } ms to encode and { $submit } ms to submit: { $each } us a dispatch

## The lines of a run.
terminal-run-step = step { $step }
terminal-run-not-written = (! not written: { $what })
terminal-run-left = { $clock } left
terminal-run-checkpoint = checkpoint at step { $step }: { $path }
terminal-run-resumed = going on after step { $step }
terminal-run-device = device: { $name }{ $backend }: { $reason }
terminal-run-plan = { $preset }: { $parameters } parameters, { $steps } steps of { $tokens } tokens, { $mib } MiB, on { $corpus }
terminal-run-plan-endless = { $preset }: { $parameters } parameters, steps of { $tokens } tokens, { $mib } MiB, on { $corpus }
terminal-run-warning = warning (step { $step }): { $what }
terminal-run-not-begun = stopped before the first step; no run was begun
terminal-run-completed = done: { $step } steps in { $time }
terminal-run-stopped = stopped after step { $step }, { $time }; --resume goes on from here
terminal-run-folder = the run: { $run }
terminal-run-next = try next:
terminal-run-marks = the judge's marks: [original > replacement p(replaced)], o caught, x missed, ^ false alarm; in a test the program itself swapped a word
terminal-run-eval = held out, step { $step }: { $numbers }
terminal-run-held-out = held out { $auc }
terminal-run-test = test:
