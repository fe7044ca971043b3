kernels-heading = Kernels
kernels-none = No plan yet.
kernels-summary = One training step is { $dispatches } dispatches over { $megabytes } MB.
