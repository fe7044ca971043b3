//! AdamW on Burn's tensors, without bias correction (as in the reference code) and with it; and the norm by which gradients are
//! clipped.

use burn::module::Param;
use burn::tensor::Tensor;

/// The numbers that an update of one parameter needs in one step.
#[derive(Debug, Clone, Copy)]
pub struct Hyper {
    pub lr: f64,
    pub beta1: f64,
    pub beta2: f64,
    pub eps: f64,
    pub weight_decay: f64,
    /// 1 / (1 - beta^t), or 1.
    pub corrections: [f64; 2],
    /// The factor of the gradient: clip / max(norm, clip).
    pub clip: f64,
}

/// The gradient and Adam's moments of one parameter, none of them on the autodiff side.
pub struct State<const D: usize> {
    /// The gradients of the micro-batches so far; none before the first.
    pub gradient: Option<Tensor<D>>,
    pub moments: [Tensor<D>; 2],
}

impl<const D: usize> State<D> {
    pub fn zeroed(like: &Param<Tensor<D>>) -> Self {
        let zero = like.val().inner().zeros_like();
        Self { gradient: None, moments: [zero.clone(), zero] }
    }

    pub fn accumulate(&mut self, gradient: Tensor<D>) {
        self.gradient = Some(match self.gradient.take() {
            Some(sum) => sum + gradient,
            None => gradient,
        });
    }

    /// Sum of the gradient's squares: (1)
    pub fn squares(&self) -> Option<Tensor<1>> {
        self.gradient.clone().map(|g| (g.clone() * g).sum())
    }

    /// Updates `parameter` once. A gradient that never came is zero.
    pub fn update(&mut self, parameter: &mut Param<Tensor<D>>, h: &Hyper) {
        let value = parameter.val().inner();
        let gradient = self.gradient.clone().unwrap_or_else(|| value.zeros_like());
        let gradient = if h.clip == 1.0 { gradient } else { gradient * h.clip };
        let [m, v] = &mut self.moments;
        m.inplace(|m| m * h.beta1 + gradient.clone() * (1.0 - h.beta1));
        v.inplace(|v| v * h.beta2 + gradient.clone() * gradient * (1.0 - h.beta2));
        let step = scaled(m.clone(), h.corrections[0]) / (scaled(v.clone(), h.corrections[1]).sqrt() + h.eps);
        let step = if h.weight_decay == 0.0 { step } else { step + value.clone() * h.weight_decay };
        set(parameter, value - step * h.lr);
    }
}

/// Replaces a parameter's value. The parameter stays trainable.
pub fn set<const D: usize>(parameter: &mut Param<Tensor<D>>, value: Tensor<D>) {
    *parameter = Param::initialized(parameter.id, value.autodiff().require_grad());
}

fn scaled<const D: usize>(x: Tensor<D>, factor: f64) -> Tensor<D> {
    if factor == 1.0 { x } else { x * factor }
}
