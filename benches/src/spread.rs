//! What several rounds say together: the median, and how far they lie apart.

use std::fmt;

/// The median of some figures, with the smallest and the largest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Spread {
    /// Sums up `figures`; without any, all is NaN.
    pub(crate) fn of(figures: impl IntoIterator<Item = f64>) -> Self {
        let mut figures: Vec<f64> = figures.into_iter().collect();
        Self {
            median: rank(&mut figures, 0.5),
            least: rank(&mut figures, 0.0),
            most: rank(&mut figures, 1.0),
        }
    }
}

/// Gives the quantile `part` (0 to 1) of `figures` by nearest rank, which it sorts.
pub(crate) fn rank(figures: &mut [f64], part: f64) -> f64 {
    figures.sort_unstable_by(f64::total_cmp);
    let last = figures.len().saturating_sub(1);
    let place = (last as f64 * part).round() as usize;
    figures.get(place).copied().unwrap_or(f64::NAN)
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = match self.median {
            small if small < 10.0 => 2,
            large if large >= 100.0 => 0,
            _ => 1,
        };
        let text = format!(
            "{:.digits$} ({:.digits$}-{:.digits$})",
            self.median, self.least, self.most
        );
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_stands_between_the_extremes() {
        let spread = Spread::of([3.0, 1.0, 2.0, 9.0, 2.5]);
        assert_eq!(
            spread,
            Spread {
                median: 2.5,
                least: 1.0,
                most: 9.0
            }
        );
        assert_eq!(spread.to_string(), "2.50 (1.00-9.00)");
    }

    #[test]
    fn ranks_are_of_the_figures_themselves() {
        let mut figures: Vec<f64> = (1..=101).rev().map(f64::from).collect();
        let ranks = [0.5, 0.99, 1.0].map(|part| rank(&mut figures, part) as u32);
        assert_eq!(ranks, [51, 100, 101]);
    }
}
