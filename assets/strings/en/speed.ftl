# What a training step costs: the page of `bench --report`, and the words that its tables share with the terminal.

speed-title = What a training step costs
speed-lede = Each disc is a kernel, its area the time it takes. The line is what the device does at best: on the slope, memory limits; on the flat part, arithmetic. The further a disc lies below the line, the more could be gained there. Above it, what is moved lies in a cache.
speed-repeat = Repeat it with
speed-no-times = No times per kernel: the device has no clock to trust.
speed-summary = { $rate } tokens/s, { $step } ms a step. At its best the device copies { $copy } GB/s, multiplies and adds { $product } GFLOP/s in a product, and starts a dispatch in { $dispatch } µs.
speed-best = So the step would take { $best } ms: { $share } of that speed is reached.
speed-kernel = kernel
speed-calls = calls
speed-time = time
speed-peak = peak
speed-reached = reached
speed-intensity = FLOP a byte
speed-roofline = Roofline of { $preset } on { $device }: the table below has its numbers
