//! A student's number, and what spreadsheets do to it: zeros at the begin are lost, eight digits become `2.02E+07`.

/// An id as it must have been.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct StudentId {
    pub(super) id: String,
    /// It was written otherwise.
    pub(super) mended: bool,
}

/// Reads an id of so many digits, if that is known.
///
/// # Errors
/// What was expected.
pub(super) fn read(written: &str, digits: Option<usize>) -> Result<StudentId, String> {
    let bare = unmarked(written);
    if bare.is_empty() {
        return Err("expected an id".to_owned());
    }
    if let Some(reason) = lost(bare) {
        return Err(format!("{bare} is {reason}: expected an id; format the column as text and export it again"));
    }
    let bare = bare.strip_suffix(".0").filter(|whole| is_numeric(whole)).unwrap_or(bare);
    if bare.chars().any(|character| character.is_control() || character.is_whitespace()) {
        return Err(format!("{} is no id: expected letters and digits without spaces", bare.escape_debug()));
    }
    let missing = digits.filter(|_| is_numeric(bare)).map_or(0, |digits| digits.saturating_sub(bare.len()));
    let id = format!("{}{bare}", "0".repeat(missing));
    Ok(StudentId { mended: missing > 0, id })
}

/// Excel's ways to say that a number is a text: `'0123` and `="0123"`.
fn unmarked(written: &str) -> &str {
    let formula = written.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"'));
    formula.or_else(|| written.strip_prefix('\'')).unwrap_or(written).trim()
}

/// The digits are gone for good.
fn lost(id: &str) -> Option<&'static str> {
    let scientific = || {
        let (mantissa, exponent) = id.split_once(['E', 'e'])?;
        let is_number = |text: &str| text.bytes().all(|octet| octet.is_ascii_digit() || octet == b'.');
        (exponent.starts_with('+') && is_number(mantissa)).then_some(())
    };
    match scientific() {
        Some(()) => Some("a rounded number"),
        None => (id.bytes().all(|octet| octet == b'#')).then_some("a column too narrow"),
    }
}

fn is_numeric(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|octet| octet.is_ascii_digit())
}
