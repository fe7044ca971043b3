// step: the numbers that change between steps, as src/plan/step.rs (64 bytes).
struct Step {
    dropout_key: vec2u,
    gumbel_key: vec2u,
    source_key: vec2u,
    source_threshold: u32,    // a slot whose first word is below takes its replacement from the fixed distribution
    row_base: u32,            // rows and slots of the earlier micro-batches of this optimizer step:
    slot_base: u32,           // they place this one's random numbers
    step: u32,                // completed optimizer steps
    lr: f32,
    correction1: f32,         // 1 / (1 - beta^t), or 1 without bias correction
    correction2: f32,
    mlm_scale: f32,           // weight of each loss over its count in the whole optimizer step
    rtd_scale: f32,
    pad: u32,
}
@group(1) @binding(0) var<uniform> step: Step;

