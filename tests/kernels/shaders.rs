//! Compares every kernel's specification with its shader, without a GPU: naga parses and validates the shader, resolves each
//! variant's constants, and translates it to the languages of the three native platforms.

use electroscope::ops;
use electroscope::plan::kernel::{Elem, KernelSpec, Needs, Slot, Variant};
use electroscope::plan::{Access, Step};
use naga::back::{PipelineConstants, hlsl, msl, pipeline_constants::process_overrides, spv};
use naga::valid::{
    Capabilities, GlobalUse, ModuleInfo, ShaderStages, SubgroupOperationSet, ValidationFlags, Validator,
};
use naga::{AddressSpace, ArraySize, GlobalVariable, Handle, Module, Scalar, ShaderStage, StorageAccess, TypeInner};
use std::borrow::Cow;

/// WebGPU's default limits.
const STORAGE_BUFFERS_MAX: usize = 8;
const INVOCATIONS_MAX: u32 = 256;
const WORKGROUP_SIZE_MAX: [u32; 3] = [256, 256, 64];
const WORKGROUP_BYTES_MAX: u32 = 16 << 10;

/// One of the texts that have a kernel's entry point.
struct Shader {
    spec: &'static KernelSpec,
    source: &'static str,
    module: Module,
    info: ModuleInfo,
}

impl Shader {
    fn new(spec: &'static KernelSpec, source: &'static str) -> Self {
        let label = spec.label;
        let needs = (0..spec.variants.len()).filter(|&v| spec.source_of(v) == source).map(|v| spec.variants[v].needs);
        let needs = needs.fold(Needs::default(), |all, needs| Needs {
            f16: all.f16 || needs.f16,
            subgroups: all.subgroups || needs.subgroups,
            matrices: all.matrices.or(needs.matrices),
            native: all.native || needs.native,
        });
        // The directives that src/gpu writes before the text.
        let f16 = if needs.f16 { "enable f16;\n" } else { "" };
        let matrices = if needs.matrices.is_some() { "enable wgpu_cooperative_matrix;\n" } else { "" };
        let module = naga::front::wgsl::parse_str(&format!("{f16}{matrices}{source}"))
            .unwrap_or_else(|e| panic!("{label}:\n{}", e.emit_to_string(source)));
        let info =
            validator(needs).validate(&module).unwrap_or_else(|e| panic!("{label}:\n{}", e.emit_to_string(source)));
        Self { spec, source, module, info }
    }

    fn all() -> impl Iterator<Item = Self> {
        ops::ALL.iter().flat_map(|spec| {
            let mut sources: Vec<_> = (0..spec.variants.len()).map(|v| spec.source_of(v)).collect();
            sources.sort_unstable();
            sources.dedup();
            sources.into_iter().map(|source| Self::new(spec, source))
        })
    }

    /// The variants that run this text.
    fn variants(&self) -> impl Iterator<Item = &'static Variant> {
        let (spec, source) = (self.spec, self.source);
        (0..spec.variants.len()).filter(move |&v| spec.source_of(v) == source).map(|v| &spec.variants[v])
    }

    fn entry(&self) -> usize {
        let entry = self.module.entry_points.iter().position(|e| e.name == self.spec.entry);
        entry.unwrap_or_else(|| panic!("{}: no entry point {}", self.spec.label, self.spec.entry))
    }

    /// The globals that the entry point reaches, and what it does with them.
    fn used(&self) -> Vec<(Handle<GlobalVariable>, &GlobalVariable, GlobalUse)> {
        let entry = self.info.get_entry_point(self.entry());
        self.module
            .global_variables
            .iter()
            .map(|(handle, global)| (handle, global, entry[handle]))
            .filter(|(_, _, usage)| !usage.is_empty())
            .collect()
    }

    fn size(&self, global: &GlobalVariable) -> u32 {
        self.module.types[global.ty].inner.size(self.module.to_ctx())
    }

    /// The shader with a variant's constants in place of its overrides, reduced to the one entry point.
    fn resolved(&self, variant: &Variant) -> (Cow<'_, Module>, Cow<'_, ModuleInfo>) {
        let constants: PipelineConstants =
            variant.constants.iter().map(|&(name, value)| (name.to_owned(), f64::from(value))).collect();
        process_overrides(&self.module, &self.info, Some((ShaderStage::Compute, self.spec.entry)), &constants)
            .unwrap_or_else(|e| panic!("{} {}: {e:?}", self.spec.label, variant.name))
    }
}

/// Only WebGPU's core, and f16, subgroups and cooperative matrices if a variant says that it needs them.
fn validator(Needs { f16, subgroups, matrices, .. }: Needs) -> Validator {
    let mut capabilities = Capabilities::empty();
    capabilities.set(Capabilities::SUBGROUP, subgroups);
    capabilities.set(Capabilities::SHADER_FLOAT16, f16);
    capabilities.set(Capabilities::COOPERATIVE_MATRIX, matrices.is_some());
    let mut validator = Validator::new(ValidationFlags::all(), capabilities);
    if subgroups {
        validator.subgroup_stages(ShaderStages::COMPUTE).subgroup_operations(SubgroupOperationSet::all());
    }
    validator
}

/// A storage binding of the shader as the specification would write it; `written` decides between the accesses that share a
/// declaration.
fn slot_of(module: &Module, global: &GlobalVariable, usage: GlobalUse) -> (u32, String, StorageAccess, Elem, bool) {
    let AddressSpace::Storage { access } = global.space else { panic!("{:?} is no storage buffer", global.name) };
    let TypeInner::Array { base, size: ArraySize::Dynamic, .. } = module.types[global.ty].inner else {
        panic!("{:?} is no runtime-sized array", global.name)
    };
    let elem = match module.types[base].inner {
        TypeInner::Scalar(Scalar::F32) | TypeInner::Vector { scalar: Scalar::F32, .. } => Elem::F32,
        TypeInner::Scalar(Scalar::F16) | TypeInner::Vector { scalar: Scalar::F16, .. } => Elem::F16,
        TypeInner::Scalar(Scalar::U32) => Elem::U32,
        ref other => panic!("{:?}: elements of {other:?}", global.name),
    };
    let binding = global.binding.expect("storage has a binding").binding;
    (binding, global.name.clone().expect("WGSL names its globals"), access, elem, usage.contains(GlobalUse::WRITE))
}

#[test]
fn bindings_are_the_slots() {
    for shader in Shader::all() {
        let label = shader.spec.label;
        let mut found: Vec<_> = shader
            .used()
            .into_iter()
            .filter(|(_, global, _)| matches!(global.space, AddressSpace::Storage { .. }))
            .map(|(_, global, usage)| slot_of(&shader.module, global, usage))
            .collect();
        let mut wanted: Vec<_> = shader.spec.slots.iter().map(declared).collect();
        found.sort_by_key(|slot| slot.0);
        wanted.sort_by_key(|slot| slot.0);
        assert_eq!(
            found, wanted,
            "{label}: (binding, name, declared access, element, written), shader left, slots right"
        );
    }
}

fn declared(slot: &Slot) -> (u32, String, StorageAccess, Elem, bool) {
    let access = if slot.access.declared_read_write() {
        StorageAccess::LOAD | StorageAccess::STORE
    } else {
        StorageAccess::LOAD
    };
    (slot.binding, slot.name.to_owned(), access, slot.elem, slot.access.writes())
}

#[test]
fn what_is_only_written_is_never_read() {
    // layernorm.forward_residual and the like read back what they wrote themselves: those slots say Update.
    for shader in Shader::all() {
        for (_, global, usage) in shader.used() {
            let slot = shader.spec.slots.iter().find(|slot| global.name.as_deref() == Some(slot.name));
            if let Some(slot) = slot.filter(|slot| slot.access == Access::Write) {
                assert!(
                    !usage.contains(GlobalUse::READ),
                    "{}: reads {}, which it only writes",
                    shader.spec.label,
                    slot.name
                );
            }
        }
    }
}

#[test]
fn bind_groups_are_those_of_the_executor() {
    for shader in Shader::all() {
        let label = shader.spec.label;
        let mut reads_step = false;
        for (_, global, _) in shader.used() {
            let at = global.binding.map(|b| (b.group, b.binding));
            match (global.space, global.name.as_deref()) {
                (AddressSpace::Uniform, Some("dims")) => {
                    assert_eq!(at, Some((0, 0)), "{label}: dims");
                    assert_eq!(shader.size(global) as usize, shader.spec.dims_bytes, "{label}: bytes of dims");
                }
                (AddressSpace::Uniform, Some("step")) => {
                    assert_eq!(at, Some((1, 0)), "{label}: step");
                    assert_eq!(shader.size(global) as usize, size_of::<Step>(), "{label}: bytes of step");
                    reads_step = true;
                }
                (AddressSpace::Storage { .. }, _) => {
                    assert_eq!(at.map(|at| at.0), Some(0), "{label}: {:?}", global.name)
                }
                (AddressSpace::WorkGroup, _) => assert_eq!(at, None),
                (space, name) => panic!("{label}: {name:?} in {space:?}"),
            }
        }
        assert_eq!(reads_step, shader.spec.uses_step, "{label}: the step block");
        let storage = shader.spec.slots.len();
        assert!(storage <= STORAGE_BUFFERS_MAX, "{label}: {storage} storage buffers");
    }
}

#[test]
fn dims_and_step_are_laid_out_word_by_word() {
    // The Rust sides are repr(C) blocks of 4-byte words: a member off its place would read a neighbour.
    for shader in Shader::all() {
        for (_, global, _) in shader.used().into_iter().filter(|(_, global, _)| global.space == AddressSpace::Uniform) {
            let TypeInner::Struct { ref members, span } = shader.module.types[global.ty].inner else {
                panic!("{}: {:?} is no struct", shader.spec.label, global.name)
            };
            let mut next = 0;
            for member in members {
                assert_eq!(member.offset, next, "{}: {:?} of {:?}", shader.spec.label, member.name, global.name);
                next += shader.module.types[member.ty].inner.size(shader.module.to_ctx());
            }
            assert_eq!(span, next, "{}: padding after {:?}", shader.spec.label, global.name);
            assert!(span.is_multiple_of(16), "{}: {:?} of {span} bytes", shader.spec.label, global.name);
        }
    }
}

#[test]
fn constants_are_the_overrides() {
    for shader in Shader::all() {
        // An override with an initialiser is derived from the others.
        let mut given: Vec<&str> = (shader.module.overrides.iter())
            .filter(|(_, constant)| constant.init.is_none())
            .map(|(_, constant)| constant.name.as_deref().expect("an override without a value has a name"))
            .collect();
        given.sort_unstable();
        for variant in shader.variants() {
            let mut constants: Vec<&str> = variant.constants.iter().map(|(name, _)| *name).collect();
            constants.sort_unstable();
            assert_eq!(given, constants, "{} {}: overrides left, constants right", shader.spec.label, variant.name);
        }
    }
}

#[test]
fn variants_keep_the_default_limits() {
    for shader in Shader::all() {
        for variant in shader.variants() {
            let label = format!("{} {}", shader.spec.label, variant.name);
            let (module, info) = shader.resolved(variant);
            let [entry] = &module.entry_points[..] else { panic!("{label}: one entry point is left") };
            let invocations: u32 = entry.workgroup_size.iter().product();
            assert!((1..=INVOCATIONS_MAX).contains(&invocations), "{label}: {invocations} invocations");
            let whole = variant.needs.matrices.is_none() || entry.workgroup_size == [32, 1, 1];
            assert!(whole, "{label}: cooperative matrices want one row of a whole subgroup");
            for (size, max) in entry.workgroup_size.iter().zip(WORKGROUP_SIZE_MAX) {
                assert!(*size <= max, "{label}: workgroup of {:?}", entry.workgroup_size);
            }
            let bytes: u32 = (module.global_variables.iter())
                .filter(|(handle, global)| {
                    global.space == AddressSpace::WorkGroup && !info.get_entry_point(0)[*handle].is_empty()
                })
                .map(|(_, global)| module.types[global.ty].inner.size(module.to_ctx()).next_multiple_of(16))
                .sum();
            assert!(bytes <= WORKGROUP_BYTES_MAX, "{label}: {bytes} bytes of workgroup memory");
        }
    }
}

#[test]
fn variants_fit_what_a_lane_holds_in_registers() {
    // Arrays of a function cannot take their size from an override: the shaders fix it, and these are its conditions.
    for variant in ops::matmul::FORWARD.variants {
        if variant.needs.matrices.is_some() {
            let [m, n, k] = ["TILE_M", "TILE_N", "TILE_K"].map(|name| variant.constant(name));
            assert_eq!([m, n, k % 16], [32, 16, 0], "matmul {}: matrices that a subgroup holds", variant.name);
        } else if variant.source.is_some() {
            let [m, n, wg] = ["TILE_M", "TILE_N", "WG"].map(|name| variant.constant(name));
            assert_eq!(m * n, 64 * wg, "matmul {}: a lane's four mat4x4f", variant.name);
            if let Some((_, wg_n)) = variant.constants.iter().find(|(name, _)| *name == "WG_N") {
                let blocks = [m, n].map(|side| side * variant.constant("TILE_K") / 16);
                assert_eq!([m, n], [8 * wg / wg_n, 8 * wg_n], "matmul {}: blocks of a tile", variant.name);
                assert!(blocks.iter().all(|blocks| blocks <= &wg), "matmul {}: one fetch a lane", variant.name);
            } else {
                assert_eq!(m, 16, "matmul {}: rows of a lane", variant.name);
            }
            continue;
        }
        let side = |tile: &str, lanes: &str| variant.constant(tile) / variant.constant(lanes);
        assert_eq!(
            [side("TILE_M", "WG_M"), side("TILE_N", "WG_N")],
            [4, 4],
            "matmul {}: a lane's mat4x4f",
            variant.name
        );
    }
    for variant in ops::attention::FORWARD.variants {
        let [wg, tile, d] = ["WG", "TILE", "D"].map(|name| variant.constant(name));
        let name = variant.name;
        if variant.source.is_some() {
            assert!([32, 64].contains(&d) && variant.quads, "attention {name}: quads of one or two halves");
            let fits = if variant.needs.subgroups { wg == tile } else { [wg, tile] == [8 * 8, 8 * 4] };
            assert!(fits, "attention {name}: a lane a row, or a square of lanes of four rows each");
            continue;
        }
        assert!(wg.is_multiple_of(tile) && d.is_multiple_of(4 * wg / tile), "attention {name}: LANES");
        assert!(tile.div_ceil(wg / tile) <= 4, "attention {name}: ROWS_MAX");
        assert!(d / 4 / (wg / tile) <= 4, "attention {name}: QUADS_MAX");
    }
    for shader in Shader::all().filter(|shader| shader.source.contains("fn workgroup_sum")) {
        for variant in shader.variants() {
            assert!(variant.constant("WG").is_power_of_two(), "{} {}: halves", shader.spec.label, variant.name);
        }
    }
    let ballot = ops::embed::BACKWARD_WORD.variants.iter().find(|v| v.needs.subgroups).expect("there is one");
    assert_eq!(ballot.constant("WG"), 8, "embed {}: lanes of the smallest subgroup", ballot.name);
}

/// Indices are checked on the device only where `looks_up` says that words of a tensor may make them.
#[test]
fn kernels_that_read_words_say_that_they_look_something_up() {
    // In these kernels the words are flags: whether a key is read, or whether an update is made.
    let flags = |label: &str| label.starts_with("attention.") || label.starts_with("optimizer.");
    for spec in ops::ALL.iter().filter(|spec| !flags(spec.label)) {
        let words = spec.slots.iter().any(|slot| slot.elem == Elem::U32 && slot.access.reads());
        assert!(!words || spec.looks_up, "{}", spec.label);
    }
}

#[test]
fn variants_translate_to_every_platform() {
    for shader in Shader::all() {
        for variant in shader.variants() {
            let label = format!("{} {}", shader.spec.label, variant.name);
            let (module, info) = shader.resolved(variant);
            let entry = (ShaderStage::Compute, shader.spec.entry.to_owned());
            to_spirv(&module, &info).unwrap_or_else(|e| panic!("{label}: SPIR-V: {e}"));
            let cooperative = variant.needs.matrices.is_some();
            to_msl(&module, &info, entry.clone(), cooperative).unwrap_or_else(|e| panic!("{label}: MSL: {e}"));
            // Direct3D 12 offers none, and naga's writer for it knows none.
            if cooperative {
                continue;
            }
            to_hlsl(&module, &info, entry).unwrap_or_else(|e| panic!("{label}: HLSL: {e}"));
        }
    }
}

/// A text binds four numbers at a time only if its variant says so, because then the launch checks the rows' lengths.
#[test]
fn quads_are_bound_where_they_are_told() {
    for shader in Shader::all() {
        let used = shader.used();
        let mut bound = used.iter().filter(|(_, global, _)| matches!(global.space, AddressSpace::Storage { .. }));
        let fours = bound.any(|(_, global, _)| match shader.module.types[global.ty].inner {
            TypeInner::Array { base, .. } => matches!(shader.module.types[base].inner, TypeInner::Vector { .. }),
            _ => false,
        });
        for variant in shader.variants() {
            assert_eq!(variant.quads, fours, "{} {}", shader.spec.label, variant.name);
        }
    }
}

fn to_spirv(module: &Module, info: &ModuleInfo) -> Result<Vec<u32>, spv::Error> {
    // 1.3 is what Vulkan 1.1 takes.
    let options = spv::Options { lang_version: (1, 3), ..spv::Options::default() };
    spv::write_vec(module, info, &options, None)
}

fn to_msl(
    module: &Module,
    info: &ModuleInfo,
    entry: (ShaderStage, String),
    cooperative: bool,
) -> Result<String, String> {
    // 2.0 is what every Metal that WebGPU runs on takes; simdgroup matrices are of 2.3.
    let lang_version = if cooperative { (2, 3) } else { (2, 0) };
    let options = msl::Options { lang_version, ..msl::Options::default() };
    let pipeline = msl::PipelineOptions { entry_point: Some(entry), ..msl::PipelineOptions::default() };
    let (text, translated) = msl::write_string(module, info, &options, &pipeline).map_err(|e| e.to_string())?;
    translated.entry_point_names.into_iter().collect::<Result<Vec<_>, _>>().map_err(|e| e.to_string())?;
    Ok(text)
}

fn to_hlsl(module: &Module, info: &ModuleInfo, entry: (ShaderStage, String)) -> Result<String, String> {
    // 6.2 is the first with halves; what Direct3D 12 offers wherever wgpu offers them.
    let options = hlsl::Options { shader_model: hlsl::ShaderModel::V6_2, ..hlsl::Options::default() };
    let pipeline = hlsl::PipelineOptions { entry_point: Some(entry) };
    let mut text = String::new();
    let reflection =
        hlsl::Writer::new(&mut text, &options, &pipeline).write(module, info, None).map_err(|e| e.to_string())?;
    reflection.entry_point_names.into_iter().collect::<Result<Vec<_>, _>>().map_err(|e| e.to_string())?;
    Ok(text)
}

#[test]
fn shaders_hold_no_directive() {
    for shader in Shader::all() {
        let spec = shader.spec;
        for line in shader.source.lines() {
            let directive =
                ["enable ", "requires ", "diagnostic("].iter().any(|word| line.trim_start().starts_with(word));
            assert!(!directive, "{}: `{line}`: src/gpu prepends what a platform wants", spec.label);
        }
    }
}
