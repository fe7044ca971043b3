//! Draws a roofline as an SVG. FLOPs a byte -> x, GFLOP/s -> y, both logarithmic; the style of the page colours it.

use super::{Sheet, intensity};
use crate::t;
use crate::tasks::bench::KernelSpeed;
use crate::view::words::Strings;
use crate::view::{Lang, report};
use std::fmt::Write;

const WIDTH: f64 = 1080.0;
const HEIGHT: f64 = 560.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 24.0;
const BOTTOM: f64 = 52.0;
/// The radius of a disc for a kernel that takes all of the time.
const RADIUS_MAX: f64 = 46.0;
const RADIUS_MIN: f64 = 4.0;
/// FLOPs a byte at the left edge. Kernels that only move data stand there.
const INTENSITY_MIN: f64 = 1.0 / 16.0;
/// Kernels with a smaller share of the time have their name only in the table.
const NAMED_SHARE: f64 = 0.02;
const LABEL_HEIGHT: f64 = 17.0;
/// The average width of a letter in the proportional font of the names.
const LETTER_WIDTH: f64 = 7.2;

/// Maps values to places in the picture.
struct Scale {
    /// log10 of the left and the right edge.
    x: [f64; 2],
    y: [f64; 2],
}

impl Scale {
    fn new(roofs: [f64; 2], kernels: &[KernelSpeed]) -> Self {
        let [copy, product] = roofs;
        let heights = kernels.iter().map(|spot| height(spot).1);
        let widest = kernels.iter().map(|spot| height(spot).0).fold(4.0 * product / copy, f64::max);
        let lowest = heights.clone().fold(copy * INTENSITY_MIN, f64::min);
        let highest = heights.fold(product, f64::max);
        // A kernel that is very much slower than the rest stands at the edge, so that it does not squeeze the others.
        let lowest = lowest.max(highest * 1e-5);
        Self {
            x: [INTENSITY_MIN.log10(), (widest * 1.6).log10()],
            y: [(lowest / 2.0).log10(), (highest * 2.0).log10()],
        }
    }

    fn x(&self, intensity: f64) -> f64 {
        let share = (intensity.max(INTENSITY_MIN).log10() - self.x[0]) / (self.x[1] - self.x[0]);
        LEFT + share * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, gflops_per_sec: f64) -> f64 {
        let share = (gflops_per_sec.log10().max(self.y[0]) - self.y[0]) / (self.y[1] - self.y[0]);
        HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
    }
}

/// Intensity and GFLOP/s. A kernel that only moves data counts as if every byte were worth the least intensity.
fn height(spot: &KernelSpeed) -> (f64, f64) {
    let across = intensity(spot).max(INTENSITY_MIN);
    (across, spot.gflops_per_sec.max(spot.gbytes_per_sec * INTENSITY_MIN))
}

/// The picture, or none if times or one of the limits are missing.
pub fn roofline(sheet: &Sheet, lang: Lang) -> Option<String> {
    let (copy, product) = (sheet.limits.copy_gbytes_per_sec?, sheet.limits.product_gflops_per_sec?);
    let (kernels, step) = (sheet.kernels(), &sheet.measured.step);
    if kernels.is_empty() {
        return None;
    }
    let scale = Scale::new([copy, product], kernels);
    let mut svg = format!(
        "<svg class=\"roofline\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">",
        report::escape(&t!(Strings::of(lang), "speed-roofline", preset = &step.preset, device = &step.device))
    );
    grid(&mut svg, &scale, lang);
    roof(&mut svg, &scale, copy, product, lang);
    discs(&mut svg, &scale, [copy, product], kernels, lang);
    svg.push_str("</svg>");
    Some(svg)
}

/// A line for each power of ten, and the titles of the axes.
fn grid(svg: &mut String, scale: &Scale, lang: Lang) {
    let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
    let named = |power: i32| lang.decimal(10f64.powi(power), usize::try_from(-power).unwrap_or(0));
    let powers = |[low, high]: [f64; 2]| low.ceil() as i32..=high.floor() as i32;
    for power in powers(scale.x) {
        let x = scale.x(10f64.powi(power));
        write!(svg, "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{bottom}\"/>").ok();
        write!(svg, "<text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>", bottom + 20.0, named(power)).ok();
    }
    for power in powers(scale.y) {
        let y = scale.y(10f64.powi(power));
        write!(svg, "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>").ok();
        write!(svg, "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>", LEFT - 8.0, y + 4.0, named(power)).ok();
    }
    let across = Strings::of(lang).t("speed-intensity");
    write!(svg, "<text x=\"{right}\" y=\"{}\" text-anchor=\"end\">{across}</text>", HEIGHT - 10.0).ok();
    write!(svg, "<text x=\"8\" y=\"14\">GFLOP/s</text>").ok();
}

fn roof(svg: &mut String, scale: &Scale, copy: f64, product: f64, lang: Lang) {
    let right = 10f64.powf(scale.x[1]);
    let points = [(INTENSITY_MIN, copy * INTENSITY_MIN), (product / copy, product), (right, product)];
    let points: Vec<String> = points.iter().map(|(x, y)| format!("{:.1},{:.1}", scale.x(*x), scale.y(*y))).collect();
    write!(svg, "<polyline class=\"roof\" points=\"{}\"/>", points.join(" ")).ok();
    let (product_text, copy_text) = (lang.decimal(product, 1), lang.decimal(copy, 1));
    let (x, y) = (WIDTH - RIGHT - 4.0, scale.y(product) - 8.0);
    write!(svg, "<text x=\"{x}\" y=\"{y:.1}\" text-anchor=\"end\">{product_text} GFLOP/s</text>").ok();
    let (x, y) = (scale.x(INTENSITY_MIN) + 4.0, scale.y(copy * INTENSITY_MIN) - 40.0);
    write!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\">{copy_text} GB/s</text>").ok();
}

/// Draws the discs, the large ones first, so that small ones lie on top. Each gets its name if there is room.
fn discs(svg: &mut String, scale: &Scale, [copy, product]: [f64; 2], kernels: &[KernelSpeed], lang: Lang) {
    let mut by_time: Vec<&KernelSpeed> = kernels.iter().collect();
    by_time.sort_by(|a, b| b.share.total_cmp(&a.share));
    // No name lies on a disc.
    let mut taken: Vec<[f64; 4]> = by_time.iter().map(|spot| disc(scale, spot)).map(|d| around(d, 0.8)).collect();
    let mut names = String::new();
    for spot in by_time {
        let [x, y, radius] = disc(scale, spot);
        let class = if height(spot).0 * copy < product { "moves" } else { "computes" };
        let kernel = report::escape(spot.kernel);
        write!(
            svg,
            "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\"><title>{kernel}: {}</title></circle>",
            lang.percent(spot.share, 1)
        )
        .ok();
        if spot.share >= NAMED_SHARE
            && let Some([left, middle]) = place(&mut taken, [x, y, radius], spot.kernel)
        {
            write!(names, "<text class=\"label\" x=\"{left:.1}\" y=\"{:.1}\">{kernel}</text>", middle + 4.0).ok();
        }
    }
    svg.push_str(&names);
}

/// The centre and the radius of a kernel's disc.
fn disc(scale: &Scale, spot: &KernelSpeed) -> [f64; 3] {
    let (across, gflops) = height(spot);
    [scale.x(across), scale.y(gflops), (RADIUS_MAX * spot.share.sqrt()).max(RADIUS_MIN)]
}

/// A square around a disc's centre, as large as this share of its width.
fn around([x, y, radius]: [f64; 3], share: f64) -> [f64; 4] {
    let half = share * radius;
    [x - half, y - half, x + half, y + half]
}

/// A free place for a name beside its disc, above or below its neighbours' names: the name's left end and its vertical middle.
fn place(taken: &mut Vec<[f64; 4]>, [x, y, radius]: [f64; 3], name: &str) -> Option<[f64; 2]> {
    let width = name.chars().count() as f64 * LETTER_WIDTH;
    let beside = radius + 5.0;
    for shift in [0.0, 1.0, -1.0, 2.0, -2.0, 3.0, -3.0] {
        for left in [x + beside, x - beside - width] {
            let middle = y + shift * LABEL_HEIGHT;
            let rect = [left, middle - LABEL_HEIGHT / 2.0, left + width, middle + LABEL_HEIGHT / 2.0];
            let inside = rect[0] >= LEFT && rect[2] <= WIDTH - RIGHT && rect[1] >= TOP && rect[3] <= HEIGHT - BOTTOM;
            let overlaps =
                |other: &[f64; 4]| rect[0] < other[2] && other[0] < rect[2] && rect[1] < other[3] && other[1] < rect[3];
            if inside && !taken.iter().any(overlaps) {
                taken.push(rect);
                return Some([left, middle]);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::tests::{sheet, spot};
    use super::*;

    /// cx, cy of every disc, in the order drawn.
    fn centers(svg: &str) -> Vec<(f64, f64)> {
        let number = |text: &str, name: &str| -> f64 {
            let (_, rest) = text.split_once(&format!(" {name}=\"")).unwrap();
            rest.split_once('"').unwrap().0.parse().unwrap()
        };
        svg.split("<circle").skip(1).map(|disc| (number(disc, "cx"), number(disc, "cy"))).collect()
    }

    #[test]
    fn a_kernel_at_the_limit_lies_on_the_roof() {
        let mut at_best = sheet();
        // 10 GB/s and 40 GFLOP/s: at 4 FLOP a byte both limit.
        at_best.measured.kernels = Some(vec![spot("both", 5.0, 40.0, 10.0), spot("moves", 3.0, 5.0, 10.0)]);
        let svg = roofline(&at_best, Lang::En).unwrap();
        let (_, roof) = svg.split_once("points=\"").unwrap();
        let corners: Vec<(f64, f64)> = roof
            .split_once('"')
            .unwrap()
            .0
            .split(' ')
            .map(|corner| corner.split_once(',').map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap())).unwrap())
            .collect();
        let [both, moves] = centers(&svg)[..] else { panic!("{svg}") };
        assert_eq!(both, corners[1]);
        // On the straight line between the first two corners.
        let along = (moves.0 - corners[0].0) / (corners[1].0 - corners[0].0);
        let y = corners[0].1 + along * (corners[1].1 - corners[0].1);
        assert!((moves.1 - y).abs() < 0.2, "{moves:?} against {y}");
        assert!(svg.contains("class=\"computes\"") && svg.contains("class=\"moves\""));
    }

    #[test]
    fn slower_is_lower_and_everything_is_in_the_picture() {
        let svg = roofline(&sheet(), Lang::En).unwrap();
        let discs = centers(&svg);
        assert_eq!(discs.len(), 3);
        assert!(discs[0].1 < discs[1].1, "20 GFLOP/s above 2");
        assert!(discs.iter().all(|(x, y)| (LEFT..=WIDTH - RIGHT).contains(x) && (TOP..=HEIGHT - BOTTOM).contains(y)));
        assert!((discs[2].0 - LEFT).abs() < 0.1, "what only moves stands at the left");
    }

    #[test]
    fn names_do_not_cover_each_other() {
        let mut taken = Vec::new();
        let placed: Vec<_> = (0..5).filter_map(|_| place(&mut taken, [400.0, 300.0, 10.0], "matmul.forward")).collect();
        assert_eq!(placed.len(), 5);
        for (i, a) in taken.iter().enumerate() {
            for b in &taken[..i] {
                assert!(a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1], "{a:?} and {b:?}");
            }
        }
    }

    #[test]
    fn without_both_limits_there_is_no_picture() {
        let mut half = sheet();
        half.limits.product_gflops_per_sec = None;
        assert!(roofline(&half, Lang::En).is_none());
    }
}
