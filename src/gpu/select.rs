//! Chooses the adapter of a run: request and adapters -> one of them, or the cpu executor, with the reason. The rule is a pure
//! function, so tests need no driver.

use crate::message::Message;
use crate::plan::kernel::{Matrices, Needs};
use crate::{Error, Result};
use serde::Serialize;
use std::fmt;

/// The device that was asked for (`--device`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeviceName {
    /// A discrete, else an integrated adapter that is not software, else the cpu executor.
    Auto,
    /// The cpu executor.
    Cpu,
    /// The best adapter, software included.
    Gpu,
    /// The adapter whose name contains this, in upper or lower case.
    Named(String),
}

impl From<&str> for DeviceName {
    fn from(text: &str) -> Self {
        match text.trim().to_lowercase().as_str() {
            "auto" => Self::Auto,
            "cpu" => Self::Cpu,
            "gpu" => Self::Gpu,
            _ => Self::Named(text.trim().to_owned()),
        }
    }
}

/// The name that a person types.
impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Cpu => "cpu",
            Self::Gpu => "gpu",
            Self::Named(name) => name,
        })
    }
}

/// The kinds of adapters, the preferred one first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AdapterKind {
    Discrete,
    Integrated,
    /// Part of a real adapter, lent to a virtual machine.
    Virtual,
    /// An unknown kind, such as every hardware adapter of a browser.
    Other,
    /// Shaders run on the processor (lavapipe, SwiftShader, WARP, a browser's fallback adapter).
    Software,
}

impl AdapterKind {
    /// Software rasterisers are recognised by name too, because some report another kind.
    pub fn new(reported: Self, name: &str) -> Self {
        const SOFTWARE: [&str; 5] = ["llvmpipe", "lavapipe", "swiftshader", "warp", "basic render"];
        let name = name.to_lowercase();
        if SOFTWARE.iter().any(|known| name.contains(known)) { Self::Software } else { reported }
    }
}

impl fmt::Display for AdapterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Discrete => "discrete",
            Self::Integrated => "integrated",
            Self::Virtual => "virtual",
            Self::Other => "other",
            Self::Software => "software",
        })
    }
}

/// The features beyond WebGPU's core that kernels may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Features {
    pub timestamps: bool,
    pub f16: bool,
    /// Subgroups of at least eight lanes.
    pub subgroups: bool,
    /// Cooperative matrices of 8 × 8 f32, held by subgroups of 32 lanes.
    pub matrices_f32: bool,
    /// Cooperative matrices of 16 × 16 f16, held by subgroups of 32 lanes.
    pub matrices_f16: bool,
}

impl Features {
    /// Whether a variant that needs this can run.
    pub fn offer(&self, needs: Needs) -> bool {
        let matrices = match needs.matrices {
            None => true,
            Some(Matrices::F32) => self.matrices_f32,
            Some(Matrices::F16) => self.matrices_f16,
        };
        let place = cfg!(not(target_arch = "wasm32")) || !needs.native;
        (self.f16 || !needs.f16) && (self.subgroups || !needs.subgroups) && matrices && place
    }
}

/// An adapter as `info` lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AdapterSummary {
    pub name: String,
    /// vulkan, metal, dx12 or webgpu.
    pub backend: &'static str,
    pub driver: String,
    pub kind: AdapterKind,
    pub features: Features,
    pub binding_bytes_max: u64,
    pub buffer_bytes_max: u64,
    pub storage_buffers_max: u32,
    pub workgroup_invocations_max: u32,
    pub workgroup_bytes_max: u32,
    /// The smallest and the largest number of lanes of a subgroup.
    pub subgroup_lanes: [u32; 2],
    /// Whether it meets WebGPU's default limits.
    pub portable: bool,
}

impl AdapterSummary {
    /// Whether `auto` may take it. A browser does not say whether an adapter is discrete or integrated, only whether it is a
    /// fallback.
    fn hardware(&self) -> bool {
        match self.kind {
            AdapterKind::Discrete | AdapterKind::Integrated => true,
            AdapterKind::Other => self.backend == "webgpu",
            AdapterKind::Virtual | AdapterKind::Software => false,
        }
    }
}

impl fmt::Display for AdapterSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.name.is_empty() { "unnamed adapter" } else { &self.name };
        write!(f, "{name} ({}, {})", self.kind, self.backend)
    }
}

/// The chosen adapter (an index into the list), or none for the cpu executor, and the reason.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    pub adapter: Option<usize>,
    pub reason: Message,
}

impl Selection {
    fn new(adapter: Option<usize>, reason: Message) -> Self {
        Self { adapter, reason }
    }
}

/// Applies `choice` to `adapters`.
///
/// # Errors
/// No adapter has the name, or `gpu` was asked for and there is none. The error lists the names.
pub fn select(choice: &DeviceName, adapters: &[AdapterSummary]) -> Result<Selection> {
    // The first of the best kind is taken, because drivers list their preferred adapter first.
    let best = |fits: &dyn Fn(&AdapterSummary) -> bool| {
        (0..adapters.len()).filter(|&i| fits(&adapters[i])).min_by_key(|&i| adapters[i].kind)
    };
    match choice {
        DeviceName::Cpu => Ok(Selection::new(None, Message::new("device-asked-for"))),
        DeviceName::Auto => Ok(best(&AdapterSummary::hardware).map_or_else(
            || without_hardware(adapters),
            |i| Selection::new(Some(i), Message::new("device-best-hardware")),
        )),
        DeviceName::Gpu => best(&|_| true)
            .map(|i| Selection::new(Some(i), Message::new("device-best")))
            .ok_or_else(|| Error::failed("no-adapter")),
        DeviceName::Named(name) => {
            let wanted = name.to_lowercase();
            best(&|a| a.name.to_lowercase().contains(&wanted))
                .map(|i| Selection::new(Some(i), Message::new("device-named").with("name", name)))
                .ok_or_else(|| unknown(name, adapters))
        }
    }
}

fn without_hardware(adapters: &[AdapterSummary]) -> Selection {
    if adapters.is_empty() {
        return Selection::new(None, Message::new("device-none-found"));
    }
    Selection::new(None, Message::new("device-only-software").with("names", names(adapters)))
}

fn unknown(name: &str, adapters: &[AdapterSummary]) -> Error {
    if adapters.is_empty() {
        return Error::usage("no-adapter-of-name-nor-any").with("name", name);
    }
    Error::usage("no-adapter-of-name").with("name", name).with("names", names(adapters))
}

fn names(adapters: &[AdapterSummary]) -> String {
    adapters.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adapter(name: &str, kind: AdapterKind, backend: &'static str) -> AdapterSummary {
        AdapterSummary {
            name: name.into(),
            backend,
            driver: String::new(),
            kind: AdapterKind::new(kind, name),
            features: Features::default(),
            binding_bytes_max: 128 << 20,
            buffer_bytes_max: 256 << 20,
            storage_buffers_max: 8,
            workgroup_invocations_max: 256,
            workgroup_bytes_max: 16 << 10,
            subgroup_lanes: [4, 128],
            portable: true,
        }
    }

    fn laptop() -> Vec<AdapterSummary> {
        vec![
            adapter("llvmpipe (LLVM 15.0.6, 256 bits)", AdapterKind::Other, "vulkan"),
            adapter("Intel(R) UHD Graphics 620", AdapterKind::Integrated, "vulkan"),
            adapter("NVIDIA GeForce RTX 3060", AdapterKind::Discrete, "vulkan"),
        ]
    }

    #[test]
    fn words_and_names_are_told_apart() {
        assert_eq!(DeviceName::from("AUTO"), DeviceName::Auto);
        assert_eq!(DeviceName::from("cpu"), DeviceName::Cpu);
        assert_eq!(DeviceName::from(" gpu "), DeviceName::Gpu);
        assert_eq!(DeviceName::from("RTX"), DeviceName::Named("RTX".into()));
    }

    #[test]
    fn auto_prefers_discrete_then_integrated_then_the_cpu_executor() {
        let all = laptop();
        assert_eq!(select(&DeviceName::Auto, &all).unwrap().adapter, Some(2));
        assert_eq!(select(&DeviceName::Auto, &all[..2]).unwrap().adapter, Some(1));
        let software = select(&DeviceName::Auto, &all[..1]).unwrap();
        assert_eq!(software.adapter, None);
        assert!(software.reason.to_string().contains("llvmpipe"), "{}", software.reason);
        assert_eq!(select(&DeviceName::Auto, &[]).unwrap().adapter, None);
    }

    #[test]
    fn auto_never_takes_software_under_any_name() {
        for name in ["SwiftShader Device (Subzero)", "Microsoft Basic Render Driver", "lavapipe", "WARP"] {
            for kind in [AdapterKind::Discrete, AdapterKind::Integrated, AdapterKind::Software] {
                assert_eq!(select(&DeviceName::Auto, &[adapter(name, kind, "dx12")]).unwrap().adapter, None, "{name}");
            }
        }
    }

    #[test]
    fn a_browsers_adapter_is_hardware_unless_it_is_the_fallback() {
        let hardware = adapter("", AdapterKind::Other, "webgpu");
        assert_eq!(select(&DeviceName::Auto, std::slice::from_ref(&hardware)).unwrap().adapter, Some(0));
        let fallback = adapter("", AdapterKind::Software, "webgpu");
        assert_eq!(select(&DeviceName::Auto, std::slice::from_ref(&fallback)).unwrap().adapter, None);
        assert_eq!(select(&DeviceName::Gpu, &[fallback]).unwrap().adapter, Some(0));
    }

    #[test]
    fn gpu_takes_software_only_where_there_is_nothing_else() {
        assert_eq!(select(&DeviceName::Gpu, &laptop()).unwrap().adapter, Some(2));
        assert_eq!(select(&DeviceName::Gpu, &laptop()[..1]).unwrap().adapter, Some(0));
        assert!(select(&DeviceName::Gpu, &[]).unwrap_err().code() == "no-adapter");
    }

    #[test]
    fn a_name_is_found_in_any_case_and_an_unknown_one_lists_what_exists() {
        assert_eq!(select(&DeviceName::Named("uhd".into()), &laptop()).unwrap().adapter, Some(1));
        let error = select(&DeviceName::Named("radeon".into()), &laptop()).unwrap_err();
        assert_eq!(error.exit_status(), 2);
        let text = error.to_string();
        for name in ["llvmpipe", "UHD Graphics 620", "RTX 3060"] {
            assert!(text.contains(name), "{text}");
        }
    }

    #[test]
    fn cpu_is_cpu() {
        assert_eq!(select(&DeviceName::Cpu, &laptop()).unwrap().adapter, None);
    }
}
