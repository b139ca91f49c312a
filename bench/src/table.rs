//! A table of text: columns as wide as their widest cell, two blanks between.

/// On which side a column's cells end evenly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// Draws rows below a heading. A row may be shorter than the heading.
pub(crate) fn render(heading: &[(&str, Side)], rows: &[Vec<String>]) -> String {
    let names: Vec<String> = heading.iter().map(|(name, _)| (*name).to_owned()).collect();
    let width = |column: usize| {
        let cells = std::iter::once(&names).chain(rows);
        cells
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..heading.len()).map(width).collect();
    let rule: Vec<String> = widths.iter().map(|&width| "-".repeat(width)).collect();
    let lines = [&names, &rule].into_iter().chain(rows).map(|row| {
        let columns = heading.iter().zip(&widths).enumerate();
        let cells: Vec<String> = columns
            .map(|(column, ((_, side), &width))| {
                let cell = row.get(column).map_or("", String::as_str);
                match side {
                    Side::Left => format!("{cell:<width$}"),
                    Side::Right => format!("{cell:>width$}"),
                }
            })
            .collect();
        cells.join("  ").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A number with three significant digits or more, its thousands apart.
pub(crate) fn number(value: f64) -> String {
    if value < 10.0 {
        return format!("{value:.2}");
    }
    if value < 100.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let heading = [("what", Side::Left), ("much", Side::Right), ("why", Side::Left)];
        let rows = [
            vec!["a".to_owned(), "1".to_owned()],
            vec!["longer".to_owned(), "12,345".to_owned(), "é".to_owned()],
        ];
        let expected = "\
what      much  why
------  ------  ---
a            1
longer  12,345  é";
        assert_eq!(render(&heading, &rows), expected);
    }

    #[test]
    fn a_number_is_as_precise_as_it_is_worth() {
        #[track_caller]
        fn check(value: f64, expected: &str) {
            assert_eq!(number(value), expected);
        }
        check(0.0, "0.00");
        check(2.345_67, "2.35");
        check(81.26, "81.3");
        check(181.6, "182");
        check(999.6, "1,000");
        check(10_902.4, "10,902");
        check(1_234_567.0, "1,234,567");
    }
}
