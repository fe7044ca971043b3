//! What a kernel is, as data: its WGSL, its bindings, its variants. `ops` writes specifications, executors read them.

/// How one dispatch uses one bound tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// `var<storage, read>`.
    Read,
    /// Only read here, but the shader declares it `read_write`, because another entry point of the file writes it.
    ReadShared,
    /// Every element of the bound range is written (`=`). The old value is never read.
    Write,
    /// Read and written (`+=`, or in place).
    Update,
}

impl Access {
    /// Whether the shader declares the binding `read_write`.
    pub fn declared_read_write(self) -> bool {
        self != Self::Read
    }

    pub fn writes(self) -> bool {
        matches!(self, Self::Write | Self::Update)
    }

    pub fn reads(self) -> bool {
        self != Self::Write
    }
}

/// WebGPU's default `min_storage_buffer_offset_alignment`, in words of 4 bytes. Every bound range starts at a multiple of it.
pub const ALIGN: u32 = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Elem {
    F32,
    /// Only the storage is f16: every kernel converts it to f32, computes in f32 and rounds what it writes.
    F16,
    U32,
}

impl Elem {
    pub const fn bytes(self) -> u32 {
        match self {
            Self::F16 => 2,
            Self::F32 | Self::U32 => 4,
        }
    }

    /// A bound range may start at every multiple of this many elements.
    pub const fn align(self) -> u32 {
        ALIGN * 4 / self.bytes()
    }
}

/// One storage binding of group 0. Binding 0 is always the uniform `dims`; group 1, binding 0 is the step block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    pub binding: u32,
    pub name: &'static str,
    pub access: Access,
    pub elem: Elem,
}

pub const fn read(binding: u32, name: &'static str) -> Slot {
    Slot { binding, name, access: Access::Read, elem: Elem::F32 }
}
pub const fn read_u32(binding: u32, name: &'static str) -> Slot {
    Slot { binding, name, access: Access::Read, elem: Elem::U32 }
}
pub const fn read_shared(binding: u32, name: &'static str) -> Slot {
    Slot { binding, name, access: Access::ReadShared, elem: Elem::F32 }
}
pub const fn write(binding: u32, name: &'static str) -> Slot {
    Slot { binding, name, access: Access::Write, elem: Elem::F32 }
}
pub const fn write_u32(binding: u32, name: &'static str) -> Slot {
    Slot { binding, name, access: Access::Write, elem: Elem::U32 }
}
pub const fn update(binding: u32, name: &'static str) -> Slot {
    Slot { binding, name, access: Access::Update, elem: Elem::F32 }
}
pub const fn update_u32(binding: u32, name: &'static str) -> Slot {
    Slot { binding, name, access: Access::Update, elem: Elem::U32 }
}

impl Slot {
    /// The same slot, stored as f16.
    pub const fn in_f16(self) -> Self {
        Self { elem: Elem::F16, ..self }
    }

    /// The same slot, with f32 in place of f16.
    pub const fn in_f32(self) -> Self {
        Self { elem: if matches!(self.elem, Elem::F16) { Elem::F32 } else { self.elem }, ..self }
    }
}

/// The slots of a kernel whose stored numbers are f32.
pub const fn in_f32<const N: usize>(mut slots: [Slot; N]) -> [Slot; N] {
    let mut i = 0;
    while i < N {
        slots[i] = slots[i].in_f32();
        i += 1;
    }
    slots
}

/// What a kernel needs of an adapter beyond WebGPU's core.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Needs {
    pub f16: bool,
    /// Subgroups of at least eight lanes.
    pub subgroups: bool,
    /// Cooperative matrices, and subgroups of 32 lanes that hold them.
    pub matrices: Option<Matrices>,
    /// The text must reach the driver without a browser's translation.
    pub native: bool,
}

/// Operands of a cooperative product; sums are f32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Matrices {
    /// 8 × 8, f32.
    F32,
    /// 16 × 16, f16.
    F16,
}

/// One way to run a kernel: a file, and a value for each of its `override`s. All variants compute the same, at different speeds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Variant {
    pub name: &'static str,
    pub constants: &'static [(&'static str, u32)],
    pub needs: Needs,
    /// The text that has the entry point, or none for the specification's own text.
    pub source: Option<&'static str>,
    /// Whether it binds its numbers in fours. Then the length of a row must be a multiple of four.
    pub quads: bool,
}

impl Variant {
    /// The value of an override constant. Every variant gives all of them.
    pub fn constant(&self, name: &str) -> u32 {
        self.constants
            .iter()
            .find(|(key, _)| *key == name)
            .unwrap_or_else(|| panic!("variant {} gives no {name}", self.name))
            .1
    }

    /// The same entry point in another text.
    pub const fn of(self, source: &'static str) -> Self {
        Self { source: Some(source), ..self }
    }

    pub const fn with_subgroups(self) -> Self {
        Self { needs: Needs { subgroups: true, ..self.needs }, ..self }
    }

    pub const fn with_matrices(self, matrices: Matrices) -> Self {
        Self { needs: Needs { matrices: Some(matrices), ..self.needs }, ..self }
    }

    /// The same variant, but never in a browser.
    pub const fn native_only(self) -> Self {
        Self { needs: Needs { native: true, ..self.needs }, ..self }
    }

    pub const fn in_quads(self) -> Self {
        Self { quads: true, ..self }
    }

    /// Whether rows of these lengths can be bound.
    pub fn takes(&self, lengths: &[u32]) -> bool {
        !self.quads || lengths.iter().all(|length| length.is_multiple_of(4))
    }
}

pub const fn variant(name: &'static str, constants: &'static [(&'static str, u32)]) -> Variant {
    let needs = Needs { f16: false, subgroups: false, matrices: None, native: false };
    Variant { name, constants, needs, source: None, quads: false }
}

/// Variants of texts that do not need f16, unchanged.
pub const fn core_only<const N: usize>(variants: [Variant; N]) -> [Variant; N] {
    variants
}

/// The same variants, for texts that name f16.
pub const fn with_f16<const N: usize>(mut variants: [Variant; N]) -> [Variant; N] {
    let mut i = 0;
    while i < N {
        variants[i].needs.f16 = true;
        i += 1;
    }
    variants
}

/// One entry point of one shader file.
#[derive(Debug)]
pub struct KernelSpec {
    /// The unique name `file.entry`, or `file.entry.f16` and the like if the same entry point works on other elements.
    pub label: &'static str,
    /// The libraries it uses and its file, joined: valid WGSL.
    pub source: &'static str,
    pub entry: &'static str,
    pub slots: &'static [Slot],
    /// Bytes of the uniform `dims`.
    pub dims_bytes: usize,
    /// Whether the step block (group 1) is read.
    pub uses_step: bool,
    /// Whether values of a tensor decide where it reads or writes. If so, the device checks its indices; otherwise `dims` alone
    /// bounds them.
    pub looks_up: bool,
    /// The variants, at least one. The first is the plain, readable one.
    pub variants: &'static [Variant],
}

impl KernelSpec {
    /// The name `file.entry`, which says what it computes, for any storage type. All kernels of one name have the same twin.
    pub fn meaning(&self) -> &'static str {
        let elements = self.label.match_indices('.').nth(1);
        elements.map_or(self.label, |(end, _)| &self.label[..end])
    }

    /// The text that a variant runs.
    pub fn source_of(&self, variant: usize) -> &'static str {
        self.variants[variant].source.unwrap_or(self.source)
    }
}

impl PartialEq for KernelSpec {
    fn eq(&self, other: &Self) -> bool {
        self.label == other.label
    }
}
impl Eq for KernelSpec {}
