//! Writes the JavaScript for a compiled module: `electroscope-bindgen MODULE.wasm FOLDER`. `cargo xtask web` calls it. It is a
//! program of its own, so that the other chores do not compile it and no other version on this machine is used.

use anyhow::{Context as _, bail};

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [module, folder] = args.as_slice() else { bail!("usage: electroscope-bindgen MODULE.wasm FOLDER") };
    wasm_bindgen_cli_support::Bindgen::new()
        .input_path(module)
        .web(true)?
        .typescript(false)
        .omit_default_module_path(false)
        .generate(folder)
        .with_context(|| format!("{module}: cannot write its JavaScript to {folder}"))
}
