//! What stands beside a handler: what it takes, what it answers, why it refuses, how to try it.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Value, json};
use trunkline_model::settings::Scope;

use crate::problem::Code;

/// Operations that are shown together, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    /// Ways in.
    Events,
    /// Visits of sites.
    Visits,
    /// Ways out.
    Figures,
    /// For whoever runs the service.
    Administration,
    /// The service itself.
    Service,
}

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Path,
    Query,
    /// In the query, and it must be given.
    Needed,
}

/// The form of a body: a schema.
#[derive(Clone)]
pub(crate) enum Shape {
    /// That of a type.
    Of(fn(&mut SchemaGenerator) -> Schema),
    /// One that is written out.
    Is(Value),
}

/// A parameter.
pub(crate) struct Parameter {
    pub(super) place: Place,
    pub(super) name: &'static str,
    pub(super) schema: Value,
    pub(super) about: String,
}

/// One form of one answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) about: &'static str,
    /// Media type and form; none without a body.
    pub(super) body: Option<(&'static str, Shape)>,
}

/// A request that succeeds on a service with the token's scopes; a test sends every one.
pub(super) struct Sample {
    pub(super) title: &'static str,
    /// Path and query.
    pub(super) target: &'static str,
    /// Media type and text.
    pub(super) body: Option<(&'static str, &'static str)>,
    pub(super) gzip: bool,
}

/// One method of one path.
pub(crate) struct Operation {
    pub(super) group: Group,
    pub(super) id: &'static str,
    pub(super) summary: &'static str,
    pub(super) about: &'static str,
    /// The scope its token needs, and whether it may come without a token.
    pub(super) scope: Option<(Scope, bool)>,
    pub(super) parameters: Vec<Parameter>,
    /// Media types and forms of what it takes.
    pub(super) bodies: Vec<(&'static str, Shape)>,
    pub(super) answers: Vec<Answer>,
    /// Headers of answers: status, name, meaning.
    pub(super) headers: Vec<(u16, &'static str, &'static str)>,
    /// Status and code.
    pub(super) refusals: Vec<(u16, &'static str)>,
    /// What a refusal of a status may be instead of a plain problem.
    pub(super) longer: Vec<(u16, Shape)>,
    pub(super) samples: Vec<Sample>,
}

impl Shape {
    /// The form of a type.
    pub(crate) fn of<T: JsonSchema>() -> Self {
        Self::Of(SchemaGenerator::subschema_for::<T>)
    }

    /// Any text.
    pub(crate) fn text() -> Self {
        Self::Is(json!({ "type": "string" }))
    }

    /// Any object.
    pub(crate) fn object() -> Self {
        Self::Is(json!({ "type": "object" }))
    }
}

impl Operation {
    /// Makes an operation that takes nothing, needs no token and refuses for no reason of its own.
    pub(crate) fn new(group: Group, id: &'static str, summary: &'static str) -> Self {
        Self {
            group,
            id,
            summary,
            about: "",
            scope: None,
            parameters: Vec::new(),
            bodies: Vec::new(),
            answers: Vec::new(),
            headers: Vec::new(),
            refusals: Vec::new(),
            longer: Vec::new(),
            samples: Vec::new(),
        }
    }

    /// Says more than the summary does.
    pub(crate) fn about(mut self, about: &'static str) -> Self {
        self.about = about;
        self
    }

    /// Asks for a token with a scope.
    pub(crate) fn scope(mut self, scope: Scope) -> Self {
        self.scope = Some((scope, false));
        self.refuses(&[Code::Unauthorized, Code::Forbidden])
    }

    /// Lets requests in without a token too, where the description says so.
    pub(crate) fn or_without_token(mut self) -> Self {
        self.scope = self.scope.map(|(scope, _)| (scope, true));
        self
    }

    /// Takes a parameter. Those of the path are required, others are not.
    pub(crate) fn takes(
        mut self,
        place: Place,
        name: &'static str,
        schema: Value,
        about: impl Into<String>,
    ) -> Self {
        let about = about.into();
        self.parameters.push(Parameter {
            place,
            name,
            schema,
            about,
        });
        self
    }

    /// Takes a body.
    pub(crate) fn body(mut self, media: &'static str, shape: Shape) -> Self {
        self.bodies.push((media, shape));
        self
    }

    /// Answers JSON of a type.
    pub(crate) fn json<T: JsonSchema>(self, status: u16, about: &'static str) -> Self {
        self.answers(status, about, "application/json", Shape::of::<T>())
    }

    /// Answers a body; a status may have several.
    pub(crate) fn answers(
        mut self,
        status: u16,
        about: &'static str,
        media: &'static str,
        shape: Shape,
    ) -> Self {
        self.answers.push(Answer {
            status,
            about,
            body: Some((media, shape)),
        });
        self
    }

    /// Answers without a body.
    pub(crate) fn answers_nothing(mut self, status: u16, about: &'static str) -> Self {
        self.answers.push(Answer {
            status,
            about,
            body: None,
        });
        self
    }

    /// Sends a header with a status.
    pub(crate) fn sends(mut self, status: u16, name: &'static str, about: &'static str) -> Self {
        self.headers.push((status, name, about));
        self
    }

    /// Refuses for reasons of the doors.
    pub(crate) fn refuses(mut self, codes: &[Code]) -> Self {
        let codes = codes.iter().map(|code| code.info());
        self.refusals
            .extend(codes.map(|info| (info.status, info.code)));
        self
    }

    /// Refuses with a code that is not the doors' own.
    pub(crate) fn refuses_as(mut self, status: u16, code: &'static str) -> Self {
        self.refusals.push((status, code));
        self
    }

    /// Says more in refusals of a status than a problem does.
    pub(crate) fn refuses_with<T: JsonSchema>(mut self, status: u16) -> Self {
        self.longer.push((status, Shape::of::<T>()));
        self
    }

    /// Shows a request without a body.
    pub(crate) fn sample(self, title: &'static str, target: &'static str) -> Self {
        self.shown(title, target, None, false)
    }

    /// Shows a request with a body.
    pub(crate) fn sample_of(
        self,
        title: &'static str,
        target: &'static str,
        media: &'static str,
        text: &'static str,
    ) -> Self {
        self.shown(title, target, Some((media, text)), false)
    }

    /// Shows a request with a body that travels compressed.
    pub(crate) fn sample_gzip(
        self,
        title: &'static str,
        target: &'static str,
        media: &'static str,
        text: &'static str,
    ) -> Self {
        self.shown(title, target, Some((media, text)), true)
    }

    fn shown(
        mut self,
        title: &'static str,
        target: &'static str,
        body: Option<(&'static str, &'static str)>,
        gzip: bool,
    ) -> Self {
        self.samples.push(Sample {
            title,
            target,
            body,
            gzip,
        });
        self
    }
}
