//! Generated sequences of inputs. [`walk::checked`] proves the rules that hold for each step.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::walk::{finish, walk};
use super::*;

fn rolls() -> impl Strategy<Value = Vec<u16>> {
    prop::collection::vec(any::<u16>(), 0..400)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn every_step_of_a_walk_is_as_it_has_to_be_and_the_ledger_replays_to_the_state(rolls in rolls()) {
        let app = walk(rolls);
        prop_assert_eq!(&replay(&app.entries, &app.target, &app.policy), &app.state);
        let json = serde_json::to_string(&app.entries).unwrap();
        let entries: Vec<Entry> = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(&entries, &app.entries);
        let json = serde_json::to_string(&app.state).unwrap();
        prop_assert_eq!(&serde_json::from_str::<AppState>(&json).unwrap(), &app.state);
    }

    #[test]
    fn there_is_a_way_out_of_every_state(rolls in rolls()) {
        let app = walk(rolls);
        finish(&mut app.clone());
        for way in [Order::Abort, Order::Skip, Order::RollBack] {
            let mut app = app.clone();
            walk::checked(&mut app, order(way));
            finish(&mut app);
        }
    }

    #[test]
    fn a_driver_that_forgets_everything_but_the_state_issues_the_same_action(rolls in rolls()) {
        let app = walk(rolls);
        let stored = serde_json::to_string(&app.state).unwrap();
        let state: AppState = serde_json::from_str(&stored).unwrap();
        prop_assert_eq!(state.action(&app.target, &app.policy), app.action());
    }
}

#[test]
fn the_table_has_every_transition_that_the_machine_makes_and_no_other() {
    let mut runner = TestRunner::deterministic();
    let mut made = BTreeSet::new();
    for _ in 0..15_000 {
        let app = walk(rolls().new_tree(&mut runner).unwrap().current());
        made.extend(app.entries.iter().flat_map(|entry| entry.moves.iter().copied()));
    }
    let table = TRANSITIONS.iter().copied().collect::<BTreeSet<_>>();
    assert_eq!(table.len(), TRANSITIONS.len(), "a row is there twice");
    let show = |rows: Vec<&Move>| {
        rows.into_iter()
            .map(|row| format!("row({:?}, {:?}, {:?}),\n", row.from, row.why, row.to))
            .collect::<String>()
    };
    let (missing, unused) = (made.difference(&table).collect(), table.difference(&made).collect());
    assert_eq!((show(missing), show(unused)), (String::new(), String::new()));

    let under_way = Phase::ALL.iter().filter(|phase| !phase.is_end() && **phase != Phase::Waiting);
    for from in under_way {
        let row = Move { from: *from, why: Why::Revoked, to: Phase::Failed };
        assert!(table.contains(&row), "the diagram draws it once for all: {row:?}");
    }
}

#[test]
fn the_page_of_the_states_is_the_one_that_the_code_makes() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/rollout-states.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, markdown()).unwrap();
    }
    let page = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        page == markdown(),
        "run `UPDATE_DOCS=1 cargo test -p miniprogram-rollout the_page_of_the_states`"
    );
}
