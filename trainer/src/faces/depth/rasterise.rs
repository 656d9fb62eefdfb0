//! A surface in a region -> the region's z-buffered depth map. Knows nothing of networks or files.

use bonafide::region::Region;

use super::Surface;

/// Pseudo-depth of a surface as the region sees it: `[size * size]`, row-major, in `[0, 1]`.
///
/// The nearest point of the whole surface is 1 and the farthest 0, linearly (our choice, so that a map does not depend on the
/// head's distance); whatever no triangle covers is 0 too. Where triangles overlap the nearest wins.
pub fn pseudo_depth(surface: &Surface, region: &Region, size: usize) -> Vec<f32> {
    let (near, far) = surface
        .points
        .iter()
        .fold((f32::INFINITY, f32::NEG_INFINITY), |(near, far), point| (near.min(point[2]), far.max(point[2])));
    let range = (far - near).max(f32::MIN_POSITIVE);
    // Corners in map pixels, z already as depth.
    let corners: Vec<[f32; 3]> = surface
        .points
        .iter()
        .map(|&[x, y, z]| {
            let (u, v) = region.from_frame(x, y);
            [u * size as f32, v * size as f32, (far - z) / range]
        })
        .collect();
    let mut map = vec![0.0; size * size];
    for triangle in surface.triangles.iter() {
        draw(&mut map, size, triangle.map(|corner| corners[corner as usize]));
    }
    map
}

/// Draws one triangle, interpolating depth, keeping what is nearer.
fn draw(map: &mut [f32], size: usize, [a, b, c]: [[f32; 3]; 3]) {
    let edge = |p: [f32; 3], q: [f32; 3], x: f32, y: f32| (q[0] - p[0]) * (y - p[1]) - (q[1] - p[1]) * (x - p[0]);
    let area = edge(a, b, c[0], c[1]);
    if area == 0.0 || !area.is_finite() {
        return;
    }
    let span = |axis: usize| {
        let low = a[axis].min(b[axis]).min(c[axis]).floor().clamp(0.0, size as f32);
        let high = a[axis].max(b[axis]).max(c[axis]).ceil().clamp(0.0, size as f32);
        low as usize..high as usize
    };
    for row in span(1) {
        for column in span(0) {
            let (x, y) = (column as f32 + 0.5, row as f32 + 0.5);
            // Barycentric weights; dividing by the signed area accepts either winding.
            let (wa, wb) = (edge(b, c, x, y) / area, edge(c, a, x, y) / area);
            let wc = 1.0 - wa - wb;
            if wa >= 0.0 && wb >= 0.0 && wc >= 0.0 {
                let depth = wa * a[2] + wb * b[2] + wc * c[2];
                let cell = &mut map[row * size + column];
                *cell = cell.max(depth.clamp(0.0, 1.0));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGION: Region = Region { cx: 5.0, cy: 5.0, side: 10.0, angle: 0.0 };

    fn square(z: f32) -> Vec<[f32; 3]> {
        vec![[2.0, 2.0, z], [8.0, 2.0, z], [8.0, 8.0, z], [2.0, 8.0, z]]
    }

    #[test]
    fn the_nearer_surface_wins_and_nothing_is_zero() {
        // A near square in front of a far one, drawn first and drawn last.
        let points = [square(0.0), square(4.0)].concat();
        let (near, far) = ([[0, 1, 2], [0, 2, 3]], [[4, 5, 6], [4, 6, 7]]);
        for triangles in [[near, far].concat(), [far, near].concat()] {
            let map = pseudo_depth(&Surface { points: points.clone(), triangles: triangles.into() }, &REGION, 10);
            assert_eq!(map[5 * 10 + 5], 1.0);
            assert_eq!(map[0], 0.0);
            assert_eq!(map.iter().filter(|depth| **depth > 0.0).count(), 36);
        }
    }

    #[test]
    fn a_surface_far_outside_or_without_area_draws_nothing() {
        let far = square(1.0).iter().map(|p| [p[0] + 1e9, p[1], p[2]]).collect();
        let line = vec![[0.0; 3], [5.0, 5.0, 1.0], [9.0, 9.0, 2.0]];
        for points in [far, line] {
            let surface = Surface { points, triangles: vec![[0, 1, 2]].into() };
            assert!(pseudo_depth(&surface, &REGION, 10).iter().all(|depth| *depth == 0.0));
        }
    }
}
