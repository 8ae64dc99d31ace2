//! Sums over samples in independent lanes, which vectorise without reordering anything.
//!
//! One sum to a loop: two in one loop are not always kept apart by the compiler, and cost more.

/// The sum of a function of the samples.
#[inline(always)]
pub(crate) fn sum_of(samples: &[f32], of: impl Fn(f32) -> f32) -> f32 {
    let add = |sum, x| sum + of(x);
    let (lanes, tail) = fold(samples, 0.0, add);
    (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]) + tail.iter().map(|&x| of(x)).sum::<f32>()
}

/// The smallest sample; infinity if there is none. What is no number is passed over.
#[inline(always)]
pub(crate) fn lowest(samples: &[f32]) -> f32 {
    let lower = |least, x| if x < least { x } else { least };
    let (lanes, tail) = fold(samples, f32::INFINITY, lower);
    lanes.iter().chain(tail).copied().fold(f32::INFINITY, lower)
}

/// The largest sample; minus infinity if there is none. What is no number is passed over.
#[inline(always)]
pub(crate) fn highest(samples: &[f32]) -> f32 {
    let higher = |most, x| if x > most { x } else { most };
    let (lanes, tail) = fold(samples, f32::NEG_INFINITY, higher);
    lanes
        .iter()
        .chain(tail)
        .copied()
        .fold(f32::NEG_INFINITY, higher)
}

/// The sum of products, over the shorter of the two.
#[inline(always)]
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    // Sixteen at a time: what it takes to go on by a step is half of what a step of eight costs.
    const WIDE: usize = 16;
    const LANES: usize = 8;
    let length = a.len().min(b.len());
    let (a_wide, a) = a[..length].as_chunks::<WIDE>();
    let (b_wide, b) = b[..length].as_chunks::<WIDE>();
    let mut wide = [0f32; WIDE];
    for (x, y) in a_wide.iter().zip(b_wide) {
        for lane in 0..WIDE {
            wide[lane] += x[lane] * y[lane];
        }
    }
    let mut lanes: [f32; LANES] = std::array::from_fn(|lane| wide[lane] + wide[lane + LANES]);
    let (a, a_tail) = a.as_chunks::<LANES>();
    let (b, b_tail) = b.as_chunks::<LANES>();
    for (x, y) in a.iter().zip(b) {
        for lane in 0..LANES {
            lanes[lane] += x[lane] * y[lane];
        }
    }
    let tail: f32 = a_tail.iter().zip(b_tail).map(|(x, y)| x * y).sum();
    lanes.iter().sum::<f32>() + tail
}

/// Folds the whole fours of samples lane by lane; the lanes, and the samples left.
#[inline(always)]
fn fold(samples: &[f32], start: f32, step: impl Fn(f32, f32) -> f32) -> ([f32; 4], &[f32]) {
    let (fours, tail) = samples.as_chunks::<4>();
    let mut lanes = [start; 4];
    for four in fours {
        for lane in 0..4 {
            lanes[lane] = step(lanes[lane], four[lane]);
        }
    }
    (lanes, tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agree_with_the_plain_sums_at_every_length() {
        let samples: Vec<f32> = (0..37).map(|i| (i * 7 % 13) as f32 - 6.0).collect();
        for length in 0..=samples.len() {
            let part = &samples[..length];
            assert_eq!(sum_of(part, f32::abs), part.iter().map(|x| x.abs()).sum());
            assert_eq!(
                lowest(part),
                part.iter().copied().fold(f32::INFINITY, f32::min)
            );
            let most = part.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            assert_eq!(highest(part), most);
            let products = part.iter().zip(&samples[3..]).map(|(x, y)| x * y);
            assert_eq!(dot(part, &samples[3..]), products.sum());
        }
    }

    #[test]
    fn what_is_no_number_is_not_the_lowest() {
        assert_eq!(lowest(&[1.0, f32::NAN, -2.0, f32::NAN, 0.0]), -2.0);
    }
}
