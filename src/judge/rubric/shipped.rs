//! The rubrics that come with the program.

/// Their names and texts.
pub const SHIPPED: [(&str, &str); 2] =
    [("udp-echo", include_str!("shipped/udp-echo.toml")), ("tcp-echo", include_str!("shipped/tcp-echo.toml"))];

/// The text of the rubric of this name.
pub fn shipped(name: &str) -> Option<&'static str> {
    SHIPPED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}
