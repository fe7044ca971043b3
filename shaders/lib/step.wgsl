// step: the numbers that change between steps, as src/plan/step.rs (80 bytes).
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
    inv_temperature: f32,     // 1 / temperature of the samples
    pad0: u32,
    pad1: u32,
    scales: vec4f,            // for each loss: its weight over the positions that it counts in the whole optimizer step
}
@group(1) @binding(0) var<uniform> step: Step;

