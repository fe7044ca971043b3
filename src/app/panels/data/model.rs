//! The section for an opened model (Hugging Face's folder, an exported pair, a checkpoint). A thread reads the folder, and the
//! panel keeps the model in memory.
//! a person's sentences -> judged tokens.

use crate::gpu::DeviceName;
use crate::message::Message;
use crate::tasks::reader::{JudgedToken, Reader, Reading};
use crate::train::engine::Backend;
use crate::{Error, Result};
use egui::Context;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, Sender, TryRecvError};

enum Answer {
    Opened { entries: usize, warnings: Vec<Message> },
    Judged { text: String, result: Result<Vec<JudgedToken>> },
    Failed(Error),
}

/// A model that is open, or being opened.
pub struct Model {
    pub path: PathBuf,
    /// The size of its vocabulary; none until the model is read.
    pub entries: Option<usize>,
    pub warnings: Vec<Message>,
    pub typed: String,
    /// The sentence that was judged last, and its tokens.
    pub judged: Option<(String, Vec<JudgedToken>)>,
    pub error: Option<Error>,
    /// Whether the model is judging a sentence.
    pub busy: bool,
    texts: Sender<String>,
    told: Receiver<Answer>,
}

impl Model {
    pub fn open(ctx: &Context, path: PathBuf, device: DeviceName) -> Self {
        let (texts, asked) = mpsc::channel();
        let (tell, told) = mpsc::channel();
        let (ctx, folder) = (ctx.clone(), path.clone());
        let work = move || serve(&ctx, folder, &device, &asked, &tell);
        std::thread::Builder::new().name("model".to_owned()).spawn(work).ok();
        Self {
            path,
            entries: None,
            warnings: Vec::new(),
            typed: String::new(),
            judged: None,
            error: None,
            busy: true,
            texts,
            told,
        }
    }

    /// Sends what was typed to the model.
    pub fn judge(&mut self) {
        let text = self.typed.trim().to_owned();
        if text.is_empty() || self.busy {
            return;
        }
        self.error = None;
        self.busy = self.texts.send(text).is_ok();
    }

    /// Takes what the model's thread has sent since the last frame.
    pub fn listen(&mut self) {
        loop {
            match self.told.try_recv() {
                Ok(Answer::Opened { entries, warnings }) => {
                    (self.entries, self.warnings, self.busy) = (Some(entries), warnings, false);
                }
                Ok(Answer::Judged { text, result: Ok(tokens) }) => {
                    (self.judged, self.busy) = (Some((text, tokens)), false);
                }
                Ok(Answer::Judged { result: Err(error), .. } | Answer::Failed(error)) => {
                    (self.error, self.busy) = (Some(error), false);
                }
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => {
                    if self.busy {
                        self.busy = false;
                        self.error.get_or_insert_with(|| Error::failed("reader-ended"));
                    }
                    return;
                }
            }
        }
    }
}

/// Reads the model, then judges one text after another until nobody asks any more.
fn serve(ctx: &Context, path: PathBuf, device: &DeviceName, asked: &Receiver<String>, tell: &Sender<Answer>) {
    let opened =
        pollster::block_on(Backend::open(device)).and_then(|backend| Reader::open(&path, Reading::Judge, backend));
    let told = |message| {
        tell.send(message).ok();
        ctx.request_repaint();
    };
    let mut reader = match opened {
        Ok(reader) => reader,
        Err(error) => return told(Answer::Failed(error)),
    };
    told(Answer::Opened { entries: reader.tokenizer().vocab_size(), warnings: reader.warnings().to_vec() });
    for text in asked {
        let result = pollster::block_on(reader.detect(&text));
        told(Answer::Judged { text, result });
    }
}
