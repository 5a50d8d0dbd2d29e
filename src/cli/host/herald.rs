//! Tells the world how environments stand, in a thread of its own: notices, and the status of commits.
//! Never keeps the one who watches waiting, and tells only of environments that he leads.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::caller::Token;
use super::courier::Post;
use super::http::Http;
use super::repository::hosted;
use super::status::{Status, Statuses};
use crate::cli::context::{instant, outside, variable};
use crate::cli::exit::Failure;
use crate::manifest::Config;
use crate::model::environment::TargetConfig;
use crate::model::notify::{Channel, Sink};
use crate::model::setting::{Setting, Unfilled};
use crate::ops::announce::{Posted, ToldFate, deliver, gather};
use crate::provider;
use crate::provider::open::Mode;
use crate::report::standing::Standing;
use crate::target::{Target, TargetError};

/// The longest time in which nobody looks at what is due.
const TICK: Duration = Duration::from_secs(30);

/// For how long the same complaint is not made again.
const SAID: Duration = Duration::from_secs(3_600);

/// What the one who watches lets be told.
#[derive(Clone, Debug, Default)]
pub struct Outspoken {
    /// Whether `command` sinks run.
    pub commands: bool,
    /// The variable that holds the host's token; none: the usual one of the host.
    pub token_variable: Option<String>,
    /// The address of `origin`, as a revision has it.
    pub address: Option<String>,
}

/// Tells the world. Nothing is told any more when it is dropped; `finish` tells what is due before.
pub struct Herald {
    messages: Option<Sender<Message>>,
    remarks: Receiver<Remark>,
    thread: Option<JoinHandle<()>>,
}

/// What is to be shown of what was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    pub environment: String,
    pub text: String,
    pub is_warning: bool,
}

struct Message {
    standing: Standing,
    config: TargetConfig,
    leads: bool,
}

impl Herald {
    /// Begins, where there is anybody to tell.
    pub fn start(root: &Path, config: &Config, outspoken: &Outspoken) -> Result<Option<Herald>, Failure> {
        let sinks: Vec<Sink> = config.notify.iter().map(filled).collect::<Result<_, _>>()?;
        let statuses = statuses(config, outspoken)?;
        if sinks.is_empty() && statuses.is_none() {
            return Ok(None);
        }
        let (messages, inbox) = channel();
        let (remarking, remarks) = channel();
        let post = Post { http: Http::default(), sinks, commands_allowed: outspoken.commands };
        let worker =
            Worker { root: root.to_owned(), post, statuses, known: BTreeMap::new(), remarks: remarking };
        let thread = std::thread::spawn(move || worker.run(&inbox));
        Ok(Some(Herald { messages: Some(messages), remarks, thread: Some(thread) }))
    }

    /// Says how an environment stands. `config` is what its target is opened with; `leads`: nobody else watches it.
    pub fn tell(&self, standing: &Standing, config: &TargetConfig, leads: bool) {
        if let Some(messages) = &self.messages {
            let message = Message { standing: standing.clone(), config: config.clone(), leads };
            // A thread that is gone tells nothing more; there is nobody to say that to.
            let _ = messages.send(message);
        }
    }

    /// What is to be shown since the last time.
    pub fn remarks(&self) -> Vec<Remark> {
        self.remarks.try_iter().collect()
    }

    /// Tells what is due, as far as that takes no longer than `patience`, and ends. What is left is in the outbox.
    /// Returns what is to be shown.
    pub fn finish(mut self, patience: Duration) -> Vec<Remark> {
        self.messages.take();
        let until = Instant::now() + patience;
        while self.thread.as_ref().is_some_and(|thread| !thread.is_finished()) && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(10));
        }
        self.remarks.try_iter().collect()
    }
}

/// Fills in the variables that a sink names.
fn filled(sink: &Sink) -> Result<Sink, Failure> {
    let missing = |unfilled: Unfilled| {
        let Unfilled { name, why, place } = unfilled;
        let place = place.map(|(file, line)| format!("{file}:{line} names it; ")).unwrap_or_default();
        Failure::error(format!("`notify` {} needs the variable `{name}`, which {why}", sink.name))
            .help(format!("{place}set it where `reconcile` runs: export {name}=…"))
    };
    let fill = |setting: &Setting| setting.filled(&variable).map_err(missing);
    let channel = match &sink.channel {
        Channel::Webhook { url, headers, secret } => Channel::Webhook {
            url: fill(url)?,
            headers: headers
                .iter()
                .map(|(name, value)| Ok((name.clone(), fill(value)?)))
                .collect::<Result<_, Failure>>()?,
            secret: secret.as_ref().map(fill).transpose()?,
        },
        Channel::Slack { url } => Channel::Slack { url: fill(url)? },
        Channel::Command(words) => Channel::Command(words.clone()),
    };
    Ok(Sink { channel, ..sink.clone() })
}

/// The statuses of commits, where there is a token for the host.
fn statuses(config: &Config, outspoken: &Outspoken) -> Result<Option<Statuses>, Failure> {
    let found = hosted(outspoken.address.as_deref(), &config.host);
    let token = match (&outspoken.token_variable, &found) {
        (Some(name), _) => {
            let token = variable(name);
            let why = |why| Failure::error(format!("the variable `{name}` for the host's token {why}"));
            token.map_err(why)?
        }
        // Nobody asked for it.
        (None, Err(_)) => return Ok(None),
        (None, Ok(hosted)) => match hosted.token_variables().iter().find_map(|name| variable(name).ok()) {
            Some(token) => token,
            None => return Ok(None),
        },
    };
    match found {
        Ok(hosted) => Ok(Some(Statuses::new(Http::default(), hosted, Token::new(&token)))),
        Err(why) => Err(Failure::error(format!("no status of commits can be shown: {why}")).help(SAY_WHERE)),
    }
}

/// What to do where a host is not known.
pub const SAY_WHERE: &str =
    "say in `reconcile.yaml`: host: { kind: github, api: URL, repository: owner/name }";

/// What is known of one environment.
struct Known {
    message: Message,
    posted: Posted,
    /// When something in its outbox is due; none where nothing is.
    due: Option<String>,
    /// Whether its news are not in the outbox yet, because that could not be written.
    is_open: bool,
    /// What was complained of, and when.
    warned: BTreeMap<String, Instant>,
}

struct Worker {
    root: PathBuf,
    post: Post,
    statuses: Option<Statuses>,
    known: BTreeMap<String, Known>,
    remarks: Sender<Remark>,
}

impl Worker {
    fn run(mut self, inbox: &Receiver<Message>) {
        loop {
            let (mut is_over, mut heard) = (false, Vec::new());
            match inbox.recv_timeout(TICK) {
                Ok(message) => heard.push(message),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => is_over = true,
            }
            heard.extend(inbox.try_iter());
            for message in heard {
                self.hear(message);
            }
            let names: Vec<String> = self.known.keys().cloned().collect();
            for name in names {
                self.turn(&name);
            }
            if is_over {
                return;
            }
        }
    }

    fn hear(&mut self, message: Message) {
        let name = message.standing.environment.clone();
        match self.known.get_mut(&name) {
            Some(known) => {
                known.message = message;
                known.is_open = true;
            }
            None => {
                // What somebody before us left in the outbox is due as well.
                let due = Some(String::new());
                let posted = Posted::default();
                self.known
                    .insert(name, Known { message, posted, due, is_open: true, warned: BTreeMap::new() });
            }
        }
    }

    fn turn(&mut self, name: &str) {
        let Some(known) = self.known.get_mut(name) else { return };
        if !known.message.leads {
            return;
        }
        let now = instant();
        let mut said = Vec::new();
        known.warned.retain(|_, said| said.elapsed() < SAID);
        if let Some(statuses) = &mut self.statuses
            && let Some(status) = Status::of(&known.message.standing)
            && let Err(message) = statuses.show(&status, now)
        {
            said.push((message, true));
        }
        let is_due = known.due.as_ref().is_some_and(|due| *due <= written(now));
        if !self.post.sinks.is_empty() && (known.is_open || is_due) {
            match announce(&self.root, known, &mut self.post) {
                Ok(told) => said.extend(told),
                // The next turn tries again.
                Err(error) => said.push((format!("nothing can be told: {error}"), true)),
            }
        }
        for (text, is_warning) in said {
            // What is as wrong as before has been said.
            if is_warning && known.warned.contains_key(&text) {
                continue;
            }
            if is_warning {
                known.warned.insert(text.clone(), Instant::now());
            }
            let remark = Remark { environment: name.to_owned(), text, is_warning };
            // Whoever does not listen any more does not want to know.
            let _ = self.remarks.send(remark);
        }
    }
}

fn announce(root: &Path, known: &mut Known, post: &mut Post) -> Result<Vec<(String, bool)>, TargetError> {
    let mut target = provider::open::open(&known.message.config, outside(root), Mode::Write)?;
    let target: &mut dyn Target = target.as_mut();
    let sinks = post.sinks.clone();
    if known.is_open {
        gather(&known.message.standing, target, &sinks, instant(), &mut known.posted)?;
        known.is_open = false;
    }
    let told = deliver(target, &sinks, post, &instant)?;
    known.due = target.outbox()?.open.into_iter().map(|delivery| delivery.next).min();
    Ok(told
        .into_iter()
        .map(|told| match told.fate {
            ToldFate::Sent => (format!("{}: {}", told.sink, told.text), false),
            ToldFate::Later { message, next } => {
                (format!("{} was not told, and is tried again at {next}: {message}", told.sink), true)
            }
            ToldFate::GivenUp { message } => {
                (format!("{} is not told any more: {message}: {}", told.sink, told.text), true)
            }
        })
        .collect())
}

fn written(instant: jiff::Timestamp) -> String {
    instant.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
