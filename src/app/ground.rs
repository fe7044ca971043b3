//! Fills the gaps between the panels. The window is cleared to the panels' colour, so only the gaps still need a colour of their
//! own. A fill of the whole window would take half of a frame's time where a processor draws.

use egui::{Color32, Mesh, Pos2, Rect, Shape, pos2, vec2};
use std::f32::consts::FRAC_PI_2;

/// How many straight pieces make a rounded corner.
const PIECES: u32 = 8;

/// Fills `area` except for the `cards`. The cards have round corners and do not overlap; a card may reach out of the area.
pub fn around(area: Rect, cards: &[Rect], radius: f32, color: Color32) -> Shape {
    let mut mesh = Mesh::default();
    let mut edges: Vec<f32> = cards.iter().flat_map(|card| [card.top(), card.bottom()]).collect();
    edges.extend([area.top(), area.bottom()]);
    edges.retain(|y| area.y_range().contains(*y));
    edges.sort_by(f32::total_cmp);
    edges.dedup();
    for band in edges.windows(2) {
        let crosses = |card: &&Rect| card.top() <= band[0] && band[1] <= card.bottom();
        let mut across: Vec<&Rect> = cards.iter().filter(crosses).collect();
        across.sort_by(|a, b| a.left().total_cmp(&b.left()));
        let mut from = area.left();
        for card in across {
            fill(&mut mesh, pos2(from, band[0]), pos2(card.left(), band[1]), color);
            from = from.max(card.right());
        }
        fill(&mut mesh, pos2(from, band[0]), pos2(area.right(), band[1]), color);
    }
    for card in cards {
        let corners = [card.left_top(), card.right_top(), card.right_bottom(), card.left_bottom()];
        for (n, at) in corners.into_iter().enumerate() {
            corner(&mut mesh, at, n as f32 * FRAC_PI_2, radius, color);
        }
    }
    Shape::mesh(mesh)
}

fn fill(mesh: &mut Mesh, min: Pos2, max: Pos2, color: Color32) {
    if min.x < max.x && min.y < max.y {
        mesh.add_colored_rect(Rect::from_min_max(min, max), color);
    }
}

/// Fills the area between the corner `at` (the left top one turned by `turn`) and its quarter of a circle.
fn corner(mesh: &mut Mesh, at: Pos2, turn: f32, radius: f32, color: Color32) {
    let inward = egui::emath::Rot2::from_angle(turn);
    let center = at + inward * vec2(radius, radius);
    let first = mesh.vertices.len() as u32;
    mesh.colored_vertex(at, color);
    for n in 0..=PIECES {
        let angle = FRAC_PI_2 * n as f32 / PIECES as f32;
        mesh.colored_vertex(center - inward * (radius * vec2(angle.cos(), angle.sin())), color);
    }
    for n in 1..=PIECES {
        mesh.add_triangle(first, first + n, first + n + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cover(shape: &Shape) -> f32 {
        let Shape::Mesh(mesh) = shape else { panic!("a mesh") };
        let at = |i: u32| mesh.vertices[i as usize].pos;
        let area = |t: &[u32]| {
            let (a, b) = (at(t[1]) - at(t[0]), at(t[2]) - at(t[0]));
            (a.x * b.y - a.y * b.x).abs() / 2.0
        };
        mesh.indices.chunks(3).map(area).sum()
    }

    fn rect(x: f32, y: f32, width: f32, height: f32) -> Rect {
        Rect::from_min_size(pos2(x, y), vec2(width, height))
    }

    #[test]
    fn it_covers_what_the_cards_leave_and_nothing_twice() {
        let area = rect(0.0, 10.0, 100.0, 80.0);
        let cards = [rect(8.0, 18.0, 40.0, 30.0), rect(8.0, 56.0, 40.0, 26.0), rect(56.0, 18.0, 36.0, 64.0)];
        let left = area.area() - cards.iter().map(Rect::area).sum::<f32>();
        // A polygon of eight pieces inside the quarter of a circle: four corners a card.
        let polygon = 0.5 * PIECES as f32 * (FRAC_PI_2 / PIECES as f32).sin();
        let corners = 12.0 * 8.0 * 8.0 * (1.0 - polygon);
        let covered = cover(&around(area, &cards, 8.0, Color32::RED));
        assert!((covered - left - corners).abs() < 0.01, "{covered} of {left} and {corners}");
    }

    #[test]
    fn corners_turn_with_their_card() {
        let card = rect(20.0, 20.0, 40.0, 30.0);
        let Shape::Mesh(mesh) = around(rect(0.0, 0.0, 100.0, 100.0), &[card], 8.0, Color32::RED) else { panic!() };
        let inside = |p: Pos2| card.shrink(8.0 * (1.0 - std::f32::consts::FRAC_PI_4.sin()) + 0.01).contains(p);
        assert!(mesh.vertices.iter().all(|v| !inside(v.pos)), "no corner reaches into its card");
        for at in [card.left_top(), card.right_top(), card.right_bottom(), card.left_bottom()] {
            let near = |p: Pos2| (p - at).length() <= 8.0 + 0.01 && card.expand(0.01).contains(p);
            assert!(mesh.vertices.iter().filter(|v| near(v.pos)).count() > PIECES as usize);
        }
    }

    #[test]
    fn a_card_that_is_scrolled_out_of_the_area_leaves_it_whole() {
        let area = rect(0.0, 0.0, 100.0, 80.0);
        let scrolled = [rect(8.0, -60.0, 84.0, 40.0), rect(8.0, -12.0, 84.0, 50.0)];
        let Shape::Mesh(mesh) = around(area, &scrolled, 0.0, Color32::RED) else { panic!() };
        assert!((cover(&Shape::mesh((*mesh).clone())) - (8000.0 - 84.0 * 38.0)).abs() < 0.01);
    }
}
