//! What a student reads: every message in Korean and in English.

use serde::{Deserialize, Serialize};

/// A language of messages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Language {
    /// Korean.
    Ko,
    /// English.
    En,
}

/// The same said in both languages.
#[derive(Clone, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct Message {
    /// In Korean.
    pub ko: String,
    /// In English.
    pub en: String,
}

impl Message {
    /// A message of these two texts.
    pub fn new(ko: impl Into<String>, en: impl Into<String>) -> Self {
        Self { ko: ko.into(), en: en.into() }
    }

    /// The text in one language.
    pub fn text(&self, language: Language) -> &str {
        match language {
            Language::Ko => &self.ko,
            Language::En => &self.en,
        }
    }
}
