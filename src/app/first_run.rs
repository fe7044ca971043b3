//! Says what the first click on Train starts: the request of that run.

use crate::run::Request;
use crate::view::Lang;

/// The request that the first click makes: the smallest preset on the built-in text.
pub fn first_run(lang: Lang) -> Request {
    Request { lang, watched: true, ..Request::default() }
}
