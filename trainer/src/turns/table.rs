//! What became of all turns -> tables in Markdown: a limit from one half of the people, rates of the other.

use std::fmt::Write;

use bonafide::session::parallax::LEAST;

use super::{FORMS, HEADS, Person, SHEETS, solid::Form, trial::Trial};

/// Shares of the heads' turns that a limit refuses, of those that yaw alone takes.
const REFUSED: [f64; 4] = [0.02, 0.05, 0.1, 0.15];

/// Both tables. The halves hold different people.
pub(super) fn table(fitted: &[Person], held_out: &[Person]) -> String {
    let mut text = format!(
        "{} people choose a limit; the second table is of {} others, at {LEAST}.\n\n",
        fitted.len(),
        held_out.len()
    );
    text.push_str("| heads' turns refused, of those that yaw takes | limit | sheets' turns answered, of those that yaw takes |\n|---:|---:|---:|\n");
    let parallax = |of: &dyn Fn(Option<Form>) -> bool| {
        let trials = all(fitted, &|form, _| of(form)).into_iter().filter(|trial| trial.by_yaw);
        let mut values: Vec<f64> = trials.map(|trial| trial.parallax.unwrap_or(f64::NEG_INFINITY)).collect();
        values.sort_by(f64::total_cmp);
        values
    };
    let (heads, sheets) = (parallax(&|form| form.is_none()), parallax(&|form| form.is_some()));
    for refused in REFUSED {
        let Some(limit) = heads.get((refused * heads.len() as f64) as usize) else { continue };
        let answered = sheets.iter().filter(|value| *value >= limit).count();
        writeln!(text, "| {:.0} % | {limit:.3} | {answered} of {} |", 100.0 * refused, sheets.len()).expect("a string");
    }
    text.push_str("\n| before the camera | turned to | frames without a face | prompted | answered by yaw alone | answered |\n|---|---:|---:|---:|---:|---:|\n");
    for peak in HEADS {
        text.push_str(&row("head", &format!("{peak}°"), &all(held_out, &|form, at| form.is_none() && at == peak)));
    }
    text.push_str(&row("**heads**", "", &all(held_out, &|form, _| form.is_none())));
    for form in FORMS {
        for peak in SHEETS {
            let trials = all(held_out, &|of, at| of == Some(form) && at == peak);
            text.push_str(&row(&name(form), &format!("{peak}°"), &trials));
        }
    }
    for peak in SHEETS {
        let trials = all(held_out, &|form, at| form.is_some() && at == peak);
        text.push_str(&row("**sheets**", &format!("{peak}°"), &trials));
    }
    text
}

fn all(people: &[Person], keep: &dyn Fn(Option<Form>, f32) -> bool) -> Vec<Trial> {
    let trials = people.iter().flat_map(|person| &person.trials);
    trials.filter(|(form, peak, _)| keep(*form, *peak)).map(|(_, _, trial)| *trial).collect()
}

fn name(form: Form) -> String {
    match form {
        Form::Flat => "flat sheet".into(),
        Form::Bent(radius) => format!("bent sheet, radius {radius} cm"),
        Form::Folded(degrees) => format!("folded sheet, halves {degrees}° back"),
    }
}

fn row(what: &str, turned: &str, trials: &[Trial]) -> String {
    let [frames, missed] =
        trials.iter().fold([0, 0], |sum, trial| [sum[0] + trial.frames[0], sum[1] + trial.frames[1]]);
    let count = |of: fn(&Trial) -> bool| {
        let count = trials.iter().filter(|trial| of(trial)).count();
        format!("{count} ({:.0} %)", 100.0 * count as f64 / trials.len() as f64)
    };
    format!(
        "| {what} | {turned} | {:.1} % | {} of {} | {} | {} |\n",
        100.0 * missed as f64 / frames as f64,
        trials.iter().filter(|trial| trial.prompted).count(),
        trials.len(),
        count(|trial| trial.by_yaw),
        count(|trial| trial.answered)
    )
}
