//! What a run is told: every setting of a preset, said once, checked once.
//! `assets/presets/*.toml` -> `Config`; the effective one is printed first, stored in the run folder and in checkpoints.
