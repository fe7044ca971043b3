//! Lays out four flat arenas (parameters, gradients, both moments) alike: it says where each entry of the ledger lies in them.

use super::ledger::{Entry, Group};
use crate::ops::{cast, optimizer};
use crate::plan::{BufferId, Elem, Recorder, Role, Tensor};

/// The place of an entry in each arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Location {
    segment: usize,
    offset: u32,
}

/// The arenas of a plan. An arena is cut into segments if one binding cannot hold all of it.
pub struct Arenas {
    pub entries: Vec<Entry>,
    locations: Vec<Location>,
    segment_lens: Vec<u32>,
    buffers: [Vec<BufferId>; 4],
    /// Copies of the parameters as f16, for the products; none if activations are stored as f32.
    copies: Vec<BufferId>,
}

const ROLES: [(Role, &str); 4] = [
    (Role::Parameters, "parameters"),
    (Role::Gradients, "gradients"),
    (Role::Moment1, "moment1"),
    (Role::Moment2, "moment2"),
];

impl Arenas {
    /// Lays out the entries, each at a multiple of 256 bytes (512 if there are copies), and makes the buffers. `training`: whether
    /// gradients and moments are made too.
    pub fn new(r: &mut Recorder, entries: Vec<Entry>, training: bool) -> Self {
        let segment_max = r.limits.binding_bytes_max.min(r.limits.buffer_bytes_max) / 4;
        let mut locations = Vec::with_capacity(entries.len());
        let mut segment_lens = vec![0u32];
        for entry in &entries {
            // The copies have the same layout, so an entry starts only where its copy can start too.
            let padded = entry.len().next_multiple_of(r.stored.align());
            let last = segment_lens.len() - 1;
            if segment_lens[last] > 0 && u64::from(segment_lens[last]) + u64::from(padded) > segment_max {
                segment_lens.push(0);
            }
            let segment = segment_lens.len() - 1;
            locations.push(Location { segment, offset: segment_lens[segment] });
            segment_lens[segment] += padded;
        }
        let kinds = if training { &ROLES[..] } else { &ROLES[..1] };
        let buffers = std::array::from_fn(|kind| {
            let Some((role, label)) = kinds.get(kind) else { return Vec::new() };
            let make = |(i, len): (usize, &u32)| r.buffer(&format!("{label}.{i}"), *role, *len);
            segment_lens.iter().enumerate().map(make).collect()
        });
        let copied = if r.stored == Elem::F16 { &segment_lens[..] } else { &[] };
        let copy = |(i, len): (usize, &u32)| r.buffer(&format!("parameters.f16.{i}"), Role::State, len.div_ceil(2));
        let copies = copied.iter().enumerate().map(copy).collect();
        Self { entries, locations, segment_lens, buffers, copies }
    }

    /// Brings the copies up to date, with one dispatch for each segment.
    pub fn copy_operands(&self, r: &mut Recorder) {
        for ((&master, &copy), &len) in self.buffers[0].iter().zip(&self.copies).zip(&self.segment_lens) {
            let master = r.view("parameters", master, 0, Elem::F32, &[len]);
            let copy = r.view("parameters.f16", copy, 0, Elem::F16, &[len]);
            cast::narrow(r, &master, &copy);
        }
    }

    /// A parameter for use in products: its copy if there is one.
    pub fn operand(&self, r: &Recorder, name: &str) -> Tensor {
        let index = self.index(name);
        let (entry, location) = (&self.entries[index], self.locations[index]);
        match self.copies.get(location.segment) {
            // Offsets are in words of 4 bytes.
            Some(&copy) => r.view(&entry.name, copy, location.offset / 2, Elem::F16, &entry.shape),
            None => self.tensor(r, 0, index),
        }
    }

    fn tensor(&self, r: &Recorder, kind: usize, index: usize) -> Tensor {
        let (entry, location) = (&self.entries[index], self.locations[index]);
        let label =
            if kind == 0 { entry.name.clone() } else { format!("{}.{}", ["", "d", "m", "v"][kind], entry.name) };
        r.view(&label, self.buffers[kind][location.segment], location.offset, Elem::F32, &entry.shape)
    }

    fn index(&self, name: &str) -> usize {
        let found = self.entries.iter().position(|e| e.name == name);
        found.unwrap_or_else(|| panic!("no parameter {name}"))
    }

    /// A parameter by its ledger name.
    pub fn parameter(&self, r: &Recorder, name: &str) -> Tensor {
        self.tensor(r, 0, self.index(name))
    }

    /// Its gradient.
    pub fn gradient(&self, r: &Recorder, name: &str) -> Tensor {
        self.tensor(r, 1, self.index(name))
    }

    pub fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|e| e.name == name)
    }

    /// All entries with their tensors: the parameter and, for training, its gradient and moments.
    pub fn tensors(&self, r: &Recorder) -> Vec<[Option<Tensor>; 4]> {
        (0..self.entries.len())
            .map(|i| std::array::from_fn(|kind| (!self.buffers[kind].is_empty()).then(|| self.tensor(r, kind, i))))
            .collect()
    }

    /// Whole segments of the gradients, to clear.
    pub fn gradient_segments(&self, r: &Recorder) -> Vec<Tensor> {
        let whole = |(&buffer, &len): (&BufferId, &u32)| r.view("gradients", buffer, 0, Elem::F32, &[len]);
        self.buffers[1].iter().zip(&self.segment_lens).map(whole).collect()
    }

    /// Contiguous runs of entries that are updated alike. `lr_scale` and `clip_group` depend on the group.
    pub fn ranges(
        &self,
        r: &Recorder,
        weight_decay: f32,
        lr_scale: impl Fn(Group) -> f32,
        clip_group: impl Fn(Group) -> u32,
    ) -> Vec<optimizer::Range> {
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for i in 0..self.entries.len() {
            let alike = |j: usize| {
                let (a, b) = (&self.entries[i], &self.entries[j]);
                (a.group, a.decay, self.locations[i].segment) == (b.group, b.decay, self.locations[j].segment)
            };
            match runs.last_mut() {
                Some((_, last)) if alike(*last) => *last = i,
                _ => runs.push((i, i)),
            }
        }
        let range = |&(first, last): &(usize, usize)| {
            let (start, entry) = (self.locations[first], &self.entries[first]);
            // Padding between entries belongs to the run. Its gradients and moments are zero, so it stays zero.
            let len = self.locations[last].offset + self.entries[last].len() - start.offset;
            let view = |kind: usize| {
                let label = format!("{}.{}", ROLES[kind].1, entry.name);
                r.view(&label, self.buffers[kind][start.segment], start.offset, Elem::F32, &[len])
            };
            optimizer::Range {
                p: view(0),
                g: view(1),
                m: view(2),
                v: view(3),
                weight_decay: if entry.decay { weight_decay } else { 0.0 },
                lr_scale: lr_scale(entry.group),
                group: clip_group(entry.group),
            }
        };
        runs.iter().map(range).collect()
    }
}
