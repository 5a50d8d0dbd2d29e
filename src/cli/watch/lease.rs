//! Leases: asked for, renewed and given back, each beside the loop.
//! Never takes one that somebody else has.

use super::desk::{Desk, Message, Touched};
use crate::cli::exit::{Code, Failure};
use crate::journal::lease::{Lease, Leased};
use crate::report::standing::{Health, Standing, Watcher};
use crate::target::{Mode, TargetError};
use crate::watch::Event;
use crate::wire::watch::Word;

/// Asks for the lease of an environment, or renews it where it is ours.
pub fn ask(desk: &Desk, name: &str) -> Message {
    let unleased = || Event::Unleased(name.to_owned());
    match leased(desk, name) {
        Ok(Leased::Ours(lease)) => {
            let message = Message::of(Event::Leased(name.to_owned()));
            let is_news = was_standby(desk, name);
            desk.keep_lease(name, Some(lease));
            match is_news {
                true => {
                    message.telling(super::told(Word::Leading, name, "this watcher works on it from here on"))
                }
                false => message,
            }
        }
        Ok(Leased::Theirs(lease)) => {
            desk.keep_lease(name, None);
            theirs(desk, name, &lease)
        }
        Ok(Leased::Nowhere) => {
            desk.keep_lease(name, None);
            Message::of(Event::Nowhere(name.to_owned()))
        }
        Err(failure) => {
            let busy = failure.code == Code::Locked;
            let why = failure.message.clone().unwrap_or_default();
            let message = Message::of(unleased()).with(failure.code);
            // While somebody applies, nobody can write a lease; it is tried again.
            match busy {
                true => message,
                false => failed(desk, name, message, &why),
            }
        }
    }
}

fn leased(desk: &Desk, name: &str) -> Result<Leased, Failure> {
    let Some(known) = desk.environment(name) else {
        return Err(Failure::error("it is not declared any more"));
    };
    let mut target = desk.context.watched_target(&known.environment, Mode::Write)?;
    let life = desk.order.lease;
    // Somebody may have applied to it, suspended or resumed it.
    let touched = Touched { entry: target.newest_entry()?, suspended: target.suspension()? };
    if desk.notice(name, touched) {
        desk.send(Message::of(Event::Woken(name.to_owned())));
    }
    if let Some(lease) = desk.lease(name)
        && let Some(renewed) = target.renew_lease(&lease, life)?
    {
        return Ok(Leased::Ours(renewed));
    }
    Ok(target.take_lease(&desk.holder, life)?)
}

fn was_standby(desk: &Desk, name: &str) -> bool {
    let standing = |standings: std::sync::MutexGuard<'_, std::collections::BTreeMap<String, Standing>>| {
        standings.get(name).is_some_and(|standing| standing.health == Health::Standby)
    };
    desk.standings.lock().is_ok_and(standing)
}

fn theirs(desk: &Desk, name: &str, lease: &Lease) -> Message {
    let said = format!("{} watches it; this watcher stands by", lease.holder);
    let before = desk.standings.lock().ok().and_then(|all| all.get(name).cloned());
    let standing = Standing {
        health: Health::Standby,
        watcher: Some(Watcher { holder: lease.holder.clone(), until: lease.until.clone() }),
        message: None,
        ..before.unwrap_or_else(|| Standing::unknown(name, ""))
    };
    let told = super::told(Word::Standby, name, said);
    Message { standing: Some(standing), ..Message::of(Event::Theirs(name.to_owned())) }
        .telling(told)
        .with(Code::Locked)
}

fn failed(desk: &Desk, name: &str, message: Message, why: &str) -> Message {
    let before = desk.standings.lock().ok().and_then(|all| all.get(name).cloned());
    let standing = Standing {
        health: Health::Failed { retry_at: None },
        message: Some(why.to_owned()),
        ..before.unwrap_or_else(|| Standing::unknown(name, ""))
    };
    Message { standing: Some(standing), ..message }.telling(super::told(Word::Failed, name, why))
}

/// Gives the lease of an environment back, so that others need not wait until it runs out.
pub fn give_back(desk: &Desk, name: &str) -> Message {
    let message = Message::of(Event::Dropped(name.to_owned()));
    let (Some(lease), Some(known)) = (desk.lease(name), desk.environment(name)) else { return message };
    desk.keep_lease(name, None);
    let given = desk
        .context
        .watched_target(&known.environment, Mode::Write)
        .and_then(|mut target| Ok::<(), TargetError>(target.drop_lease(&lease)?).map_err(Failure::from));
    match given {
        Ok(()) => message,
        Err(failure) => {
            let why = failure.message.unwrap_or_default();
            let said = format!("its lease could not be given back, and runs out by itself: {why}");
            message.telling(super::told(Word::Warning, name, said))
        }
    }
}
