//! The word that shows a form to be ours.

use std::fmt::{self, Write};

/// A random word per start of the program. A page of another site cannot read it, so it cannot send it.
pub struct Token(String);

impl Token {
    /// A new word, of 128 random bits. A system without random numbers fails here, at the start.
    pub fn new() -> Token {
        let mut bytes = [0; 16];
        #[expect(clippy::expect_used, reason = "without random numbers nothing of the program is safe to start")]
        getrandom::fill(&mut bytes).expect("the system gives random numbers");
        let mut word = String::new();
        for byte in bytes {
            let _ = write!(word, "{byte:02x}");
        }
        Token(word)
    }

    /// What forms carry.
    pub fn word(&self) -> &str {
        &self.0
    }

    /// Whether a form carries it. All bytes are compared, so that the time says nothing.
    pub fn fits(&self, word: &str) -> bool {
        word.len() == self.0.len() && word.bytes().zip(self.0.bytes()).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
    }
}

impl Default for Token {
    fn default() -> Self {
        Token::new()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_word_fits() {
        let token = Token::new();
        assert!(token.fits(token.word()) && token.word().len() == 32);
        assert!(!token.fits(Token::new().word()) && !token.fits(""));
        assert!(!format!("{token:?}").contains(token.word()));
    }
}
