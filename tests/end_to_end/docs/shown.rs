//! Whether an output is the one that a page shows.

/// Whether `output` is what is `shown`. There, `…` is any text within a line, and alone on a line any number of lines.
/// Blanks at the ends of lines do not count.
pub(super) fn is_shown(shown: &[&str], output: &[&str]) -> bool {
    match shown {
        [] => output.is_empty(),
        [line, rest @ ..] if line.trim() == "…" => {
            (0..=output.len()).any(|skipped| is_shown(rest, &output[skipped..]))
        }
        [line, rest @ ..] => output.split_first().is_some_and(|(found, output)| {
            is_line(line.trim_end(), found.trim_end()) && is_shown(rest, output)
        }),
    }
}

fn is_line(shown: &str, found: &str) -> bool {
    let Some((head, rest)) = shown.split_once('…') else {
        return shown == found;
    };
    found.strip_prefix(head).is_some_and(|found| {
        let mut tails = (0..=found.len()).filter_map(|at| found.get(at..));
        tails.any(|tail| is_line(rest, tail))
    })
}

#[test]
fn what_is_left_out_is_any_text() {
    for (shown, output, expected) in [
        (&["a 1"][..], &["a 1 "][..], true),
        (&["a 1"], &["a 2"], false),
        (&["a …"], &["a 2"], true),
        (&["a … c…"], &["a b cd"], true),
        (&["a … c"], &["a b cd"], false),
        (&["a", "…", "d"], &["a", "b", "c", "d"], true),
        (&["a", "…", "d"], &["a", "d"], true),
        (&["a", "…"], &["b", "d"], false),
        (&["a"], &["a", "b"], false),
        (&["a", "b"], &["a"], false),
    ] {
        assert_eq!(is_shown(shown, output), expected, "{shown:?} {output:?}");
    }
}
