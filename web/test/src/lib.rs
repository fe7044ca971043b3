//! `#[test]` for the browser. Rust's own harness has no output and no unwinding on wasm32, so this attribute takes its place there:
//! it exports the test as `test MODULE::NAME`, and the page of the browser suite calls every such export.

use proc_macro::{TokenStream, TokenTree};

/// Keeps the function and exports a call of it. `crate::throw_panics` must make panics exceptions, which the page reports.
/// A test that returns a value does not compile here, and one with `should_panic` fails: such a test is native only.
#[proc_macro_attribute]
pub fn test(_: TokenStream, function: TokenStream) -> TokenStream {
    let is_fn = |token: &TokenTree| matches!(token, TokenTree::Ident(word) if word.to_string() == "fn");
    let Some(TokenTree::Ident(name)) = function.clone().into_iter().skip_while(|token| !is_fn(token)).nth(1) else {
        return "compile_error!(\"#[test] stands above a function\");".parse().expect("a macro call with one string");
    };
    // SAFETY: no other symbol has this name, because it has spaces, and a module has one function of a name.
    let export = format!(
        "const _: () = {{
            #[unsafe(export_name = concat!(\"test \", module_path!(), \"::{name}\"))]
            extern \"C\" fn run() {{
                crate::throw_panics();
                {name}()
            }}
        }};"
    );
    let export: TokenStream = export.parse().expect("an item whose only free part is an identifier");
    function.into_iter().chain(export).collect()
}
