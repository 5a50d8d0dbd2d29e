//! What is talked about on a terminal before an export and an import. Whom it talks to comes in, so that it can be
//! held against a script of answers.
//! Never opens a terminal, and never takes silence for a yes.

pub mod choose;
pub mod decide;

use super::exit::Failure;

/// Somebody who reads and answers.
pub trait Prompt {
    fn show(&mut self, text: &str);

    /// Asks for a line. None where nobody answers any more.
    fn ask(&mut self, question: &str) -> Result<Option<String>, Failure>;
}

/// What an answer means in every dialogue.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    GoOn,
    Quit,
    Words(String),
}

fn answer(prompt: &mut dyn Prompt, question: &str) -> Result<Answer, Failure> {
    let Some(line) = prompt.ask(question)? else { return Ok(Answer::Quit) };
    Ok(match line.trim() {
        "" => Answer::GoOn,
        "q" | "quit" => Answer::Quit,
        words => Answer::Words(words.to_owned()),
    })
}

#[cfg(test)]
pub mod script {
    //! A person who gives one prepared answer after the other, and remembers what was shown.

    use super::*;

    pub struct Script {
        answers: std::vec::IntoIter<String>,
        /// Everything that was shown since the last answer, by answer.
        pub pages: Vec<String>,
    }

    impl Script {
        pub fn new(answers: &[&str]) -> Script {
            let answers: Vec<String> = answers.iter().map(|answer| (*answer).to_owned()).collect();
            Script { answers: answers.into_iter(), pages: vec![String::new()] }
        }
    }

    impl Prompt for Script {
        fn show(&mut self, text: &str) {
            self.pages.last_mut().unwrap().push_str(text);
        }

        fn ask(&mut self, question: &str) -> Result<Option<String>, Failure> {
            self.show(question);
            self.pages.push(String::new());
            Ok(self.answers.next())
        }
    }
}
