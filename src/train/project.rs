//! Projects points of many dimensions onto the two axes along which they differ most. It finds the principal components by power
//! iteration, and the same points always give the same axes.
//! (N, D) -> (N, 2) and the share of the variance that each axis shows.

/// The places of the points on the two axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Projection {
    /// (N, 2)
    pub points: Vec<[f32; 2]>,
    /// The share of all the variance along each axis.
    pub explained: [f64; 2],
}

/// The largest number of rounds of the power iteration, and the change of direction at which it ends.
const ROUNDS_MAX: usize = 300;
const SETTLED: f64 = 1e-9;

/// `points`: (N, D), row after row, with `d` > 0.
pub fn project(points: &[f32], d: usize) -> Projection {
    let n = points.len() / d;
    let mut mean = vec![0.0; d];
    for row in points.chunks_exact(d) {
        for (mean, x) in mean.iter_mut().zip(row) {
            *mean += f64::from(*x) / n as f64;
        }
    }
    let centred: Vec<f64> =
        points.chunks_exact(d).flat_map(|row| row.iter().zip(&mean).map(|(x, mean)| f64::from(*x) - mean)).collect();
    let variance: f64 = centred.iter().map(|x| x * x).sum();
    let mut axes: Vec<Vec<f64>> = Vec::new();
    let mut explained = [0.0; 2];
    for share in &mut explained {
        let (axis, along) = principal_axis(&centred, d, &axes);
        *share = if variance > 0.0 { along / variance } else { 0.0 };
        axes.push(axis);
    }
    let points = centred.chunks_exact(d).map(|row| [dot(row, &axes[0]) as f32, dot(row, &axes[1]) as f32]).collect();
    Projection { points, explained }
}

/// The direction of the largest variance among the directions at right angles to `before`, and the sum of squares along it.
fn principal_axis(centred: &[f64], d: usize, before: &[Vec<f64>]) -> (Vec<f64>, f64) {
    // The start prefers no direction, and it is not at right angles to a likely axis.
    let mut axis: Vec<f64> = (0..d).map(|i| 1.0 + (i as f64 * 0.7).sin()).collect();
    clear(&mut axis, before);
    let mut along = 0.0;
    for _ in 0..ROUNDS_MAX {
        let mut next = vec![0.0; d];
        for row in centred.chunks_exact(d) {
            let share = dot(row, &axis);
            for (next, x) in next.iter_mut().zip(row) {
                *next += share * x;
            }
        }
        along = clear(&mut next, before);
        if along == 0.0 {
            break;
        }
        let change: f64 = next.iter().zip(&axis).map(|(a, b)| (a - b).powi(2)).sum();
        axis = next;
        if change < SETTLED {
            break;
        }
    }
    // An axis has no sign of its own, so its largest component is made positive.
    let largest = axis.iter().copied().fold(0.0, |max: f64, x| if x.abs() > max.abs() { x } else { max });
    if largest < 0.0 {
        axis.iter_mut().for_each(|x| *x = -*x);
    }
    (axis, along)
}

/// Removes from `axis` its components along `before`, and scales the rest to length 1. Returns the length before scaling; if
/// nothing remains, everything is zero.
fn clear(axis: &mut [f64], before: &[Vec<f64>]) -> f64 {
    for other in before {
        let along = dot(axis, other);
        axis.iter_mut().zip(other).for_each(|(x, other)| *x -= along * other);
    }
    let length = dot(axis, axis).sqrt();
    let scale = if length > f64::MIN_POSITIVE { 1.0 / length } else { 0.0 };
    axis.iter_mut().for_each(|x| *x *= scale);
    if scale > 0.0 { length } else { 0.0 }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axes_are_those_along_which_the_points_were_spread() {
        // 9 along (3, 4) / 5, 1 along (-4, 3) / 5, far from the origin, in a space with a third axis on which nothing happens.
        let corner = |a: f32, b: f32| [100.0 + (3.0 * a - 4.0 * b) / 5.0, 7.0 + (4.0 * a + 3.0 * b) / 5.0, -2.0];
        let spread = [(3.0, 1.0), (3.0, -1.0), (-3.0, 1.0), (-3.0, -1.0)];
        let points: Vec<f32> = spread.iter().flat_map(|&(a, b)| corner(a, b)).collect();
        let got = project(&points, 3);
        assert!((got.explained[0] - 0.9).abs() < 1e-6 && (got.explained[1] - 0.1).abs() < 1e-6, "{got:?}");
        for ([x, y], (a, b)) in got.points.iter().zip(spread) {
            // The largest component of the second axis is -4/5, so the axis is reversed.
            assert!((x - a).abs() < 1e-3 && (y + b).abs() < 1e-3, "{x} {y}, want {a} {b}");
        }
        assert_eq!(project(&points, 3), got, "the same every time");
    }

    #[test]
    fn points_that_do_not_differ_lie_on_one_spot() {
        let got = project(&[1.5; 12], 4);
        assert_eq!(got.explained, [0.0; 2]);
        assert!(got.points.iter().all(|point| *point == [0.0, 0.0]));
        // On a line there is no second axis.
        let line = project(&[0.0, 0.0, 1.0, 1.0, 2.0, 2.0], 2);
        assert!((line.explained[0] - 1.0).abs() < 1e-9 && line.explained[1].abs() < 1e-9, "{line:?}");
    }
}
