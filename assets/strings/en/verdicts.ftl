verdicts-heading = Verdicts
verdicts-none = No evaluation on held-out text yet.
verdicts-summary = Held-out text: { $caught } caught, { $missed } missed, { $alarms } false alarms, { $passed } rightly passed
