data-heading = Data and runs
data-none = No run yet.
data-summary = Text: { $corpus }. Preset: { $preset }, { $parameters } trained values.
