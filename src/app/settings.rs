//! What the window remembers until its next start: language, theme, text size, layout, and what panels ask to keep. It is one small
//! JSON file. If the file is damaged or has another version, the window starts as if there were none.

use super::layout::Layout;
use super::theme::{SCALES, ThemeChoice};
use crate::host::native;
use crate::view::Lang;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const VERSION: u32 = 1;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    version: u32,
    /// None for the system's language.
    pub lang: Option<Lang>,
    pub theme: ThemeChoice,
    /// How many times the ordinary text size, 1 to 2.
    pub scale: f32,
    pub layout: Layout,
    /// What panels keep, by panel: ticked pages, a typed sentence.
    pub kept: BTreeMap<String, serde_json::Value>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            version: VERSION,
            lang: None,
            theme: ThemeChoice::System,
            scale: 1.0,
            layout: Layout::default(),
            kept: BTreeMap::new(),
        }
    }
}

impl Settings {
    pub fn path() -> PathBuf {
        native::cache_dir().join("app.json")
    }

    /// Reads the settings. A layout that is not valid is replaced; the other settings stay.
    pub fn load(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let Some(mut settings) = serde_json::from_str::<Self>(&text).ok().filter(|s| s.version == VERSION) else {
            return Self::default();
        };
        if !settings.layout.is_valid() {
            settings.layout = Layout::default();
        }
        if !(SCALES[0]..=SCALES[SCALES.len() - 1]).contains(&settings.scale) {
            settings.scale = SCALES[0];
        }
        settings
    }

    /// # Errors
    /// The file cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|e| Error::io("io-make-settings-folder", folder, &e))?;
        }
        let text = serde_json::to_string_pretty(self).expect("numbers, names and maps of strings are JSON");
        std::fs::write(path, text).map_err(|e| Error::io("io-save-windows-settings", path, &e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_come_back_and_damaged_ones_do_no_harm() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("deep/app.json");
        let mut settings = Settings { lang: Some(Lang::Pt), scale: 1.5, ..Settings::default() };
        settings.kept.insert("lesson".into(), serde_json::json!([1, 2]));
        settings.save(&path).unwrap();
        assert_eq!(Settings::load(&path), settings);
        for damaged in ["", "{", "{\"version\": 99}", "[]"] {
            std::fs::write(&path, damaged).unwrap();
            assert_eq!(Settings::load(&path), Settings::default(), "{damaged:?}");
        }
        settings.layout.columns = f32::NAN;
        settings.scale = 1.5;
        let text = serde_json::to_string(&settings).unwrap().replace("\"columns\":null", "\"columns\":7.5");
        std::fs::write(&path, text).unwrap();
        let loaded = Settings::load(&path);
        assert_eq!((loaded.layout, loaded.scale), (Layout::default(), 1.5));
    }
}
