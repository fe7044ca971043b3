//! `app`: opens the desktop app. The program also does this when a person types no command.

use super::args::{AppArgs, Typed};
use crate::Result;
use crate::app::theme::ThemeChoice;
use crate::app::{self, Options, Picture};
use crate::view::Lang;

pub fn run(args: &AppArgs, typed: &Typed) -> Result<()> {
    let picture =
        args.screenshot.clone().map(|path| Picture { path, after_secs: args.after_secs, after_step: args.after_step });
    let theme = args.theme.as_deref().map(|name| if name == "dark" { ThemeChoice::Dark } else { ThemeChoice::Light });
    app::run(Options {
        run: args.run.clone(),
        play: args.play,
        events: args.events.clone(),
        picture,
        lang: typed.lang.as_deref().map(Lang::from_code),
        system_lang: typed.message_lang(),
        theme,
        size: args.size,
        show: args.show.clone(),
        alone: args.alone,
        kernel: args.kernel.clone(),
    })
}
