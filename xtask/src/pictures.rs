//! `cargo xtask pictures` makes the README's pictures, assets/pictures/NAME.png: the app takes each picture of itself. Without a
//! display it uses Xvfb, if that is installed.

use crate::places;
use crate::process::{self, cargo};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

/// The name of each picture, and the arguments after `electroscope app`. The picture of the window shows a run near its end, when the
/// judge has learned what it can.
const PICTURES: [(&str, &str); 3] = [
    ("window", "--play --lang en --theme light --show sentence --show verdicts --after-step 1900"),
    ("lesson", "--lang pt --theme dark --show lesson --show curves --after-secs 40"),
    ("kernels", "--lang en --theme light --alone kernels --after-secs 40"),
];
/// The largest number of bytes of a picture in the repository.
const BYTES_MAX: u64 = 300_000;

pub fn run() -> Result<(), String> {
    process::run(cargo(&["build", "--quiet", "--release", "--bin", "electroscope"]))?;
    let screen = Screen::find()?;
    let program = places::target_dir().join("release").join("electroscope");
    let folder = places::root().join("assets/pictures");
    std::fs::create_dir_all(&folder).map_err(|e| format!("{}: cannot be made: {e}", folder.display()))?;
    for (name, typed) in PICTURES {
        let file = folder.join(format!("{name}.png"));
        let mut app = process::command(&program, &["app", "--screenshot"]);
        app.arg(&file).args(typed.split(' ')).envs(screen.display.iter().map(|display| ("DISPLAY", display)));
        process::run(app)?;
        let bytes = std::fs::metadata(&file).map_err(|e| format!("{}: was not written: {e}", file.display()))?.len();
        if bytes > BYTES_MAX {
            return Err(format!("{}: {bytes} bytes, more than {BYTES_MAX}", file.display()));
        }
    }
    Ok(())
}

/// A display that belongs to this chore. It ends with the chore.
struct Screen {
    display: Option<String>,
    server: Option<Child>,
}

impl Screen {
    fn find() -> Result<Self, String> {
        let seen = std::env::var_os("DISPLAY").is_some_and(|display| !display.is_empty());
        if seen || !cfg!(target_os = "linux") {
            return Ok(Self { display: None, server: None });
        }
        let xvfb: PathBuf =
            places::program(&["Xvfb"]).ok_or("no display: set DISPLAY, or install Xvfb (Debian: apt install xvfb)")?;
        let display = ":97".to_owned();
        let mut server = Command::new(xvfb);
        server.args([&display, "-screen", "0", "1600x1000x24"]).stdout(Stdio::null()).stderr(Stdio::null());
        let server = server.spawn().map_err(|e| format!("cannot start Xvfb: {e}"))?;
        // It is ready well within this time. It would report that only by a signal.
        thread::sleep(Duration::from_secs(3));
        Ok(Self { display: Some(display), server: Some(server) })
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        if let Some(server) = &mut self.server {
            server.kill().ok();
            server.wait().ok();
        }
    }
}
