//! `sources`: what brought visits, inquiries, leads and won deals, and what that cost (`metrics.md` §3;
//! S47, S48, S53).
//!
//! One list of samples serves all figures, see [`samples`]. Visits and spend have a source of their
//! own; calls, chats, forms and leads are *conversions*, whose sources are found at reading, by a model,
//! among the touches of their contact. A conversion may be divided among several: its parts are
//! ten-thousandths and make exactly 1.

pub(crate) mod attributed;
mod conversions;
mod figures;
pub(crate) mod models;
mod opened;
mod samples;
mod spend;
pub(crate) mod touches;

use trunkline_model::settings::AttributionModel;

use self::attributed::Detail;
use self::touches::{Touched, touches};
use crate::calls::SPAM;
use crate::calls::counted::counted;
use crate::dimension::Dimension;
use crate::report::{Choice, Report};
use crate::request::Request;
use crate::statement::Views;

/// The report.
pub(crate) static REPORT: Report = Report {
    name: "sources",
    title: "Sources",
    about: "What brought visits, calls, chats, forms, leads and won deals, and what that cost. A \
            conversion that several brought is divided among them",
    by: &[
        Dimension::Source,
        Dimension::Medium,
        Dimension::Campaign,
        Dimension::Content,
        Dimension::Term,
        Dimension::Origin,
        Dimension::Channel,
    ],
    filters: &[Dimension::Number, Dimension::Tag, Dimension::Pipeline],
    of_calls: false,
    of_managers: false,
    choices: &[MODEL, BASIS, SPAM],
    figures: figures::FIGURES,
    samples: samples::samples,
    cells: None,
    opened: opened::OPENED,
};

const MODEL: Choice = Choice {
    name: "model",
    about: "which touch of the contact earns a conversion: the first, the last, the last that is \
            neither direct nor unattributed, or all alike; by default as attribution.model says",
    values: &["first", "last", "last_non_direct", "linear"],
    needs: &[],
    default: None,
};

const BASIS: Choice = Choice {
    name: "basis",
    about: "whose wins: those of the leads created in the period, whenever they were won, or those \
            that were closed in it",
    values: &["created", "closed"],
    needs: &[],
    default: Some("created"),
};

/// Divides conversions among what brought them: each has its `person`, its moment `ms`
/// and the `allowance` that touches have after it.
pub(crate) fn earned(request: &Request, views: Views<'_>, conversions: &str) -> String {
    let touched = Touched {
        calls: &counted(request, views, "direction = 'inbound'"),
        may_be_twins: request.rules.may_be_twins(),
        detail: Detail::Source,
        views,
    };
    earned_by(models::model(request), touched, conversions)
}

/// Divides conversions likewise, by a model, among some touches.
pub(crate) fn earned_by(
    model: AttributionModel,
    touched: Touched<'_>,
    conversions: &str,
) -> String {
    models::divided(
        model,
        &format!(
            "SELECT c.*, t.touches AS touches FROM ({conversions}) AS c \
             LEFT JOIN ({touches}) AS t ON c.person = t.person",
            touches = touches(touched),
        ),
    )
}

/// Whether wins belong to when they were won.
fn is_closed(request: &Request) -> bool {
    request.choice("basis") == Some("closed")
}
