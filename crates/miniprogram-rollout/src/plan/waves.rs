//! Which app belongs to which wave.

use std::collections::BTreeMap;

use miniprogram_core::Vendor;

use super::file::Selection;
use super::problem::{Log, Place};
use super::rows::Row;
use super::values::{Amount, Share};

/// A wave to be filled.
#[derive(Debug)]
pub(super) struct Request<'a> {
    pub(super) name: &'a str,
    pub(super) place: Place,
    pub(super) apps: Option<(&'a Selection, Place)>,
}

/// Returns the wave of each row. Problems are reported; rows without a wave stay none.
///
/// If rows are missing, only those that are there are checked: numbers of apps would be wrong.
pub(super) fn assign(
    waves: &[Request<'_>],
    rows: &[Row],
    complete: bool,
    log: &mut Log,
) -> Vec<Option<usize>> {
    let mut assigned = named(waves, rows, log);
    if !complete {
        return assigned;
    }
    listed(waves, rows, &mut assigned, log);
    let order = interleaved(rows);
    let mut sizes = vec![0; waves.len()];
    for wave in assigned.iter().flatten() {
        sizes[*wave] += 1;
    }
    let mut unassigned =
        order.into_iter().filter(|row| assigned[*row].is_none()).collect::<Vec<_>>().into_iter();
    let mut shares = 0_u32;
    for (wave, request) in waves.iter().enumerate() {
        let left = unassigned.len();
        let wanted = match &request.apps {
            None | Some((Selection::List(_), _)) => 0,
            Some((Selection::Rest, _)) => left,
            Some((Selection::Amount(Amount::Share(share)), place)) => {
                shares += u32::from(share.as_basis_points());
                if shares > u32::from(Share::ALL.as_basis_points()) {
                    let what = "the shares of the waves add up to more than 100%";
                    log.add(place, what, r#"lower a share, or write "rest" in the last wave"#);
                }
                share.of(rows.len()).saturating_sub(sizes[wave]).min(left)
            }
            Some((Selection::Amount(amount @ Amount::Count(count)), place)) => {
                let wanted = amount.of(rows.len()).saturating_sub(sizes[wave]);
                if wanted > left {
                    let what =
                        format!("covers too many apps: {count}, and only {} are left", left + sizes[wave]);
                    log.add(place, what, r#"lower the number, or write "rest""#);
                }
                wanted.min(left)
            }
        };
        for row in unassigned.by_ref().take(wanted) {
            assigned[row] = Some(wave);
            sizes[wave] += 1;
        }
        let listed = matches!(request.apps, Some((Selection::List(_), _)));
        if sizes[wave] == 0 && !listed && !rows.is_empty() {
            let place = request.apps.as_ref().map_or(&request.place, |(_, place)| place);
            let advice = "remove the wave, or leave apps for it in the waves before";
            log.add(place, format!("the wave {:?} covers no app", request.name), advice);
        }
    }
    if let (Some(last), left @ 1..) = (waves.last(), unassigned.len()) {
        let what = format!("the waves cover too few apps: {left} of {} are in none", rows.len());
        log.add(&last.place, what, r#"write apps = "rest" in the last wave"#);
    }
    assigned
}

/// The waves that the column `wave` names.
fn named(waves: &[Request<'_>], rows: &[Row], log: &mut Log) -> Vec<Option<usize>> {
    let names = waves.iter().map(|wave| wave.name);
    let mut assigned = Vec::with_capacity(rows.len());
    for row in rows {
        let wave = row.wave.as_deref();
        let found = wave.and_then(|name| names.clone().position(|known| known == name));
        if let (Some(name), None) = (wave, found) {
            let advice = super::problem::instead(name, names.clone());
            log.add(&row.place.of("wave"), format!("there is no wave {name:?}"), advice);
        }
        assigned.push(found);
    }
    assigned
}

/// The waves that list apps.
fn listed(waves: &[Request<'_>], rows: &[Row], assigned: &mut [Option<usize>], log: &mut Log) {
    let mut by_id: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, row) in rows.iter().enumerate() {
        by_id.entry(row.app_id.as_str()).or_default().push(index);
    }
    for (wave, request) in waves.iter().enumerate() {
        let Some((Selection::List(apps), _)) = &request.apps else { continue };
        for app in apps {
            let ids = by_id.get(app.value.app_id.as_str()).map(Vec::as_slice).unwrap_or_default();
            let meant = ids.iter().copied();
            let meant: Vec<_> =
                meant.filter(|row| app.value.means(rows[*row].vendor, &rows[*row].app_id)).collect();
            match meant[..] {
                [] => {
                    let what = format!("{} is not among the merchants", app.value);
                    log.add(&app.place, what, "remove it here, or add it to the merchants");
                }
                [row] => match assigned[row] {
                    Some(other) => {
                        let what = format!("{} is in the wave {:?} already", app.value, waves[other].name);
                        log.add(&app.place, what, "name each app in one wave, here or in the column `wave`");
                    }
                    None => assigned[row] = Some(wave),
                },
                [first, ..] => {
                    let what = format!("{} is an app of several vendors", app.value);
                    let advice = format!("write \"{}/{}\"", rows[first].vendor, app.value.app_id);
                    log.add(&app.place, what, advice);
                }
            }
        }
    }
}

/// The rows in an order of which every beginning has apps of each vendor in proportion. The apps of one vendor keep
/// their order.
fn interleaved(rows: &[Row]) -> Vec<usize> {
    let mut counts: BTreeMap<Vendor, usize> = BTreeMap::new();
    let positions: Vec<usize> = rows
        .iter()
        .map(|row| {
            let count = counts.entry(row.vendor).or_default();
            *count += 1;
            *count - 1
        })
        .collect();
    let mut order: Vec<usize> = (0..rows.len()).collect();
    // The middle of each app's place among those of its vendor, from 0 to 1, compared without fractions.
    let place = |row: usize| (2 * positions[row] + 1, counts[&rows[row].vendor]);
    order.sort_by(|a, b| {
        let ((at_a, of_a), (at_b, of_b)) = (place(*a), place(*b));
        (at_a * of_b).cmp(&(at_b * of_a)).then(a.cmp(b))
    });
    order
}
