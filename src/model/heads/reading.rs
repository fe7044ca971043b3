//! What a head reads besides the output of its encoder.

use crate::model::io::Io;
use crate::objective::At;
use crate::plan::Tensor;

/// What a head's forward needs besides the encoder's output.
pub struct Reading<'a> {
    pub io: &'a Io,
    /// The ids that the encoder read. (B, T)
    pub ids: &'a Tensor,
    /// 1 for each id that is not the original, if the head needs this. (B, T)
    pub replaced: Option<&'a Tensor>,
    /// The positions whose loss counts.
    pub at: At,
    /// Which of the step's scales weighs the loss.
    pub scale: u32,
    /// Epsilon of the layer normalisation.
    pub eps: f32,
}
