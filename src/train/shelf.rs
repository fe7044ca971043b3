//! Keeps small texts that outlive the program, in a folder or, in a browser, in the page's own cache storage. The program can make
//! each of them again. So an unreadable text counts as absent, and a failure to write one is ignored.

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use crate::hub::replace_file;
    use std::path::PathBuf;

    /// A folder, which is made when the first text is kept.
    #[derive(Debug, Clone)]
    pub struct Shelf(Option<PathBuf>);

    #[allow(clippy::unused_async, reason = "the same signatures as in the browser, whose storage answers later")]
    impl Shelf {
        pub fn folder(dir: PathBuf) -> Self {
            Self(Some(dir))
        }

        /// A shelf that keeps nothing.
        pub fn nowhere() -> Self {
            Self(None)
        }

        pub async fn read(&self, name: &str) -> Option<String> {
            std::fs::read_to_string(self.0.as_ref()?.join(name)).ok()
        }

        pub async fn write(&self, name: &str, text: &str) {
            let Some(dir) = &self.0 else { return };
            std::fs::create_dir_all(dir).and_then(|()| replace_file(&dir.join(name), text.as_bytes())).ok();
        }
    }
}

#[cfg(target_arch = "wasm32")]
mod browser {
    use wasm_bindgen::{JsCast as _, JsValue};
    use wasm_bindgen_futures::JsFuture;
    use web_sys::{Cache, CacheStorage, Response};

    /// A cache of the page's origin, which the page and its workers share. (`localStorage` is not there in a worker.)
    #[derive(Debug, Clone)]
    pub struct Shelf(Option<&'static str>);

    impl Shelf {
        /// The cache with this name, which is made when it is first opened.
        pub fn cache(name: &'static str) -> Self {
            Self(Some(name))
        }

        /// A shelf that keeps nothing.
        pub fn nowhere() -> Self {
            Self(None)
        }

        pub async fn read(&self, name: &str) -> Option<String> {
            self.look_up(name).await.ok()?.as_string()
        }

        pub async fn write(&self, name: &str, text: &str) {
            self.put(name, text).await.ok();
        }

        async fn look_up(&self, name: &str) -> Result<JsValue, JsValue> {
            let found = JsFuture::from(self.open().await?.match_with_str(&url(name))).await?;
            JsFuture::from(found.dyn_into::<Response>()?.text()?).await
        }

        async fn put(&self, name: &str, text: &str) -> Result<JsValue, JsValue> {
            let response = Response::new_with_opt_str(Some(text))?;
            JsFuture::from(self.open().await?.put_with_str(&url(name), &response)).await
        }

        async fn open(&self) -> Result<Cache, JsValue> {
            // A page and a worker have different globals. Both have this property if the context is secure, which WebGPU demands
            // too.
            let caches = js_sys::Reflect::get(&js_sys::global(), &"caches".into())?.dyn_into::<CacheStorage>()?;
            let name = self.0.ok_or(JsValue::UNDEFINED)?;
            JsFuture::from(caches.open(name)).await?.dyn_into()
        }
    }

    /// The key of an entry is a request, so it is a path of this origin, which no server needs to know.
    fn url(name: &str) -> String {
        format!("/{name}")
    }
}

#[cfg(target_arch = "wasm32")]
pub use browser::Shelf;
#[cfg(not(target_arch = "wasm32"))]
pub use native::Shelf;

#[cfg(all(test, not(target_arch = "wasm32")))] // files
mod tests {
    use super::Shelf;
    use pollster::block_on;

    #[test]
    fn what_is_put_there_is_read_again_and_the_rest_is_absent() {
        let dir = tempfile::tempdir().unwrap();
        let shelf = Shelf::folder(dir.path().join("made/when/needed"));
        assert_eq!(block_on(shelf.read("a.json")), None);
        block_on(shelf.write("a.json", "{}"));
        block_on(shelf.write("a.json", "{\"b\": 1}"));
        assert_eq!(block_on(shelf.read("a.json")).as_deref(), Some("{\"b\": 1}"));
        assert_eq!(block_on(shelf.read("b.json")), None);
    }

    #[test]
    fn a_shelf_that_cannot_be_made_is_an_empty_one() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let shelf = Shelf::folder(file.path().to_owned());
        block_on(shelf.write("a.json", "{}"));
        assert_eq!(block_on(shelf.read("a.json")), None);
    }
}
