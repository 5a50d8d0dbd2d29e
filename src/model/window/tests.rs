//! Windows as tables: what is open when, the transitions under way, and the hours that clocks leave out or repeat.
//! Never trusts the calculation: a walk from minute to minute must say the same.

use jiff::ToSpan;
use proptest::prelude::*;

use super::*;
use crate::model::schedule::{self, NoSchedule};

/// `allow 0 9 * * * 8h`, with `zone=`, `manual` and `overrun` behind it.
fn window(text: &str) -> Window {
    let mut words = text.split(' ');
    let kind = match words.next() {
        Some("allow") => WindowKind::Allow,
        Some("deny") => WindowKind::Deny,
        other => panic!("{other:?}"),
    };
    let schedule: Vec<&str> = words.by_ref().take(5).collect();
    let duration = words.next().unwrap().parse().unwrap();
    let rest: Vec<&str> = words.collect();
    let zone = rest.iter().find_map(|word| word.strip_prefix("zone=")).unwrap_or("UTC");
    Window {
        kind,
        schedule: schedule.join(" ").parse().unwrap(),
        duration,
        zone: schedule::zone(zone).unwrap(),
        manual: rest.contains(&"manual"),
        overrun: rest.contains(&"overrun"),
    }
}

fn windows(text: &str) -> Vec<Window> {
    text.split("; ").filter(|text| !text.is_empty()).map(window).collect()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn a_deny_window_wins_and_any_allow_window_shuts_the_rest() {
    const NINE_TO_FIVE: &str = "allow 0 9 * * * 8h";
    for (declared, now, hand, want) in [
        ("", "2026-03-02T12:00:00Z", Hand::Automatic, "open"),
        (NINE_TO_FIVE, "2026-03-02T08:59:59Z", Hand::Automatic, "shut until 2026-03-02T09:00:00Z"),
        (NINE_TO_FIVE, "2026-03-02T09:00:00Z", Hand::Automatic, "open until 2026-03-02T17:00:00Z"),
        (NINE_TO_FIVE, "2026-03-02T16:59:59Z", Hand::Automatic, "open until 2026-03-02T17:00:00Z"),
        (NINE_TO_FIVE, "2026-03-02T17:00:00Z", Hand::Automatic, "shut until 2026-03-03T09:00:00Z"),
        ("deny 0 9 * * * 8h", "2026-03-02T12:00:00Z", Hand::Automatic, "shut until 2026-03-02T17:00:00Z"),
        ("deny 0 9 * * * 8h", "2026-03-02T18:00:00Z", Hand::Automatic, "open until 2026-03-03T09:00:00Z"),
        // The one that denies wins, and says until when.
        (
            "allow 0 9 * * * 8h; deny 0 12 * * * 1h",
            "2026-03-02T12:30:00Z",
            Hand::Automatic,
            "shut until 2026-03-02T13:00:00Z",
        ),
        // What is denied until the allowed time is over opens with the next allowed time.
        (
            "allow 0 9 * * * 8h; deny 0 16 * * * 3h",
            "2026-03-02T16:30:00Z",
            Hand::Automatic,
            "shut until 2026-03-03T09:00:00Z",
        ),
        // Two that touch are one.
        (
            "allow 0 9 * * * 8h; allow 0 17 * * * 1h",
            "2026-03-02T12:00:00Z",
            Hand::Automatic,
            "open until 2026-03-02T18:00:00Z",
        ),
        ("allow * * * * * 1h", "2026-03-02T12:00:00Z", Hand::Automatic, "open"),
        ("deny 0 0 * * * 1d", "2026-03-02T12:00:00Z", Hand::Automatic, "shut"),
        // A person may pass where every window in the way says so.
        (
            "deny 0 9 * * * 8h manual",
            "2026-03-02T12:00:00Z",
            Hand::Automatic,
            "shut until 2026-03-02T17:00:00Z",
        ),
        ("deny 0 9 * * * 8h manual", "2026-03-02T12:00:00Z", Hand::Manual, "open"),
        ("deny 0 9 * * * 8h", "2026-03-02T12:00:00Z", Hand::Manual, "shut until 2026-03-02T17:00:00Z"),
        (
            "deny 0 9 * * * 8h manual; deny 0 10 * * * 1h",
            "2026-03-02T10:30:00Z",
            Hand::Manual,
            "shut until 2026-03-02T11:00:00Z",
        ),
        ("allow 0 9 * * * 8h manual", "2026-03-02T18:00:00Z", Hand::Manual, "open"),
        (
            "allow 0 9 * * * 8h manual; allow 0 20 * * * 1h",
            "2026-03-02T18:00:00Z",
            Hand::Manual,
            "shut until 2026-03-02T20:00:00Z",
        ),
    ] {
        let told = match gate(&windows(declared), at(now), hand) {
            Gate::Open { until: None } => "open".to_owned(),
            Gate::Open { until: Some(until) } => format!("open until {until}"),
            Gate::Shut { until: None, .. } => "shut".to_owned(),
            Gate::Shut { until: Some(until), .. } => format!("shut until {until}"),
        };
        assert_eq!(told, want, "{declared} at {now}");
    }
}

#[test]
fn it_says_which_window_is_in_the_way() {
    let now = at("2026-03-02T12:00:00Z");
    for (declared, want) in [
        ("deny 0 9 * * * 8h", "the window `deny 0 9 * * * for 8h UTC` is open"),
        (
            "allow 30 22 * * 1-5 90m zone=Europe/Berlin",
            "the window `allow 30 22 * * 1-5 for 1h30m Europe/Berlin` is shut",
        ),
        ("allow 0 0 1 * * 2d; allow 0 20 * * * 1h", "all 2 windows that allow it are shut"),
    ] {
        match gate(&windows(declared), now.checked_add(24.hours()).unwrap(), Hand::Automatic) {
            Gate::Shut { why, .. } => assert_eq!(why, want),
            Gate::Open { .. } => panic!("{declared}"),
        }
    }
}

#[test]
fn an_apply_under_way_goes_on_where_every_window_in_its_way_lets_it_overrun() {
    // The nine transitions that are documented for the windows that these are like.
    for (declared, goes_on) in [
        ("deny 0 12 * * * 2h overrun", true),
        ("deny 0 12 * * * 2h", false),
        ("allow 0 9 * * * 3h overrun; deny 0 12 * * * 2h overrun", true),
        ("allow 0 9 * * * 3h overrun; deny 0 12 * * * 2h", false),
        ("allow 0 9 * * * 3h; deny 0 12 * * * 2h overrun", true),
        ("allow 0 9 * * * 3h; deny 0 12 * * * 2h", false),
        ("allow 0 9 * * * 3h overrun", true),
        ("allow 0 9 * * * 3h overrun; allow 0 10 * * * 2h overrun", true),
        ("allow 0 9 * * * 3h overrun; allow 0 10 * * * 2h", false),
        // Two deny windows, of which one lets nothing overrun.
        ("deny 0 12 * * * 2h overrun; deny 30 11 * * * 2h", false),
    ] {
        let windows = windows(declared);
        let (started, now) = (at("2026-03-02T11:00:00Z"), at("2026-03-02T12:30:00Z"));
        assert!(gate(&windows, started, Hand::Automatic).is_open(), "{declared}");
        assert!(!gate(&windows, now, Hand::Automatic).is_open(), "{declared}");
        assert_eq!(stops(&windows, started, now, Hand::Automatic).is_none(), goes_on, "{declared}");
    }
    // What may not have begun may not go on either.
    let windows = windows("deny 0 12 * * * 2h overrun");
    let within = at("2026-03-02T12:30:00Z");
    assert!(stops(&windows, within, within, Hand::Automatic).is_some());
}

#[test]
fn a_window_in_an_hour_that_is_left_out_comes_when_it_is_over_and_one_that_is_repeated_comes_twice() {
    // Berlin: 02:00 to 03:00 is left out on 2026-03-29 at 01:00Z, and repeated on 2026-10-25 from 00:00Z to 02:00Z.
    for (declared, open) in [
        (
            "allow 30 2 * * * 1h zone=Europe/Berlin",
            [("2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z")].as_slice(),
        ),
        ("allow 0 2 * * * 30m zone=Europe/Berlin", &[("2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z")]),
        (
            "allow 0 2 * * * 30m zone=Europe/Berlin",
            &[
                ("2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z"),
                ("2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z"),
            ],
        ),
        // It lasts as long as ever, whatever the clock on the wall does meanwhile.
        ("allow 0 1 * * * 3h zone=Europe/Berlin", &[("2026-03-29T00:00:00Z", "2026-03-29T03:00:00Z")]),
        ("allow 0 1 * * * 3h zone=Europe/Berlin", &[("2026-10-24T23:00:00Z", "2026-10-25T02:00:00Z")]),
        // Half an hour is left out on Lord Howe Island, and a whole day was in Samoa.
        ("allow 15 2 * * * 1h zone=Australia/Lord_Howe", &[("2026-10-03T15:30:00Z", "2026-10-03T16:30:00Z")]),
        ("allow 0 12 30 12 * 1h zone=Pacific/Apia", &[("2011-12-30T10:00:00Z", "2011-12-30T11:00:00Z")]),
    ] {
        let window = [window(declared)];
        for (from, to) in open {
            let minute = SignedDuration::from_mins(1);
            let is_open = |at: Timestamp| gate(&window, at, Hand::Automatic).is_open();
            assert!(!is_open(at(from).checked_sub(minute).unwrap()), "{declared} opens before {from}");
            assert!(is_open(at(from)), "{declared} is shut at {from}");
            assert!(is_open(at(to).checked_sub(minute).unwrap()), "{declared} is shut before {to}");
            assert!(!is_open(at(to)), "{declared} is open at {to}");
        }
    }
}

#[test]
fn what_is_no_schedule_is_told_with_the_reason() {
    let refused = |text: &str| text.parse::<Schedule>().unwrap_err();
    assert_eq!(refused("0 22 * *"), NoSchedule::Fields(4));
    assert_eq!(refused("0 22 * * * *"), NoSchedule::Fields(6));
    assert_eq!(refused(""), NoSchedule::Fields(0));
    assert_eq!(refused("0 0 30 2 *"), NoSchedule::Never);
    assert_eq!(refused("@noon"), NoSchedule::Shortcut("@noon".to_owned()));
    for wrong in
        ["60", "-1", "a", "1-", "5-1", "*/0", "1/", "1,", "+1", "1.5", "1-2-3", "99999", "*/99999", "**"]
    {
        let text = refused(&format!("{wrong} * * * *")).to_string();
        assert!(text.starts_with(&format!("`{wrong}` is no minute")), "{text}");
    }
    for right in ["@daily", "0 0 29 2 *", "*/15 8-18/2 1,15 JAN-mar Mon-Fri", "5/20 * * * 7", "0 0 30 2 1"] {
        assert!(right.parse::<Schedule>().is_ok(), "{right}");
    }
}

#[test]
fn a_schedule_matches_as_cron_has_it() {
    let matches =
        |schedule: &str, at: &str| schedule.parse::<Schedule>().unwrap().matches(at.parse().unwrap());
    // 2026-03-02 is a Monday.
    assert!(matches("0 22 * * 1-5", "2026-03-02T22:00"));
    assert!(!matches("0 22 * * 1-5", "2026-03-01T22:00"));
    assert!(matches("0 22 * * 7", "2026-03-01T22:00") && matches("0 22 * * 0", "2026-03-01T22:00"));
    assert!(matches("5/20 * * * *", "2026-03-01T22:45") && !matches("5/20 * * * *", "2026-03-01T22:00"));
    // Where both days are given, one of them is enough.
    assert!(matches("0 0 1 * 1", "2026-03-02T00:00") && matches("0 0 1 * 1", "2026-03-01T00:00"));
    assert!(!matches("0 0 */1 * 2", "2026-03-02T00:00"));
}

#[test]
fn how_long_a_window_lasts() {
    for (text, want) in
        [("8h", "8h"), ("90m", "1h30m"), ("1d12h30m", "1d12h30m"), ("48h", "2d"), ("366d", "366d")]
    {
        assert_eq!(text.parse::<Lasts>().map(|lasts| lasts.to_string()), Ok(want.to_owned()));
    }
    for wrong in ["", "8", "h", "8x", "m8", "1m1h", "1h1h", "-1h", "1.5h", "8 h", "1234567890m"] {
        assert_eq!(wrong.parse::<Lasts>(), Err(NoLasts::Form), "{wrong}");
    }
    for wrong in ["0m", "0h0m", "367d", "999999999d"] {
        assert_eq!(wrong.parse::<Lasts>(), Err(NoLasts::Range), "{wrong}");
    }
}

const ZONES: [&str; 6] =
    ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"];

/// Tells whether a schedule comes round in this minute, without any calculation: the clock on the wall shows it, or
/// showed something later than it would have a minute ago.
fn comes_at(schedule: &Schedule, zone: &TimeZone, minute: Timestamp) -> bool {
    let now = minute.to_zoned(zone.clone()).datetime();
    let before = minute.checked_sub(SignedDuration::from_mins(1)).unwrap().to_zoned(zone.clone()).datetime();
    let mut shown = before.checked_add(1.minute()).unwrap();
    let mut is_skipped = false;
    while shown < now {
        is_skipped |= schedule.matches(shown);
        shown = shown.checked_add(1.minute()).unwrap();
    }
    is_skipped || schedule.matches(now)
}

fn field(first: u32, last: u32) -> impl Strategy<Value = String> {
    let number = first..=last;
    prop_oneof![
        3 => Just("*".to_owned()),
        2 => number.clone().prop_map(|n| n.to_string()),
        1 => (number.clone(), number.clone()).prop_map(|(a, b)| format!("{}-{}", a.min(b), a.max(b))),
        1 => (1_u32..=30).prop_map(|step| format!("*/{step}")),
        1 => (number.clone(), number).prop_map(|(a, b)| format!("{a},{b}")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) })]

    #[test]
    fn the_calculation_says_what_a_walk_from_minute_to_minute_says(
        fields in (field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 7)),
        zone in 0..ZONES.len(),
        // Days at which clocks change, and any other.
        day in prop_oneof![Just(1_774_742_400_i64), Just(1_792_886_400), Just(1_772_928_000), Just(1_325_203_200),
            Just(1_790_985_600), 1_262_304_000_i64..2_145_916_800],
        minutes in 0_i64..3_000,
        length in 1_i64..2_000,
    ) {
        let (minute, hour, dom, month, dow) = fields;
        let text = format!("{minute} {hour} {dom} {month} {dow}");
        let zone = schedule::zone(ZONES[zone]).unwrap();
        let Ok(schedule) = text.parse::<Schedule>() else { return Ok(()) };
        let now = Timestamp::from_second((day / 60 + minutes) * 60).unwrap();
        let step = |n: i64| now.checked_add(SignedDuration::from_mins(n)).unwrap();
        let walked_back = (0..=length).map(|n| step(-n)).find(|at| comes_at(&schedule, &zone, *at));
        prop_assert_eq!(schedule.last_at(&zone, now, step(-length)), walked_back, "{} back", &text);
        let walked = (1..=length).map(step).find(|at| comes_at(&schedule, &zone, *at));
        let next = schedule.next_after(&zone, now).filter(|next| *next <= step(length));
        prop_assert_eq!(next, walked, "{} on", &text);
    }

    #[test]
    fn no_text_is_too_strange(text in ".{0,40}", fields in "[-0-9*/,a-z@ ]{0,30}") {
        for text in [&text, &fields] {
            let _ = text.parse::<Lasts>();
            let _ = schedule::zone(text);
            let _ = schedule::nearest_zone(text);
            if let Ok(schedule) = text.parse::<Schedule>() {
                let now = Timestamp::from_second(1_774_742_400).unwrap();
                let _ = schedule.next_after(&TimeZone::UTC, now);
            }
        }
    }
}
