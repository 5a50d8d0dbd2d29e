//! What every target must do, as one list that runs on every provider.
//! Never names a provider but in the list at the end.

#[path = "cases"]
mod cases {
    pub mod declared;
    #[allow(dead_code)]
    pub mod folder;
}
#[path = "conformance"]
mod conformance {
    pub mod applies;
    pub mod back;
    pub mod journal;
    pub mod leases;
    pub mod locks;
    pub mod notes;
    pub mod place;
    pub mod program;
    pub mod strangers;
    pub mod worlds;
}
#[path = "laws"]
mod laws {
    #[allow(dead_code)]
    pub mod draw;
    #[allow(dead_code)]
    pub mod world;
}
mod postgres_server;
#[allow(dead_code)]
mod stage;

use conformance::place::Place;

/// Holds one behaviour on a fresh target, where this machine has one.
fn hold(name: &str, behaviour: fn(&mut Place)) {
    let provider = stage::PROVIDERS.iter().find(|provider| provider.name == name).expect("the list names it");
    if let Some(mut place) = Place::fresh(provider) {
        behaviour(&mut place);
    }
}

macro_rules! tests {
    ($provider:ident: $($room:ident::$behaviour:ident,)*) => {
        mod $provider {
            $(#[test]
            fn $behaviour() {
                crate::hold(stringify!($provider), crate::conformance::$room::$behaviour);
            })*
        }
    };
}

/// Every behaviour, one a line.
macro_rules! every_behaviour {
    ($provider:ident) => {
        tests! { $provider:
            applies::what_is_applied_is_read_back_and_plans_nothing,
            applies::an_apply_stopped_at_any_moment_changes_nothing,
            applies::a_step_that_fails_takes_the_others_back,
            applies::a_plan_is_applied_on_its_own_base_alone,
            applies::rows_that_came_since_the_plan_stop_the_apply,
            applies::what_policy_refuses_changes_nothing,
            applies::planning_writes_nothing,
            applies::the_same_plan_comes_of_the_same_target,
            leases::one_watches_at_a_time,
            leases::who_comes_back_from_the_dead_applies_nothing,
            leases::a_lease_is_nothing_that_is_planned,
            locks::one_applies_at_a_time,
            locks::who_reads_waits_for_nobody_and_sees_nothing_half_done,
            locks::a_session_that_is_dropped_leaves_nothing,
            locks::a_lock_is_free_again_after_an_apply,
            journal::the_journal_tells_of_every_apply_newest_first,
            journal::what_was_destroyed_comes_back,
            journal::several_applies_are_taken_back_at_once,
            journal::what_is_purged_is_gone_and_its_number_is_never_given_again,
            notes::a_suspended_target_is_read_and_not_written,
            notes::an_apply_under_way_ends_when_its_target_is_suspended,
            notes::what_is_put_into_the_outbox_twice_is_there_once,
            strangers::what_nobody_declared_is_left_alone,
            strangers::what_moved_by_hand_is_seen_and_brought_back,
            strangers::a_view_that_would_break_stands_in_the_way,
            program::killed_at_any_moment_it_leaves_before_or_after,
            program::of_two_at_once_exactly_one_changes_the_target,
            program::a_saved_plan_is_the_plan_that_is_applied,
            program::what_is_exported_is_imported_elsewhere,
            program::what_is_promoted_is_what_was_applied,
            program::what_exists_is_adopted_and_plans_nothing,
            worlds::any_repository_becomes_any_edit_of_it,
            back::any_applies_are_taken_back,
        }
    };
}

// Every provider, one a line. A target adds its own here.
every_behaviour!(sqlite);
every_behaviour!(postgres);
